// SPDX-License-Identifier: Apache-2.0
// Subject: a line that is held against many patterns.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/level.h"
#include "parsers/common/time.h"

namespace waybill::parsers::formats {

// Bytes that tell lines apart: a pattern that needs one does not match a line without it.
constexpr std::string_view kMarks = "[](){}<>|\"'#*@=:;,/-%+";
// The bit of each byte; 0 for all others.
uint32_t mark_of(char c);

// Remembers what many patterns ask of their line.
class Subject {
 public:
  Subject(std::string_view text, TimeZone& time_zone, int64_t now)
      : line(text), zone(time_zone), now_ns(now) {}

  std::string_view line;
  TimeZone& zone;
  int64_t now_ns;
  // Whether patterns are to say in `reach` how many bytes of the line they have looked at before
  // they did not match (but for has_colon_and_blanks()); they take no short cuts then.
  bool measures = false;
  size_t reach = 0;
  static constexpr size_t kBeyond = SIZE_MAX;  // of `reach`: the very digits decided

  // The time at the front, or behind a '[' there.
  const std::optional<Time>& time(bool behind_bracket);
  // Which of the marks below stand in the line, as bits in their order.
  uint32_t marks();
  bool has_colon_and_blanks();  // ":  "
  // The level's word at `at`, empty without one. The last place asked for is remembered.
  std::string_view level_word(size_t at);
  const std::optional<Severity>& severity() const { return severity_; }  // of that word

 private:
  size_t level_at_ = SIZE_MAX;
  std::string_view level_word_;
  std::optional<Severity> severity_;
  std::array<std::optional<Time>, 2> times_;
  std::array<bool, 2> looked_{};
  std::optional<uint32_t> marks_;
  int colon_ = -1;
};

}  // namespace waybill::parsers::formats
