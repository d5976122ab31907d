// SPDX-License-Identifier: Apache-2.0
// What stands before the message of a printf line: time, level, process, thread, logger.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/level.h"
#include "parsers/common/time.h"

namespace waybill::parsers::text {

struct Header {
  std::optional<Time> time;
  std::optional<Severity> severity;
  std::string_view level_word;
  std::string_view pid;     // digits
  std::string_view thread;  // a name or a number
  std::string_view logger;
  std::string_view caller;
  std::string_view line;     // digits: of the logger's file
  std::string_view context;  // what else stands there, as "[req=7, org=x]"
  size_t size = 0;           // bytes before the message; 0: there is no header
};

// Reads what programs put in front of a message, in the orders that they use:
//
//   times, bare or in brackets, at the front or behind a level
//   levels: "ERROR", "[warn]", "<info>", "error" behind a time
//   numbers between time and level: a process, then a thread
//   [thread] behind a time or a level, or in front of them; [a.dotted.logger]; (thread) behind a
//   logger; (File.java:12) with a "-" behind it
//   behind time and level "a.logger:", "logger - ", "logger -- " or "logger : ", with [context] or
//   a (File.java:12) behind the logger; "a.b.Class" alone
//   fields between time and level, with "-" or "|" between all of them: loggers, threads, numbers
//   [anything] or a word between a time and a level in a column of its own, and [anything] with a
//   "-" or ":" behind it, behind both
//   "|" between any of them; the fields between time and level and the message are thread or logger
//   several of these in one pair of brackets: "[2017-11-09T02:12:24Z ERROR main]"
//
// with blanks and the separators "-", "--", "---", "|", ":", "," between them. What it is not sure
// of it leaves to the message.
Header read_header(std::string_view line, TimeZone& zone, int64_t now_ns);

// The level that a message speaks of in its first words, without any header: "error: …",
// "panic: …", "warning …", "Traceback (most recent call last)". Nothing for other messages.
std::optional<Severity> level_of_first_words(std::string_view message);

}  // namespace waybill::parsers::text
