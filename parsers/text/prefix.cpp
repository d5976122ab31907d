// SPDX-License-Identifier: Apache-2.0
#include "parsers/text/prefix.h"

#include <algorithm>
#include <array>

namespace waybill::parsers::text {

namespace {

constexpr size_t kLongestBracket = 64;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

std::string_view word_at(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && is_letter(line[end])) ++end;
  return line.substr(at, end - at);
}

bool equal_but_case(std::string_view word, std::string_view lower) {
  return std::equal(word.begin(), word.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

bool all_upper(std::string_view word) {
  for (char c : word) {
    if (!is_upper(c)) return false;
  }
  return true;
}

// Words that mean a level wherever they stand alone at the front. Others that severity_of_word()
// knows ("HTTP server", "Config loaded", "Log file", single letters) are too common in prose.
// java.util.logging writes "FINE: …" and "CONFIG: …".
std::optional<Severity> level_word(std::string_view word, char behind) {
  if (word.size() < 3) return std::nullopt;
  constexpr std::array<std::string_view, 6> prose = {"log",     "http",  "config",
                                                     "default", "silly", "fine"};
  auto severity = severity_of_word(word);
  if (!severity) return std::nullopt;
  for (std::string_view other : prose) {
    if (!equal_but_case(word, other)) continue;
    bool java = behind == ':' && (word == "FINE" || word == "CONFIG");
    return java ? severity : std::nullopt;
  }
  if (word == "inf" || word == "finer") return std::nullopt;
  return severity;
}

class PrefixReader {
 public:
  PrefixReader(std::string_view line, TimeZone& zone, int64_t now_ns)
      : line_(line), zone_(zone), now_ns_(now_ns) {}

  Prefix read() {
    while (at_ < line_.size() && element()) {
      skip_separators();
      prefix_.size = at_;
    }
    return prefix_;
  }

 private:
  bool element() {
    char c = line_[at_];
    if (c == '[' || c == '<' || c == '(') return bracket(c == '[' ? ']' : c == '<' ? '>' : ')');
    return time() || level();
  }

  bool time() {
    if (prefix_.time) return false;
    auto time = time_at_start(line_.substr(at_), zone_, now_ns_);
    if (!time) return false;
    size_t end = at_ + time->size;
    // "2026-01-02T03:04:05abc" is a name, not a time.
    if (end < line_.size() && (is_letter(line_[end]) || line_[end] == '_')) return false;
    prefix_.time = time;
    at_ = end;
    return true;
  }

  bool level() {
    if (prefix_.severity) return false;
    std::string_view word = word_at(line_, at_);
    size_t end = at_ + word.size();
    char behind = end < line_.size() ? line_[end] : ' ';
    bool apart = is_blank(behind) || behind == ':' || behind == '|' || behind == ']';
    // Without a time before it, a word in small letters is the message's own.
    if (!apart || (!all_upper(word) && !prefix_.time)) return false;
    auto severity = level_word(word, behind);
    if (!severity) return false;
    take_level(word, *severity);
    at_ = end;
    return true;
  }

  void take_level(std::string_view word, Severity severity) {
    prefix_.level_word = word;
    prefix_.severity = severity;
  }

  bool bracket(char closing) {
    size_t end = line_.find(closing, at_ + 1);
    if (end == std::string_view::npos || end - at_ > kLongestBracket) return false;
    std::string_view inside = line_.substr(at_ + 1, end - at_ - 1);
    while (!inside.empty() && is_blank(inside.back())) inside.remove_suffix(1);
    while (!inside.empty() && is_blank(inside.front())) inside.remove_prefix(1);
    if (inside.empty() || !bracketed(inside, closing)) return false;
    at_ = end + 1;
    return true;
  }

  bool bracketed(std::string_view inside, char closing) {
    if (!prefix_.severity) {
      bool word = word_at(inside, 0).size() == inside.size();
      auto severity = word ? severity_of_word(inside) : std::nullopt;
      if (severity) {
        take_level(inside, *severity);
        return true;
      }
    }
    if (!prefix_.time) {
      auto time = time_of_text(inside, zone_, now_ns_);
      if (time) {
        prefix_.time = time;
        return true;
      }
    }
    // A word in square brackets behind a time or a level is the thread.
    bool thread = closing == ']' && prefix_.thread.empty() && (prefix_.time || prefix_.severity) &&
                  inside.find_first_of(" \t=\"{[") == std::string_view::npos;
    if (thread) prefix_.thread = inside;
    return thread;
  }

  void skip_separators() {
    while (at_ < line_.size()) {
      char c = line_[at_];
      bool alone = at_ + 1 == line_.size() || is_blank(line_[at_ + 1]);
      bool separator = is_blank(c) || ((c == '-' || c == '|' || c == ':') && alone);
      if (!separator) return;
      ++at_;
    }
  }

  std::string_view line_;
  TimeZone& zone_;
  int64_t now_ns_;
  size_t at_ = 0;
  Prefix prefix_;
};

}  // namespace

Prefix read_prefix(std::string_view line, TimeZone& zone, int64_t now_ns) {
  return PrefixReader(line, zone, now_ns).read();
}

std::optional<Severity> level_of_first_words(std::string_view message) {
  constexpr Severity error{Level::kError, 17};
  if (message.starts_with("Traceback (most recent call last)") ||
      message.starts_with("Exception in thread ")) {
    return error;
  }
  if (message.starts_with("fatal error:")) return Severity{Level::kFatal, 21};
  std::string_view word = word_at(message, 0);
  char behind = word.size() < message.size() ? message[word.size()] : ' ';
  auto severity = level_word(word, behind);
  if (!severity) return std::nullopt;
  if (behind == ':') return severity;
  // "Error opening file", "warning disk is full": but "debug symbols" is not about the level.
  return is_blank(behind) && severity->level >= Level::kWarn ? severity : std::nullopt;
}

}  // namespace waybill::parsers::text
