// SPDX-License-Identifier: Apache-2.0
// Tokens and credentials of HTTP, private keys, passwords in URLs.
#include <algorithm>
#include <cstdint>

#include "redaction/chars.h"
#include "redaction/verify.h"

namespace waybill::redaction {

namespace {

constexpr size_t npos = std::string_view::npos;

// 0 to 63 of a base64 character of either alphabet; -1 of anything else.
int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

// Decodes as much of `text` as fits; returns how many bytes.
template <size_t N>
size_t decode_base64(std::string_view text, std::array<char, N>& out) {
  uint32_t bits = 0;
  int count = 0;
  size_t size = 0;
  for (char c : text) {
    int value = sextet(c);
    if (value < 0 || size == N) break;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[size++] = static_cast<char>(bits >> count);
  }
  return size;
}

// Whether the first part of what may be a JWT is a header: JSON with an algorithm (RFC 7515, 4).
// One that is too long to be looked at counts.
bool is_jwt_header(std::string_view part) {
  std::array<char, 768> json;
  size_t size = decode_base64(part, json);
  if (size == json.size()) return true;
  return std::string_view(json.data(), size).find("\"alg\"") != npos;
}

}  // namespace

// Three parts (JWS) or five (JWE); two where the signature was left out already.
bool verify_jwt(std::string_view text, size_t at, Match& match) {
  if (text.substr(at, 3) != "eyJ") return false;
  size_t end = run_end(text, at, kUrlSafeChar);
  match.examined = end;
  if (!starts_at(text, at, kUrlSafeChar)) return false;
  if (end == text.size() || text[end] != '.' || end - at < 12) return false;
  size_t second = end + 1;
  size_t second_end = run_end(text, second, kUrlSafeChar);
  bool more = second_end < text.size() && text[second_end] == '.';
  if (!more && text.substr(second, 3) != "eyJ") return false;
  if (!is_jwt_header(text.substr(at, end - at))) return false;
  size_t last = second_end;
  for (int part = 2; part < 5 && last < text.size() && text[last] == '.'; ++part) {
    size_t next = run_end(text, last + 1, kUrlSafeChar);
    // A full stop behind a token is none of its parts, but for an empty signature.
    if (next == last + 1 && part > 2) break;
    last = next;
  }
  match.begin = at;
  match.end = last;
  return true;
}

namespace {

// Behind "Bearer" or "Basic": blanks, also as a URL writes them. npos: something else.
size_t behind_blanks(std::string_view text, size_t from) {
  size_t at = from;
  while (at < text.size() && at < from + 8) {
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '+') {
      ++at;
    } else if (text.substr(at, 3) == "%20") {
      at += 3;
    } else {
      break;
    }
  }
  return at == from ? npos : at;
}

// Whether the word before `at` is a header's name: then whatever follows is a token.
bool in_header(std::string_view text, size_t at) {
  constexpr std::string_view name = "authorization";
  constexpr std::string_view between = " \t:=\"'\\>[";
  size_t back = at;
  while (back > 0 && at - back < 8 && between.find(text[back - 1]) != npos) --back;
  return back < at && back >= name.size() && word_at(text, back - name.size(), name);
}

// Where a token ends whose characters may be written as \/.
size_t token_end(std::string_view text, size_t from) {
  size_t at = from;
  while (true) {
    at = run_end(text, at, kBearerChar);
    if (text.substr(at, 2) != "\\/") break;
    at += 2;
  }
  while (at < text.size() && text[at] == '=') ++at;
  return at;
}

bool verify_bearer_token(std::string_view text, size_t at, Match& match) {
  if (!word_at(text, at, "bearer") || !starts_at(text, at, kWordChar)) return false;
  size_t from = behind_blanks(text, at + 6);
  if (from == npos) return false;
  size_t end = token_end(text, from);
  // What ends a sentence is no part of it.
  while (end > from && text[end - 1] == '.') --end;
  std::string_view token = text.substr(from, end - from);
  match.examined = end;
  // A challenge: Bearer realm="…"
  bool parameter = end < text.size() && (text[end] == '"' || text[end] == '\\') &&
                   token.ends_with('=') && token.size() < 20;
  if (parameter) return false;
  bool digit = std::any_of(token.begin(), token.end(), [](char c) { return is(c, kDigitChar); });
  bool upper = std::any_of(token.begin(), token.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  bool lower_case =
      std::any_of(token.begin(), token.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  bool looks = token.size() >= 12 && (digit || (token.size() >= 20 && upper && lower_case));
  if (!looks && !(in_header(text, at) && token.size() >= 4)) return false;
  match.begin = from;
  match.end = end;
  return true;
}

// base64 of name, colon and password (RFC 7617).
bool verify_basic(std::string_view text, size_t at, Match& match) {
  if (!word_at(text, at, "basic") || !starts_at(text, at, kWordChar)) return false;
  size_t from = behind_blanks(text, at + 5);
  if (from == npos) return false;
  size_t end = token_end(text, from);
  match.examined = end;
  while (end > from && text[end - 1] == '.') --end;
  if (end - from < 4) return false;
  std::array<char, 512> encoded;
  size_t size = 0;
  for (char c : text.substr(from, end - from)) {
    if (c == '\\') continue;
    if (size == encoded.size()) break;
    encoded[size++] = c;
  }
  std::array<char, 384> decoded;
  std::string_view pair(decoded.data(), decode_base64({encoded.data(), size}, decoded));
  bool readable = std::all_of(pair.begin(), pair.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
  });
  if (!readable || pair.find(':') == npos) return false;
  match.begin = from;
  match.end = end;
  return true;
}

}  // namespace

// The window is "bea" of bearer, or "sic" of basic.
bool verify_bearer(std::string_view text, size_t at, Match& match) {
  if (lower(text[at]) == 'b') return verify_bearer_token(text, at, match);
  return at >= 2 && verify_basic(text, at - 2, match);
}

// The window is the last dash before BEGIN, and "BE". Without an end it goes to the text's own.
bool verify_private_key(std::string_view text, size_t at, Match& match) {
  constexpr std::string_view dashes = "-----", begin = "-----BEGIN ", end = "-----END ";
  constexpr size_t kLabel = 64;
  if (at < 4 || text.substr(at - 4, begin.size()) != begin) return false;
  size_t first = at - 4;
  size_t label = first + begin.size();
  size_t label_end = text.substr(0, std::min(text.size(), label + kLabel)).find(dashes, label);
  if (label_end == npos) return false;
  std::string_view what = text.substr(label, label_end - label);
  if (!what.ends_with("PRIVATE KEY") && !what.ends_with("PRIVATE KEY BLOCK")) return false;
  match.begin = first;
  match.end = text.size();
  size_t last = text.find(end, label_end);
  if (last == npos) return true;
  size_t closing = text.find(dashes, last + end.size());
  if (closing != npos && closing - last <= end.size() + kLabel) match.end = closing + dashes.size();
  return true;
}

// The window is "://", or ":\/" where slashes are escaped.
bool verify_url_password(std::string_view text, size_t at, Match& match) {
  constexpr size_t kMost = 512;
  constexpr std::string_view ends = "/?# \t\n\r\"'<>\\`{}|";
  if (text[at] != ':' || at == 0 || !is(text[at - 1], kWordChar)) return false;
  bool escaped = text[at + 1] == '\\';
  if (!escaped && text.substr(at, 3) != "://") return false;
  if (escaped && text.substr(at, 5) != ":\\/\\/") return false;
  size_t from = at + (escaped ? 5 : 3);
  size_t colon = npos, last = npos;
  size_t limit = std::min(text.size(), from + kMost);
  size_t i = from;
  for (; i < limit && ends.find(text[i]) == npos; ++i) {
    if (text[i] == ':' && colon == npos) colon = i;
    if (text[i] == '@') last = i;
  }
  match.examined = i;
  if (last == npos || colon == npos || colon + 1 >= last) return false;
  std::string_view password = text.substr(colon + 1, last - colon - 1);
  bool host = last + 1 < text.size() && (is(text[last + 1], kWordChar) || text[last + 1] == '[');
  if (!host || is_replacement(password)) return false;
  match.begin = colon + 1;
  match.end = last;
  return true;
}

}  // namespace waybill::redaction
