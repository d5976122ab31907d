// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/formats.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "parsers/formats/shapes.h"

namespace waybill::parsers::formats {

namespace {

const std::bitset<256> kSmallLetters = [] {
  std::bitset<256> letters;
  for (unsigned char c = 'a'; c <= 'z'; ++c) letters.set(c);
  return letters;
}();

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
  for (const Format& format : all_) add(format);
}

void Formats::add(const Format& format) {
  using Front = Pattern::Front;
  const Pattern& pattern = format.pattern;
  auto put = [&](ByByte& where, const std::bitset<256>& bytes) {
    for (size_t c = 0; c < 256; ++c) {
      if (bytes.test(c)) where[c].push_back(&format);
    }
  };
  switch (pattern.front()) {
    case Front::kLevel: return put(level_, pattern.next());
    case Front::kWord: return put(word_, pattern.next());
    case Front::kOther: return put(other_, pattern.next());
    case Front::kTime:
    case Front::kBracketTime: break;
  }
  std::vector<Group>& groups = timed_[pattern.front() == Front::kBracketTime ? 1 : 0];
  auto group = std::find_if(groups.begin(), groups.end(),
                            [&](const Group& each) { return each.literals == pattern.lead(); });
  if (group == groups.end()) group = groups.insert(group, Group{pattern.lead(), {}});
  group->formats.push_back(&format);
}

class Formats::Candidates {
 public:
  explicit Candidates(std::string_view name) : name_(name) {}

  void add(const ByByte& formats, unsigned char byte) {
    for (const Format* format : formats[byte]) add(format);
  }
  // Few come, mostly in their order.
  void add(const Format* format) {
    if ((!name_.empty() && format->name != name_) || count_ == all_.size()) return;
    size_t at = count_++;
    for (; at > 0 && format < all_[at - 1]; --at) all_[at] = all_[at - 1];
    all_[at] = format;
  }
  const Format* first_match(Subject& subject, Match& match, Undecided* undecided) const {
    for (size_t i = 0; i < count_; ++i) {
      subject.reach = 0;
      if (all_[i]->pattern.match(subject, match)) return all_[i];
      if (undecided != nullptr && subject.reach > undecided->front) undecided->add(all_[i]);
    }
    return nullptr;
  }

 private:
  std::string_view name_;
  std::array<const Format*, std::size(kTable)> all_;
  size_t count_ = 0;
};

// Behind the time, which ends at `at`.
void Formats::gather_timed(Subject& subject, bool bracket, size_t at,
                           Candidates& candidates) const {
  std::string_view line = subject.line;
  auto past_blanks = [&](size_t from) {
    while (from < line.size() && is_blank(line[from])) ++from;
    return from;
  };
  // Nothing there is a byte that only texts begin with.
  auto byte_at = [&](size_t place) {
    return static_cast<unsigned char>(place < line.size() ? line[place] : '\0');
  };
  for (const Group& group : timed_[bracket ? 1 : 0]) {
    size_t place = at;
    bool fits = true;
    for (char c : group.literals) {
      if (c == ' ') {
        place = past_blanks(place);
      } else {
        fits = fits && byte_at(place++) == static_cast<unsigned char>(c);
      }
    }
    if (!fits) continue;
    const unsigned char next = byte_at(place);
    const size_t level = past_blanks(place);
    const std::string_view word = subject.level_word(level);
    const unsigned char behind = byte_at(past_blanks(level + word.size()));
    const bool alone = word.size() > 1 && is_blank(static_cast<char>(byte_at(level + word.size())));
    // Of lines of one shape small letters are not told apart.
    auto has = [&](const std::bitset<256>& bytes, unsigned char c) {
      if (bytes.test(c)) return true;
      return subject.measures && is_lower(static_cast<char>(c)) && (bytes & kSmallLetters).any();
    };
    for (const Format* format : group.formats) {
      const Pattern& pattern = format->pattern;
      bool may_be = pattern.leads_to_level()
                        ? !word.empty() && has(pattern.behind_level(), behind)
                        : has(pattern.next(), next) && !(alone && pattern.leads_to_no_level());
      if (may_be) candidates.add(format);
    }
  }
}

void Formats::gather_others(Subject& subject, bool timed, Candidates& candidates) const {
  std::string_view line = subject.line;
  auto first = static_cast<unsigned char>(line.front());
  std::string_view level = subject.level_word(0);
  if (!level.empty() && level.size() < line.size()) {
    candidates.add(level_, static_cast<unsigned char>(line[level.size()]));
  }
  if (!timed) candidates.add(word_, first);
  if (!is_digit(line.front())) return candidates.add(other_, first);
  size_t digits = 1;
  while (digits < line.size() && is_digit(line[digits])) ++digits;
  char behind = digits < line.size() ? line[digits] : '\0';
  for (const Format* format : other_[first]) {
    if (format->pattern.begins_with_digits(digits, behind)) candidates.add(format);
  }
}

const Format* Formats::find(Subject& subject, Match& match, std::string_view name,
                            Undecided* undecided) const {
  std::string_view line = subject.line;
  if (line.empty()) return nullptr;
  bool bracket = line.front() == '[';
  const auto& time = subject.time(bracket);
  if (time) {
    Candidates timed(name);
    gather_timed(subject, bracket, time->size + (bracket ? 1 : 0), timed);
    if (const Format* found = timed.first_match(subject, match, undecided)) return found;
  }
  Candidates others(name);
  gather_others(subject, time.has_value(), others);
  return others.first_match(subject, match, undecided);
}

std::vector<std::string_view> names(const Settings&) {
  std::vector<std::string_view> all;
  for (const auto& [name, notation] : kTable) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  return all;
}

}  // namespace waybill::parsers::formats
