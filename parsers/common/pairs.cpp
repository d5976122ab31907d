// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/pairs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "core/ascii.h"
#include "core/json_text.h"

namespace waybill::parsers {

namespace {

// What a byte may be in a pair.
constexpr uint8_t kInKey = 1, kBeginsKey = 2, kBeforeKey = 4, kEndsValue = 8, kOpens = 16;
constexpr std::array<uint8_t, 256> kRoles = [] {
  std::array<uint8_t, 256> roles{};
  auto add = [&](std::string_view bytes, int role) {
    for (char c : bytes) roles[static_cast<unsigned char>(c)] |= static_cast<uint8_t>(role);
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_@", kInKey | kBeginsKey);
  add("0123456789.-/", kInKey);
  add(" \t,;([{|", kBeforeKey);
  add(",;)]}|", kEndsValue);
  add("([{", kOpens);
  for (size_t c = 0; c <= ' '; ++c) roles[c] |= kEndsValue;
  return roles;
}();
bool is(char c, uint8_t role) { return (kRoles[static_cast<unsigned char>(c)] & role) != 0; }
bool is_key_byte(char c) { return is(c, kInKey); }

// Whether `text` is a number as RFC 8259, section 6, has it.
bool is_json_number(std::string_view text) {
  size_t i = 0;
  auto digits = [&] {
    size_t start = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

// The size of "[…]", "(…)" or "{…}" at the front of `text`, without blanks inside; else 0.
size_t bracketed(std::string_view text) {
  constexpr size_t longest = 64;
  char open = text.empty() ? '\0' : text.front();
  char close = open == '[' ? ']' : open == '(' ? ')' : open == '{' ? '}' : '\0';
  if (close == '\0') return 0;
  size_t end = text.substr(0, longest).find_first_of({&close, 1});
  bool blank = end == text.npos || text.substr(0, end).find_first_of(" \t\"") != text.npos;
  return blank ? 0 : end + 1;
}

// The end of a value without quotes that begins at `begin` and whose first `sure` bytes are its
// own. What closes a bracket that was opened within it is its own, too: "client=mx[203.0.113.9]".
size_t end_of_value(std::string_view text, size_t begin, size_t sure) {
  size_t round = 0, square = 0, curly = 0;
  size_t end = begin + sure;
  for (; end < text.size(); ++end) {
    char c = text[end];
    if (!is(c, kEndsValue | kOpens)) continue;
    size_t* open = c == '(' || c == ')'   ? &round
                   : c == '[' || c == ']' ? &square
                   : c == '{' || c == '}' ? &curly
                                          : nullptr;
    if (open == nullptr || (*open == 0 && !is(c, kOpens))) break;
    *open += is(c, kOpens) ? 1 : size_t(-1);
  }
  return end;
}

// The end of a value in single quotes that begin at `quote`, as Java and Python write them; npos:
// it is none, as what an apostrophe begins.
size_t closing_apostrophe(std::string_view text, size_t quote) {
  size_t end = text.find_first_of("'\n", quote + 1);
  if (end == text.npos || text[end] != '\'') return text.npos;
  return end + 1 == text.size() || is(text[end + 1], kEndsValue) ? end : text.npos;
}

// The end of the quoted value whose opening quote is at `quote`: the closing quote, or npos.
size_t closing_quote(std::string_view text, size_t quote) {
  for (size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool is_key(std::string_view text) {
  return !text.empty() && is(text.front(), kBeginsKey) &&
         std::all_of(text.begin(), text.end(), is_key_byte);
}

bool next_pair(std::string_view text, size_t from, Pair& pair) {
  size_t search = from;
  while (search < text.size()) {
    const void* found = std::memchr(text.data() + search, '=', text.size() - search);
    if (found == nullptr) return false;
    auto equals = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    search = equals + 1;
    size_t begin = equals;
    while (begin > from && is_key_byte(text[begin - 1])) --begin;
    if (begin == equals || !is(text[begin], kBeginsKey) ||
        (begin > 0 && !is(text[begin - 1], kBeforeKey))) {
      continue;
    }
    if (search < text.size() && text[search] == '=') {  // "a == b" is code, not a pair
      ++search;
      continue;
    }
    pair.key = text.substr(begin, equals - begin);
    pair.begin = begin;
    pair.quoted = false;
    if (search < text.size() && (text[search] == '"' || text[search] == '\'')) {
      size_t close =
          text[search] == '"' ? closing_quote(text, search) : closing_apostrophe(text, search);
      if (close != std::string_view::npos) {
        pair.quoted = true;
        pair.value = text.substr(search + 1, close - search - 1);
        pair.end = close + 1;
        return true;
      }
    }
    size_t end = end_of_value(text, search, bracketed(text.substr(search)));
    if (end == search) continue;  // "key=" without a value says nothing
    pair.value = text.substr(search, end - search);
    pair.end = end;
    return true;
  }
  return false;
}

Field field_of(const Pair& pair, Arena& arena) {
  Field field;
  field.key = Text(pair.key, TextForm::kClean);
  if (!pair.quoted) {
    if (is_json_number(pair.value)) {
      field.type = JsonType::kNumber;
      field.value = Text(pair.value, TextForm::kClean);
      return field;
    }
    field.value = raw_text(pair.value);
    if (pair.value == "true") field.type = JsonType::kTrue;
    if (pair.value == "false") field.type = JsonType::kFalse;
    return field;
  }
  if (pair.value.find('\\') == std::string_view::npos) {
    field.value = raw_text(pair.value);
  } else if (is_json_inside(pair.value)) {
    field.value = Text(pair.value, TextForm::kJson);
  } else {
    // Go's strconv.Quote knows \a, \v and \xFF, too: those stay as they are written.
    char* begin = arena.allocate(pair.value.size());
    char* out = begin;
    for (size_t i = 0; i < pair.value.size(); ++i) {
      bool quote = pair.value[i] == '\\' && i + 1 < pair.value.size() &&
                   (pair.value[i + 1] == '"' || pair.value[i + 1] == '\\');
      if (quote) ++i;
      *out++ = pair.value[i];
    }
    field.value = raw_text({begin, static_cast<size_t>(out - begin)});
  }
  return field;
}

}  // namespace waybill::parsers
