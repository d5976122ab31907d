// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/formats.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace waybill::parsers::formats {

namespace {

constexpr std::pair<std::string_view, std::string_view> kTable[] = {
#define FORMAT(name, notation) {name, notation},
#define SAMPLE(line, record)
#include "parsers/formats/tables/all.inc"
#undef FORMAT
#undef SAMPLE
};

}  // namespace

Formats::Formats() {
  all_.reserve(std::size(kTable));
  for (const auto& [name, notation] : kTable) {
    auto pattern = Pattern::compile(notation);
    WAYBILL_CHECK(pattern.has_value(), "a built-in pattern does not compile");
    all_.push_back(Format{name, std::move(pattern).value()});
  }
  for (const Format& format : all_) {
    ByByte& formats = by_front_[static_cast<size_t>(format.pattern.front())];
    for (size_t c = 0; c < 256; ++c) {
      if (format.pattern.next().test(c)) formats[c].push_back(&format);
    }
  }
}

const Format* Formats::find_in(const ByByte& formats, size_t at, Subject& subject, Match& match,
                               std::string_view name, const unsigned char* behind_level) const {
  if (at >= subject.line.size()) return nullptr;
  for (const Format* format : formats[static_cast<unsigned char>(subject.line[at])]) {
    if (!name.empty() && format->name != name) continue;
    if (behind_level != nullptr && !format->pattern.goes_on_with(*behind_level)) continue;
    if (format->pattern.match(subject, match)) return format;
  }
  return nullptr;
}

const Format* Formats::find(Subject& subject, Match& match, std::string_view name) const {
  std::string_view line = subject.line;
  if (line.empty()) return nullptr;
  bool bracket = line.front() == '[';
  bool timed = false;
  if (const auto& time = subject.time(bracket)) {
    size_t at = time->size + (bracket ? 1 : 0);
    size_t next = at;
    while (next < line.size() && (line[next] == ' ' || line[next] == '\t')) ++next;
    using Front = Pattern::Front;
    Front front = bracket ? (next > at ? Front::kBracketTimeBlank : Front::kBracketTime)
                          : (next > at ? Front::kTimeBlank : Front::kTime);
    std::string_view level = subject.level_word(next);
    size_t behind = next + level.size();
    while (behind < line.size() && (line[behind] == ' ' || line[behind] == '\t')) ++behind;
    unsigned char byte = 0;
    if (behind < line.size()) byte = static_cast<unsigned char>(line[behind]);
    const Format* found = find_in(by_front_[static_cast<size_t>(front)], next, subject, match, name,
                                  front == Front::kTimeBlank ? &byte : nullptr);
    if (found != nullptr) return found;
    timed = true;
  }
  if (std::string_view level = subject.level_word(0); !level.empty()) {
    const Format* found = find_in(by_front_[static_cast<size_t>(Pattern::Front::kLevel)],
                                  level.size(), subject, match, name);
    if (found != nullptr) return found;
  }
  if (!timed) {
    const Format* found =
        find_in(by_front_[static_cast<size_t>(Pattern::Front::kWord)], 0, subject, match, name);
    if (found != nullptr) return found;
  }
  return find_in(by_front_[static_cast<size_t>(Pattern::Front::kOther)], 0, subject, match, name);
}

std::vector<std::string_view> names(const Settings&) {
  std::vector<std::string_view> all;
  for (const auto& [name, notation] : kTable) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  return all;
}

}  // namespace waybill::parsers::formats
