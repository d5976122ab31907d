// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "config/section.h"

namespace waybill::config {

namespace {

// Nobody mistypes a key of this length into another one.
constexpr size_t kLongestWord = 64;

// Case and the kind of separator are what people get wrong without mistyping.
std::string folded(std::string_view word) {
  std::string out;
  for (char c : word) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

// Optimal string alignment: insertions, deletions, replacements and swapped neighbours cost 1.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last;
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongestWord) return "";
  const std::string typed = folded(word);
  std::string best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongestWord) continue;
    const std::string meant = folded(candidate);
    size_t far = distance(typed, meant);
    // One slip per three letters; a beginning of a word ("cert" for "cert_file") is one slip, too.
    size_t allowed = std::max<size_t>(1, std::max(typed.size(), meant.size()) / 3);
    if (typed.size() >= 3 && meant.compare(0, typed.size(), typed) == 0) {
      far = std::min<size_t>(far, 1);
    }
    // A word of one or two letters resembles everything.
    if (far > 0 && (typed.size() < 2 || far >= meant.size())) continue;
    if (far <= allowed && far < best_distance) {
      best = candidate;
      best_distance = far;
    }
  }
  return best;
}

}  // namespace waybill::config
