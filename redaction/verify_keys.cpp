// SPDX-License-Identifier: Apache-2.0
// Keys of services, which begin with letters of their own.
#include <algorithm>

#include "redaction/chars.h"
#include "redaction/verify.h"

namespace waybill::redaction {

namespace {

constexpr size_t npos = std::string_view::npos;

bool upper_or_digit(char c) { return (c >= 'A' && c <= 'Z') || is(c, kDigitChar); }

// A key that begins at `first` with a prefix of `prefix` bytes: then `least` to `most` bytes of
// `classes`, and none of them around.
bool prefixed(std::string_view text, size_t first, size_t prefix, uint8_t classes, size_t least,
              size_t most, Match& match) {
  size_t from = first + prefix;
  if (!starts_at(text, first, kWordChar)) return false;
  size_t end = run_end(text, from, classes, most + 1);
  match.examined = end;
  if (end - from < least || end - from > most) return false;
  match.begin = first;
  match.end = end;
  return true;
}

// secret access key, in whatever way it is spelled: 40 characters of base64.
bool verify_aws_secret(std::string_view text, size_t at, Match& match) {
  if (at == 0 || lower(text[at - 1]) != 's') return false;
  size_t i = at - 1;
  for (std::string_view word : {"secret", "access", "key"}) {
    if (!word_at(text, i, word)) return false;
    i += word.size();
    while (i < text.size() && (text[i] == '_' || text[i] == '-' || text[i] == ' ')) ++i;
  }
  constexpr std::string_view between = " \t:=\"'\\>";
  size_t from = i;
  while (from < text.size() && from < i + 8 && between.find(text[from]) != npos) ++from;
  size_t size = 0, end = from;
  while (end < text.size() && size <= 40) {
    if (text.substr(end, 2) == "\\/") ++end;
    if (!is(text[end], kBase64Char)) break;
    ++end;
    ++size;
  }
  if (size != 40) return false;
  match.begin = from;
  match.end = end;
  return true;
}

}  // namespace

// AKIA…, ASIA… (the window is "KIA" or "SIA"), the secret that belongs to one ("ecr" of secret),
// and session tokens ("IQo" and "Fwo").
bool verify_aws(std::string_view text, size_t at, Match& match) {
  if (lower(text[at]) == 'e') return verify_aws_secret(text, at, match);
  if (text[at] == 'I' || text[at] == 'F') {
    std::string_view start = text.substr(at, 10);
    if (start != "IQoJb3JpZ2" && start != "FwoGZXIvYX") return false;
    return prefixed(text, at, 10, kBase64Char, 90, 4096, match);
  }
  if (at == 0) return false;
  size_t first = at - 1, end = first + 4;
  std::string_view start = text.substr(first, 4);
  if (start != "AKIA" && start != "ASIA") return false;
  while (end < text.size() && end < first + 21 && upper_or_digit(text[end])) ++end;
  match.examined = end;
  if (end != first + 20 || !starts_at(text, first, kWordChar) || !ends_at(text, end, kWordChar)) {
    return false;
  }
  match.begin = first;
  match.end = end;
  return true;
}

bool verify_gcp(std::string_view text, size_t at, Match& match) {
  if (text.substr(at, 4) == "AIza") return prefixed(text, at, 4, kUrlSafeChar, 35, 35, match);
  if (text.substr(at, 5) == "ya29.") {
    return prefixed(text, at, 5, kUrlSafeChar, 20, 4096, match);
  }
  if (text.substr(at, 7) == "GOCSPX-") return prefixed(text, at, 7, kUrlSafeChar, 28, 28, match);
  return false;
}

// ghp_… and its kin; github_pat_… (the window is "b_p").
bool verify_github(std::string_view text, size_t at, Match& match) {
  if (text[at] == 'b') {
    if (at < 5 || text.substr(at - 5, 11) != "github_pat_") return false;
    return prefixed(text, at - 5, 11, kWordChar, 36, 255, match);
  }
  constexpr std::string_view kinds = "pousr";
  bool token = at > 0 && text[at - 1] == 'g' && text[at] == 'h' && text[at + 2] == '_' &&
               kinds.find(text[at + 1]) != npos;
  if (!token) return false;
  return prefixed(text, at - 1, 4, kAlphaChar | kDigitChar, 36, 255, match);
}

bool verify_slack(std::string_view text, size_t at, Match& match) {
  if (text[at] == 'k') {
    constexpr std::string_view hook = "hooks.slack.com/services/";
    if (at < 3 || text.substr(at - 3, hook.size()) != hook) return false;
    size_t from = at - 3 + hook.size();
    size_t end = run_end(text, from, kBase64Char, 128);
    if (end - from < 20 || text[from] != 'T') return false;
    match.begin = from;
    match.end = end;
    return true;
  }
  constexpr std::string_view kinds = "abceoprs";
  constexpr size_t prefix_size = 5;
  std::string_view start = text.substr(at, prefix_size);
  bool token = start == "xapp-" || (start.size() == prefix_size && start.starts_with("xox") &&
                                    kinds.find(start[3]) != npos && start[4] == '-');
  if (!token) return false;
  if (!prefixed(text, at, prefix_size, kUrlSafeChar, 10, 255, match)) return false;
  std::string_view rest = text.substr(at, match.end - at);
  return std::any_of(rest.begin(), rest.end(), [](char c) { return is(c, kDigitChar); });
}

// sk_live_…, rk_test_… (the window is "k_l" or "k_t"), whsec_….
bool verify_stripe(std::string_view text, size_t at, Match& match) {
  if (text[at] == 'w') {
    if (text.substr(at, 6) != "whsec_") return false;
    return prefixed(text, at, 6, kBase64Char, 24, 255, match);
  }
  if (at == 0 || text[at] != 'k' || (text[at - 1] != 's' && text[at - 1] != 'r')) return false;
  std::string_view mode = text.substr(at + 1, 6);
  if (mode != "_live_" && mode != "_test_") return false;
  return prefixed(text, at - 1, 8, kAlphaChar | kDigitChar, 16, 255, match);
}

}  // namespace waybill::redaction
