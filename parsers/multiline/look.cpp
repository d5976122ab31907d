// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/look.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/ascii.h"
#include "core/level.h"
#include "parsers/multiline/frames.h"

namespace waybill::parsers::multiline {

namespace {

constexpr size_t kHeaderBytes = 160;  // in which a level is looked for
constexpr size_t kFrontBytes = 60;    // in which one in small letters counts
constexpr size_t kLongestLevel = 13;  // "informational"
constexpr size_t kLongestTag = 40;    // in brackets, before a time

// Whether `text` begins as `shape` says: '0' a digit, 'A' a letter, '-' one of "-/.", 't' one of
// "Tt _-:", anything else itself.
bool fits(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    char c = text[i];
    switch (shape[i]) {
      case '0':
        if (!is_digit(c)) return false;
        break;
      case 'A':
        if (!is_letter(c)) return false;
        break;
      case '-':
        if (c != '-' && c != '/' && c != '.') return false;
        break;
      case 't':
        if (c != 'T' && c != 't' && c != ' ' && c != '_' && c != '-' && c != ':') return false;
        break;
      default:
        if (c != shape[i]) return false;
    }
  }
  return true;
}

constexpr uint32_t letters(char a, char b, char c) {
  auto bits = [](char letter) { return static_cast<uint32_t>(static_cast<unsigned char>(letter)); };
  return bits(a) << 16 | bits(b) << 8 | bits(c);
}

bool is_month_or_day(std::string_view word) {
  if (word.size() < 3) return false;
  switch (letters(word[0], word[1], word[2])) {
    case letters('J', 'a', 'n'):
    case letters('F', 'e', 'b'):
    case letters('M', 'a', 'r'):
    case letters('A', 'p', 'r'):
    case letters('M', 'a', 'y'):
    case letters('J', 'u', 'n'):
    case letters('J', 'u', 'l'):
    case letters('A', 'u', 'g'):
    case letters('S', 'e', 'p'):
    case letters('O', 'c', 't'):
    case letters('N', 'o', 'v'):
    case letters('D', 'e', 'c'):
    case letters('M', 'o', 'n'):
    case letters('T', 'u', 'e'):
    case letters('W', 'e', 'd'):
    case letters('T', 'h', 'u'):
    case letters('F', 'r', 'i'):
    case letters('S', 'a', 't'):
    case letters('S', 'u', 'n'): return true;
    default: return false;
  }
}

// A shape, and where in it digits stand: bit i is byte i.
struct NumberShape {
  std::string_view shape;
  uint32_t digits;
};

constexpr NumberShape digits_in(std::string_view shape) {
  uint32_t digits = 0;
  for (size_t i = 0; i < shape.size(); ++i) digits |= (shape[i] == '0' ? 1u : 0u) << i;
  return {shape, digits};
}

constexpr size_t kLongestShape = 15;

// Where digits stand in up to 16 bytes: bit i is byte i.
uint32_t digits_of(std::string_view text) {
#if defined(__SSE2__)
  char front[16] = {};
  if (text.size() == sizeof front - 1) {
    std::memcpy(front, text.data(), sizeof front - 1);
  } else if (!text.empty()) {
    std::memcpy(front, text.data(), text.size());
  }
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(front));
  const __m128i found = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)),
                                      _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1)));
  return static_cast<uint32_t>(_mm_movemask_epi8(found));
#else
  uint32_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) digits |= (is_digit(text[i]) ? 1u : 0u) << i;
  return digits;
#endif
}

// "1.7673230451234567e+09", as zap writes the seconds since 1970 to a terminal.
bool begins_with_float_epoch(std::string_view text) {
  if (text.size() < 8 || text[0] != '1' || text[1] != '.') return false;
  size_t at = 2;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at > 5 && text.substr(at).starts_with("e+09") && at + 4 < text.size() &&
         is_blank(text[at + 4]);
}

