// SPDX-License-Identifier: Apache-2.0
// What stands before the message of a printf line: time, level, thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/level.h"
#include "parsers/common/time.h"

namespace waybill::parsers::text {

struct Prefix {
  std::optional<Time> time;
  std::optional<Severity> severity;
  std::string_view level_word;
  std::string_view thread;
  size_t size = 0;  // bytes before the message; 0: there is no prefix
};

// Reads times, levels ("ERROR", "[warn]", "<info>", "error" behind a time) and one [thread] from
// the front of `line`, in any order, with blanks and the separators "-", "|", ":" between them.
Prefix read_prefix(std::string_view line, TimeZone& zone, int64_t now_ns);

// The level that a message speaks of in its first words, without any prefix: "error: …",
// "panic: …", "warning …", "Traceback (most recent call last)". Nothing for other messages.
std::optional<Severity> level_of_first_words(std::string_view message);

}  // namespace waybill::parsers::text
