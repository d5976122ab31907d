// SPDX-License-Identifier: Apache-2.0
// What `parse.multiline` says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace waybill::parsers::multiline {

enum class Mode : uint8_t {
  kOff,   // a line is a record; only what a container runtime has split is put together
  kAuto,  // stack traces, indented lines behind a header, JSON over several lines
};

// One event is never larger than this: what follows begins the next record.
struct Settings {
  Mode mode = Mode::kAuto;
  size_t max_lines = 500;
  size_t max_bytes = 256 * 1024;
  Duration timeout = std::chrono::milliseconds(300);  // that an event waits for its next line
  // Bytes of a line that a runtime has split (parse.max_line); the rest is discarded, and counted.
  size_t max_line = 1024 * 1024;
};

}  // namespace waybill::parsers::multiline
