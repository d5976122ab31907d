// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/subject.h"

#include "core/find.h"
#include "parsers/formats/shapes.h"

namespace waybill::parsers::formats {

namespace {

static_assert(kMarks.size() <= 32);

constexpr std::array<uint32_t, 256> kMarkOf = [] {
  std::array<uint32_t, 256> marks{};
  for (size_t i = 0; i < kMarks.size(); ++i) {
    marks[static_cast<unsigned char>(kMarks[i])] = uint32_t{1} << i;
  }
  return marks;
}();

}  // namespace

uint32_t mark_of(char c) { return kMarkOf[static_cast<unsigned char>(c)]; }

const std::optional<Time>& Subject::time(bool behind_bracket) {
  size_t which = behind_bracket ? 1 : 0;
  if (!looked_[which]) {
    looked_[which] = true;
    times_[which] = time_at_start(line.substr(which), zone, now_ns);
  }
  return times_[which];
}

bool Subject::has_colon_and_blanks() {
  if (colon_ < 0) colon_ = find_short(line, ":  ") != std::string_view::npos ? 1 : 0;
  return colon_ == 1;
}

std::string_view Subject::level_word(size_t at) {
  if (at == level_at_) return level_word_;
  level_at_ = at;
  size_t end = at;
  while (end < line.size() && end - at < 14 && is_letter(line[end])) ++end;
  severity_ = end > at ? severity_of_word(line.substr(at, end - at)) : std::nullopt;
  level_word_ = severity_ ? line.substr(at, end - at) : std::string_view{};
  return level_word_;
}

uint32_t Subject::marks() {
  if (!marks_) {
    uint32_t found = 0, other = 0;
    size_t at = 0;
    for (; at + 4 <= line.size(); at += 4) {
      auto mark = [&](size_t i) { return kMarkOf[static_cast<unsigned char>(line[at + i])]; };
      found |= mark(0) | mark(1);
      other |= mark(2) | mark(3);
    }
    for (; at < line.size(); ++at) found |= kMarkOf[static_cast<unsigned char>(line[at])];
    marks_ = found | other;
  }
  return *marks_;
}

}  // namespace waybill::parsers::formats
