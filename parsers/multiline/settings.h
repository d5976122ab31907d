// SPDX-License-Identifier: Apache-2.0
// What `parse.multiline` says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/clock.h"

namespace waybill::parsers::multiline {

class Rules;

// One event is never larger than this: what follows begins the next record. With neither
// `automatic` nor `rules` a line is a record; only what a runtime has split is put together.
struct Settings {
  bool automatic = true;  // stack traces, indented lines behind a header, JSON over several lines
  std::shared_ptr<const Rules> rules = nullptr;  // the user's own, which come first; null: none
  size_t max_lines = 500;
  size_t max_bytes = 256 * 1024;
  Duration timeout = std::chrono::milliseconds(300);  // that an event waits for its next line
  // Bytes of a line that a runtime has split (parse.max_line); the rest is discarded, and counted.
  size_t max_line = 1024 * 1024;

  bool joins() const { return automatic || rules != nullptr; }
};

}  // namespace waybill::parsers::multiline