// Only of digits: an address, or a time in one of its usual forms.
bool begins_with_numbers(std::string_view text) {
  constexpr std::array shapes = {
      digits_in("0000-00-00t"),      // 2026-01-02T…
      digits_in("0000-00-00,"),      // 2026-01-02, 03:04:05 (Airflow)
      digits_in("00-00-0000"),       // 25/01/2026
      digits_in("00-AAA-0000"),      // 02/Jan/2026
      digits_in("00:00:00"),         // 03:04:05
      digits_in("0:00:00"),          //
      digits_in("00-00-00 "),        // 17/06/09 20:10:40
      digits_in("00-00 00:00"),      // 03-17 16:13:38
      digits_in("00000000 00"),      // 20260102 03…, 20260102T03…
      digits_in("00000000T00"),      //
      digits_in("00000000-00"),      // 20171223-22:15:29
      digits_in("000000 00"),        // 081109 203615, 161209 14:18:50, 161209  4:18:50
      digits_in("000000  0:"),       //
      digits_in("00 AAA 0000 00:"),  // 02 Jan 2026 03:…
      digits_in("0 AAA 00:00:00"),   // 2 Jan 03:04:05
      digits_in("00 AAA 00:00:00"),  //
      digits_in("0000-0-0"),         // 2026-1-2
      digits_in("0-0-0000 "),        // 1/2/2026
      digits_in("0-00-0000 "),       //
      digits_in("00-0-0000 "),       //
      digits_in("0-0-0000,"),        // 1/2/2026, 3:04:05 AM
      digits_in("0-00-0000,"),       //
      digits_in("00-0-0000,"),       //
      digits_in("00-AAA-00 "),       // 02-Jan-26
      digits_in("00-00-00:00"),      // 01/02-03:04:05.678901 (Snort)
      digits_in("0000000000.0"),     // 1767323045.678
      digits_in("0000000000 "),      //
      digits_in("0000000000000 "),   // 1767323045678
  };
  const uint32_t digits = digits_of(text.substr(0, kLongestShape));
  for (const NumberShape& each : shapes) {
    // The same places are digits, as far as the shape goes.
    const uint32_t within = (1u << each.shape.size()) - 1;
    if ((digits & within) == each.digits && fits(text, each.shape)) return true;
  }
  return begins_with_float_epoch(text);
}

bool begins_with_address(std::string_view text) {
  size_t dots = 0;
  size_t at = 0;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) dots += text[at++] == '.';
  return dots == 3 && at >= 7 && at < text.size() && (is_blank(text[at]) || text[at] == ':');
}

bool begins_with_time(std::string_view text) {
  if (text.empty()) return false;
  if (is_digit(text[0])) return begins_with_numbers(text);
  if (!is_upper(text[0]) || text.size() < 8) return false;
  // "I0102 03:04:05" (glog), then "Jan  2 03:", "Thu Jan  2", "Thu, 02 Jan".
  if (fits(text, "A0000 00:00:00") || fits(text, "A00000000 00:00:00")) return true;
  if (!is_month_or_day(text)) return false;
  size_t at = 3;
  if (text[at] == ',') ++at;
  if (!is_blank(text[at])) return false;
  while (at < text.size() && is_blank(text[at])) ++at;
  std::string_view next = text.substr(at);
  return !next.empty() && (is_digit(next[0]) || is_month_or_day(next));
}

// The letters at the front of `text`.
std::string_view word_of(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(0, end);
}

bool all_upper(std::string_view word) { return std::all_of(word.begin(), word.end(), is_upper); }

bool begins_with_level(std::string_view text) {
  std::string_view word = word_of(text);
  if (word.size() < 3 || word.size() > kLongestLevel || !all_upper(word)) return false;
  char behind = word.size() < text.size() ? text[word.size()] : '\0';
  bool apart = is_blank(behind) || behind == ':' || behind == '|' || behind == ']' ||
               behind == ',' || behind == '[' || behind == '/';
  // "FAIL test_a" is what a test tells, no line's level.
  return apart && word != "FAIL" && word != "SUCCESS" && severity_of_word(word).has_value();
}

// "ts=…", "level=…", "type=SYSCALL": how lines of pairs begin.
bool begins_with_pair(std::string_view text) {
  constexpr std::array<std::string_view, 10> keys = {"ts",  "t",   "time",   "timestamp", "level",
                                                     "lvl", "msg", "caller", "type",      "at"};
  size_t end = text.substr(0, 10).find('=');
  if (end == std::string_view::npos) return false;
  return std::find(keys.begin(), keys.end(), text.substr(0, end)) != keys.end();
}

