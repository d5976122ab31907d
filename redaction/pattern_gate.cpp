// SPDX-License-Identifier: Apache-2.0
#include "redaction/pattern_gate.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>

#include "core/find.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace waybill::redaction {

namespace {

constexpr int kLetters = 3;          // at least, of what is looked for
constexpr size_t kMostNeedles = 32;  // each costs a look at the text
constexpr int64_t kMemory = int64_t{8} << 20;

RE2::Options options() {
  RE2::Options made;
  made.set_log_errors(false);
  made.set_max_mem(kMemory);
  return made;
}

// What RE2 needs of a text for a pattern to match; empty: it cannot tell.
std::vector<std::string> needles_of(const std::string& pattern) {
  re2::FilteredRE2 alone(kLetters);
  int id = 0;
  std::vector<std::string> needles;
  if (alone.Add(pattern, options(), &id) != RE2::NoError) return {};
  alone.Compile(&needles);
  std::vector<int> passed;
  alone.AllPotentials({}, &passed);
  if (!passed.empty()) return {};
  return needles;
}

// Writes the text in lower case, as long as that is clear: false where it is not all ASCII.
bool write_lower(std::string_view text, char* to) {
  size_t at = 0;
#if defined(__SSE2__)
  __m128i all = _mm_setzero_si128();
  for (; at + 16 <= text.size(); at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    all = _mm_or_si128(all, bytes);
    __m128i capital = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)),
                                    _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
    bytes = _mm_add_epi8(bytes, _mm_and_si128(capital, _mm_set1_epi8('a' - 'A')));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), bytes);
  }
  if (_mm_movemask_epi8(all) != 0) return false;
#endif
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) return false;
    to[at] = static_cast<char>(c + (c >= 'A' && c <= 'Z' ? 'a' - 'A' : 0));
  }
  return true;
}

// Behind the class of characters that begins at `at`; npos: it has no end.
size_t class_end(std::string_view pattern, size_t at) {
  ++at;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] == ']') return at + 1;
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern.substr(at).starts_with("[:")) {
      size_t end = pattern.find(":]", at + 2);
      if (end != pattern.npos) at = end + 1;
    }
  }
  return pattern.npos;
}

}  // namespace

std::string without_anchors(std::string_view pattern) {
  constexpr std::string_view kNothing = "(?:)";
  std::string out;
  for (size_t at = 0; at < pattern.size();) {
    char c = pattern[at];
    if (c == '[') {
      size_t end = class_end(pattern, at);
      if (end == pattern.npos) return {};
      out += pattern.substr(at, end - at);
      at = end;
    } else if (c == '\\' && at + 1 < pattern.size()) {
      char what = pattern[at + 1];
      if (what == 'Q') return {};
      bool anchor = what == 'b' || what == 'B' || what == 'A' || what == 'z';
      out += anchor ? kNothing : pattern.substr(at, 2);
      at += 2;
    } else {
      if (c == '^' || c == '$') {
        out += kNothing;
      } else {
        out += c;
      }
      ++at;
    }
  }
  return out;
}

PatternGate::PatternGate(const std::vector<Rule>& rules) {
  std::string others;
  auto filter = std::make_unique<re2::FilteredRE2>(kLetters);
  size_t needles = 0;
  for (const Rule& rule : rules) {
    if (!rule.pattern) continue;
    empty_ = false;
    const std::string& pattern = rule.pattern->pattern();
    std::vector<std::string> needed = needles_of(pattern);
    bool plain = !needed.empty() && needles + needed.size() <= kMostNeedles;
    for (std::string& needle : needed) plain = plain && write_lower(needle, needle.data());
    int id = 0;
    if (plain && filter->Add(pattern, options(), &id) == RE2::NoError) {
      needles += needed.size();
      continue;
    }
    std::string bare = without_anchors(pattern);
    always_ |= bare.empty();
    others += (others.empty() ? "(?:" : "|(?:") + bare + ")";
  }
  if (needles > 0) {
    filter->Compile(&letters_);
    filter_ = std::move(filter);
    filter_->AllPotentials({}, &passed_);
    always_ |= !passed_.empty();
  }
  if (others.empty()) return;
  others_ = std::make_unique<RE2>(others, options());
  always_ |= !others_->ok();
}

PatternGate::~PatternGate() = default;

bool PatternGate::may_match(std::string_view text) {
  if (empty_) return false;
  if (always_) return true;
  if (filter_ && has_letters(text)) return true;
  return others_ && RE2::PartialMatch({text.data(), text.size()}, *others_);
}

// Other letters have lower cases of their own, which RE2 knows and we do not: then all may be.
bool PatternGate::has_letters(std::string_view text) {
  if (lower_.size() < text.size()) lower_.resize(text.size());
  if (!write_lower(text, lower_.data())) return true;
  const std::string_view lower(lower_.data(), text.size());
  found_.clear();
  for (size_t i = 0; i < letters_.size(); ++i) {
    if (find_short(lower, letters_[i]) != std::string_view::npos) {
      found_.push_back(static_cast<int>(i));
    }
  }
  if (found_.empty()) return false;
  filter_->AllPotentials(found_, &passed_);
  return !passed_.empty();
}

}  // namespace waybill::redaction
