// SPDX-License-Identifier: Apache-2.0
#include "redaction/finder.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "core/find.h"
#include "redaction/unescape.h"

namespace waybill::redaction {

namespace {

std::vector<const Detector*> detectors_of(const std::vector<Rule>& rules) {
  std::vector<const Detector*> out;
  for (const Rule& rule : rules) {
    if (rule.detector != nullptr) out.push_back(rule.detector);
  }
  return out;
}

}  // namespace

void merge(std::vector<Edit>& edits) {
  if (edits.size() < 2) return;
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  size_t out = 0;
  for (size_t i = 1; i < edits.size(); ++i) {
    if (edits[i].begin < edits[out].end) {
      edits[out].end = std::max(edits[out].end, edits[i].end);
    } else {
      edits[++out] = edits[i];
    }
  }
  edits.resize(out + 1);
}

Finder::Finder(const std::vector<Rule>& rules)
    : rules_(rules), scanner_(detectors_of(rules)), gate_(rules) {
  for (uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].detector != nullptr) of_detectors_.push_back(i);
    if (rules[i].pattern) patterns_.push_back(i);
  }
}

bool Finder::find_patterns(std::string_view text, std::vector<Edit>& edits) {
  const re2::StringPiece subject(text.data(), text.size());
  for (uint32_t index : patterns_) {
    const RE2& pattern = *rules_[index].pattern;
    const int groups = pattern.NumberOfCapturingGroups() > 0 ? 2 : 1;
    size_t at = 0, matches = 0;
    re2::StringPiece found[2];
    while (at <= text.size() &&
           pattern.Match(subject, at, text.size(), RE2::UNANCHORED, found, groups)) {
      if (++matches > kMostMatches) return false;
      auto from = static_cast<size_t>(found[0].data() - text.data());
      size_t end = from + found[0].size();
      const re2::StringPiece& secret =
          groups == 2 && found[1].data() != nullptr ? found[1] : found[0];
      auto begin = static_cast<uint32_t>(secret.data() - text.data());
      if (!secret.empty()) {
        edits.push_back({begin, begin + static_cast<uint32_t>(secret.size()), index, {}});
      }
      at = end > from ? end : end + 1;
    }
  }
  return true;
}

// Leaves in hits_ what is in the text itself.
void Finder::find_named(std::string_view text, bool ids, std::string_view key) {
  constexpr std::string_view between = "\":\"";
  named_.clear();
  named_.append(key);
  named_.append(between);
  const auto from = static_cast<uint32_t>(named_.size());
  named_.append(text);
  scanner_.scan(named_.view(), hits_, ids);
  std::erase_if(hits_, [&](const Hit& hit) { return hit.end <= from; });
  for (Hit& hit : hits_) {
    hit.begin = std::max(hit.begin, from) - from;
    hit.end -= from;
  }
}

bool Finder::find(std::string_view text, bool ids, std::vector<Edit>& edits, std::string_view key) {
  const size_t first = edits.size();
  hits_.clear();
  if (key.empty()) {
    scanner_.scan(text, hits_, ids);
  } else {
    find_named(text, ids, key);
  }
  for (const Hit& hit : hits_) {
    edits.push_back({hit.begin, hit.end, of_detectors_[hit.detector], {}});
  }
  if (!gate_.may_match(text)) return true;
  if (!find_patterns(text, edits)) {
    edits.resize(first);
    return false;
  }
  if (first == 0) merge(edits);
  return true;
}

bool Finder::any(std::string_view text) { return scanner_.any(text) || hides_more(text); }

bool Finder::hides_more(std::string_view text) {
  constexpr size_t kDeepest = 3;
  for (size_t level = 0; level < kDeepest; ++level) {
    if (text.empty() || std::memchr(text.data(), '\\', text.size()) == nullptr) return false;
    bool letters = find_short(text, "\\u00") != text.npos || find_short(text, "\\/") != text.npos;
    if (!letters) return false;
    Buffer& out = decoded_[level % 2];
    out.clear();
    unescape(text, out);
    text = out.view();
    if (scanner_.any(text)) return true;
  }
  return false;
}

size_t Finder::cut_secret(std::string_view text) {
  constexpr size_t kWords = 3, kMost = 512;
  auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  size_t from = text.size(), words = 0;
  const size_t first = text.size() > kMost ? text.size() - kMost : 0;
  while (from > first) {
    if (blank(text[from - 1]) && ++words == kWords) break;
    --from;
  }
  size_t place = scanner_.first_window(text.substr(from));
  if (place == text.npos) return text.npos;
  place += from;
  while (place > from && !blank(text[place - 1])) --place;
  return place;
}

}  // namespace waybill::redaction
