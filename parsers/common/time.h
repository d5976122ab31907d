// SPDX-License-Identifier: Apache-2.0
// Times as log lines have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/common/time_zone.h"

namespace waybill::parsers {

struct Time {
  int64_t ns = 0;         // since the epoch, UTC
  uint8_t digits = 3;     // fractional digits that the source had, 3 to 9
  size_t size = 0;        // bytes of the text that it took
  bool zoneless = false;  // it named no zone: the default one was taken
};

// The time at the beginning of `text`, in any of these forms:
//
//   2026-01-02T03:04:05.678Z    RFC 3339; 'T', 't', '_', '-' or a blank between, '.', ',' or ':'
//                               before the fraction; a zone by number, as Z, UTC or GMT, or by a
//                               name that means one offset (CET, PDT), with or without a blank
//                               before it; CST, IST and BST are read over
//   2026/01/02 03:04:05.678     Go's log package; 2026.01.02, 20260102 and 20260102T030405 too
//   02/Jan/2026:03:04:05 +0100  Common Log Format; 02-Jan-2026 and "2 Jan 2026", too, without the
//                               year, too
//   Jan  2 03:04:05             RFC 3164; with a year or a weekday (ctime, RFC 1123), too
//   01/25/2022 16:19:40         numbers in any order: with dots the day first, else of the
//                               readings that are possible dates the one within a day of
//                               `now_ns`, else month first; 01-25 alone, too
//   1767323045.678              epoch seconds, milli-, micro- or nanoseconds by magnitude: at
//                               least 10 digits, and a blank or the end behind
//   03:04:05.678                a clock (also "3:04PM"): of the day that puts it nearest to
//                               `now_ns`
//
// A date without a year is in the one that puts it nearest to `now_ns`, at most a day ahead.
// A time without a zone is `zone`'s. Impossible dates are no times.
std::optional<Time> time_at_start(std::string_view text, TimeZone& zone, int64_t now_ns);

// The same, when the whole of `text` is a time (blanks around it allowed).
std::optional<Time> time_of_text(std::string_view text, TimeZone& zone, int64_t now_ns);

// Seconds, milli-, micro- or nanoseconds since the epoch by magnitude (below 1e11, 1e14, 1e17),
// with a fraction or exponent, read from the decimal text itself: a double would lose nanoseconds.
// Only for 1980 to 2199; other numbers are no times.
std::optional<Time> time_of_number(std::string_view number);

}  // namespace waybill::parsers