// "71  - " in front of a time, and colours, as Nest writes it behind its name.
std::string_view behind_process(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  size_t dash = at + 1;
  while (at > 0 && dash < text.size() && is_blank(text[dash])) ++dash;
  if (at == 0 || at >= text.size() || !is_blank(text[at])) return text;
  if (!text.substr(dash).starts_with("- ")) return text;
  return without_colours(without_indent(text.substr(dash + 1)));
}

// "[W 2026-01-02 …", Tornado's and Jupyter's; "[GIN] 2026/01/02 …", "[71] 2026/01/02 …",
// "[Nest] 71  - 01/02/2026, …".
bool has_time_behind_tag(std::string_view inside) {
  if (inside.size() > 2 && is_upper(inside[0]) && inside[1] == ' ') {
    return begins_with_time(inside.substr(2));
  }
  size_t close = inside.substr(0, kLongestTag).find(']');
  if (close == inside.npos) return false;
  std::string_view behind = inside.substr(close + 1);
  if (behind.empty() || !is_blank(behind[0])) return false;
  behind = without_indent(behind);
  return begins_with_time(behind) || begins_with_time(behind_process(behind));
}

// "W/ActivityManager( 1234): …", of Android.
bool begins_with_logcat(std::string_view text) {
  if (text.size() < 6 || text[1] != '/') return false;
  if (std::string_view("VDIWEF").find(text[0]) == std::string_view::npos) return false;
  size_t open = text.find_first_of(" (", 2);  // a tag may be padded
  open = std::min(text.find_first_not_of(' ', open), text.size());
  if (open == text.size() || text[open] != '(') return false;
  size_t at = open + 1;
  while (at < text.size() && (is_blank(text[at]) || is_digit(text[at]))) ++at;
  return at > open + 1 && text.substr(at).starts_with("): ");
}

// "71:M 02 Jan 2026 …", Redis'; "I, [2026-01-02T…", Ruby's.
bool has_time_behind_letter(std::string_view text) {
  if (fits(text, "A, [0000-00-00T")) return is_upper(text[0]);
  size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == 0 || at == text.size() || text[at] != ':') return false;
  if (text.substr(at).starts_with(":signal-handler (")) return true;  // Redis', with an epoch
  if (!fits(text.substr(at), ":A ") || !is_upper(text[at + 1])) return false;
  return begins_with_time(text.substr(at + 3));
}

// "1767323045] …", as Nagios writes it: seconds since 1970, of this half of the century.
bool begins_with_epoch(std::string_view inside) {
  return fits(inside, "0000000000]") && inside[0] == '1' && inside[1] >= '4';
}

// What AWS Lambda writes around what a function does.
bool begins_with_request(std::string_view text) {
  size_t end = text.find(' ');
  return (end == 3 || end == 5 || end == 6) && text.substr(end).starts_with(" RequestId: ") &&
         (text.starts_with("START") || text.starts_with("END") || text.starts_with("REPORT"));
}

Look look_in_brackets(std::string_view line) {
  std::string_view inside = without_indent(line.substr(1));
  if (begins_with_time(inside)) return Look::kTimed;
  if (line[0] == '[' && has_time_behind_tag(inside)) return Look::kTimed;
  if (inside.starts_with("GIN-debug] ")) return Look::kFresh;
  // "[    0.000000]" is the kernel's.
  size_t at = 0;
  while (at < inside.size() && (is_digit(inside[at]) || inside[at] == '.')) ++at;
  bool number = at > 0 && at < inside.size() && (inside[at] == ']' || inside[at] == '>');
  if (number && begins_with_epoch(inside)) return Look::kTimed;
  if (number) return line[0] == '<' || inside.find('.') < at ? Look::kFresh : Look::kPlain;
  std::string_view word = word_of(inside);
  char behind = word.size() < inside.size() ? inside[word.size()] : '\0';
  bool level = (behind == ']' || behind == '>' || behind == '/') && word.size() <= kLongestLevel &&
               severity_of_word(word).has_value();
  return level || begins_with_level(inside) ? Look::kFresh : Look::kPlain;
}

Look look_at_json(std::string_view line) {
  std::string_view next = without_indent(line.substr(1));
  if (!next.empty() && next[0] != '"' && next[0] != '}') return Look::kPlain;
  std::string_view end = line;
  while (!end.empty() && is_blank(end.back())) end.remove_suffix(1);
  if (end.size() > 1 && end.back() == '}') return Look::kWhole;
  return next.empty() || next[0] == '"' ? Look::kJsonBegin : Look::kPlain;
}

}  // namespace

bool may_have_time(std::string_view line) {
  for (size_t at = line.find(':', 2); at != line.npos; at = line.find(':', at + 1)) {
    if (fits(line.substr(at - 2), "00:00")) return true;
  }
  // One of ten digits covers a place that is looked at.
  constexpr size_t digits = 10;
  for (size_t at = digits - 1; at < line.size(); at += digits) {
    if (!is_digit(line[at])) continue;
    size_t begin = at, end = at;
    while (begin > 0 && is_digit(line[begin - 1])) --begin;
    while (end < line.size() && is_digit(line[end])) ++end;
    if (end - begin >= digits) return true;
  }
  return false;
}

std::string_view without_indent(std::string_view line) {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  return line;
}

std::string_view without_colours(std::string_view line) {
  while (line.size() > 2 && line[0] == '\x1b' && line[1] == '[') {
    size_t end = line.find_first_not_of("0123456789;", 2);
    if (end == std::string_view::npos || line[end] != 'm') return line;
    line.remove_prefix(end + 1);
  }
  return line;
}

Look look_at(std::string_view line) {
  if (line.empty()) return Look::kBlank;
  switch (line[0]) {
    case '{': return look_at_json(line);
    case '\x1b': {
      std::string_view plain = without_colours(line);
      return plain.size() == line.size() ? Look::kPlain : look_at(plain);
    }
    case ' ':
    case '\t': {
      std::string_view text = without_indent(line);
      if (text.empty()) return Look::kBlank;
      // Times and levels in a column to the right (" INFO a::b: …"), and JSON behind a blank.
      bool level = line.size() - text.size() == 1 && begins_with_level(text) &&
                   is_blank(text[word_of(text).size()]);
      bool fresh =
          level || begins_with_time(text) || (text[0] == '{' && look_at_json(text) == Look::kWhole);
      return fresh ? look_at(text) : Look::kIndented;
    }
    case '[':
    case '<': return look_in_brackets(line);
    case '=': return is_erlang_head(line) ? Look::kTimed : Look::kPlain;
    default: break;
  }
  if (begins_with_time(line)) return Look::kTimed;
  if (has_time_behind_letter(line)) return Look::kTimed;
  if (is_digit(line[0])) return begins_with_address(line) ? Look::kWhole : Look::kPlain;
  if (begins_with_pair(line)) return Look::kWhole;
  bool fresh = begins_with_level(line) || begins_with_logcat(line) || is_dotnet_head(line) ||
               begins_with_request(line);
  return fresh ? Look::kFresh : Look::kPlain;
}

bool speaks_of_trouble(std::string_view line) {
  std::string_view head = line.substr(0, kHeaderBytes);
  // glog's letter.
  if (fits(head, "A0000 00:00") && head[0] != 'I') return true;
  for (size_t at = 0; at < head.size();) {
    if (!is_letter(head[at])) {
      ++at;
      continue;
    }
    std::string_view word = word_of(head.substr(at));
    char before = at > 0 ? head[at - 1] : ' ';
    at += word.size();
    char behind = at < head.size() ? head[at] : ' ';
    size_t close = std::min(head.find_first_not_of(' ', at), head.size());  // may be padded
    bool bracketed =
        (before == '[' && head.substr(close).starts_with(']')) || (before == '<' && behind == '>');
    bool said = before == '=' || before == '|';
    bool column = all_upper(word) && !is_digit(behind) && behind != '_';
    bool early = at < kFrontBytes && is_blank(before) && (is_blank(behind) || behind == ':');
    bool stands = bracketed || said || column || early;
    if (!stands || word.size() < 3 || word.size() > kLongestLevel) continue;
    auto severity = severity_of_word(word);
    if (severity && severity->level >= Level::kWarn) return true;
  }
  return false;
}

}  // namespace waybill::parsers::multiline
