// SPDX-License-Identifier: Apache-2.0
// Names in a header: loggers, threads, and what stands in brackets.
#include <array>
#include <cstdint>

#include "parsers/text/header_reader.h"

namespace waybill::parsers::text {

namespace {

// What no name has in it, but for blanks.
enum class Letter : uint8_t { kAny, kBlank, kForeign };
constexpr std::array<Letter, 256> kLetters = [] {
  std::array<Letter, 256> all{};
  for (char c : std::string_view("=\"{[,")) all[static_cast<unsigned char>(c)] = Letter::kForeign;
  all[' '] = all['\t'] = Letter::kBlank;
  return all;
}();

}  // namespace

bool HeaderReader::between_bars() {
  if (!behind_bar_ || !header_.time || !header_.severity) return false;
  size_t end = line_.find('|', at_);
  if (end == std::string_view::npos || end - at_ > kLongestBracket) return false;
  std::string_view inside = trimmed(line_.substr(at_, end - at_));
  if (inside.empty()) return false;
  // NLog's logger stands alone; Karaf's thread has a logger behind it.
  size_t next = line_.find('|', end + 1);
  std::string_view behind =
      next == line_.npos ? std::string_view{} : trimmed(line_.substr(end + 1, next - end - 1));
  bool thread = inside.find("hread") != inside.npos || is_digit(inside.back()) ||
                (header_.thread.empty() && name_of(behind) != Name::kNone);
  if (!thread && header_.logger.empty() && name_of(inside) != Name::kNone) {
    header_.logger = inside;
  } else if (!place(inside)) {
    return false;
  }
  at_ = end;
  return true;
}

bool HeaderReader::logger() {
  // "time - name - message" says by its dashes what it is, without a level; "[main] ERROR name -
  // message" without a time.
  bool headed =
      header_.time ? header_.severity || behind_dash_ : header_.severity && !header_.thread.empty();
  if (!headed) return false;
  size_t end = at_;
  while (end < line_.size() && !is_blank(line_[end])) ++end;
  std::string_view word = line_.substr(at_, end - at_);
  if (word.size() > 1 && word.back() == ':' && end < line_.size()) {
    word.remove_suffix(1);
    Name name = name_of(word);
    bool spark = short_date_ && name == Name::kWord && is_upper(word.front());
    if (name != Name::kQualified && !spark) return false;
    header_.logger = word;
    at_ = end;
    return true;
  }
  return logger_before_dash(word, end) || class_alone(word, end);
}

bool HeaderReader::logger_before_dash(std::string_view word, size_t end) {
  std::string_view caller, context;
  size_t open = word.find('(');
  if (open != word.npos && word.back() == ')') {
    caller = word.substr(open + 1, word.size() - open - 2);
    word = word.substr(0, open);
    if (!is_source(caller)) return false;
  }
  if (name_of(word) == Name::kNone) return false;
  size_t next = skip_blanks(end);
  if (header_.severity && next > end && next < line_.size() && line_[next] == '[') {
    size_t close = closing_of(next, ']', kLongestThread);
    if (close == line_.npos) return false;
    context = trimmed(line_.substr(next + 1, close - next - 1));
    next = skip_blanks(close + 1);
    if (next >= line_.size() || line_[next] != '-') return false;
  }
  size_t behind = dash_at(next);
  if (behind == 0 || next == end) return false;
  header_.logger = word;
  if (!caller.empty()) header_.caller = caller;
  if (header_.context.empty() && context != "(null)") header_.context = context;
  at_ = behind;
  return true;
}

size_t HeaderReader::dash_at(size_t at) const {
  size_t end = at;
  while (end < line_.size() && end - at < 2 && line_[end] == '-') ++end;
  if (end == at && end < line_.size() && line_[end] == ':') ++end;
  return end > at && end < line_.size() && is_blank(line_[end]) ? end : 0;
}

bool HeaderReader::class_alone(std::string_view word, size_t end) {
  if (!header_.time || !header_.severity || behind_dash_ || end == line_.size()) return false;
  // "java.lang.Integer cannot be cast to …": only a column of its own is sure to be no subject of a
  // sentence, but for what SQLAlchemy writes.
  bool column = end + 1 < line_.size() && is_blank(line_[end + 1]);
  if (!column && !word.starts_with("sqlalchemy.")) return false;
  if (!is_class(word)) return false;
  header_.logger = word;
  at_ = end;
  return true;
}

bool HeaderReader::bracket(char closing) {
  bool number = at_ + 1 < line_.size() && is_digit(line_[at_ + 1]);
  size_t longest = header_.time || number ? kLongestThread : kLongestBracket;
  size_t end = closing_of(at_, closing, longest);
  if (end == std::string_view::npos) return false;
  std::string_view inside = trimmed(line_.substr(at_ + 1, end - at_ - 1));
  auto before_dash = [&] {
    return header_.time && header_.severity && dash_at(skip_blanks(end + 1)) > 0;
  };
  // Akka: "… [] - started"
  if (inside.empty() && !before_dash()) return false;
  // PHP-FPM: "WARNING: [pool www] …"
  if (behind_colon_ && header_.time && inside.find(' ') != inside.npos) return false;
  if (closing == ')' && header_.caller.empty() && is_source(inside) && before_dash()) {
    header_.caller = inside;
  } else if (!inside.empty() && !bracketed(inside, closing) && !aside(inside, closing, end + 1) &&
             !prefix(inside, closing, end + 1)) {
    return false;
  }
  at_ = end + 1;
  return true;
}

size_t HeaderReader::closing_of(size_t at, char closing, size_t longest) const {
  int depth = 0;
  for (size_t i = at; i < line_.size() && i - at <= longest; ++i) {
    if (line_[i] == line_[at]) ++depth;
    if (line_[i] == closing && --depth == 0) return i;
  }
  return std::string_view::npos;
}

bool HeaderReader::aside(std::string_view inside, char closing, size_t end) {
  if (!header_.time || !header_.context.empty()) return false;
  size_t next = skip_blanks(end);
  bool level_bracket = next < line_.size() && line_[next] == '[';
  bool before_level =
      !header_.severity && (level_bracket ? bracketed_level_at(next) : capitals_at(next));
  if (closing != ']') {
    // "<0.71.0>" is a process of Erlang's.
    bool process = closing == '>' && is_digit(inside.front()) && inside.find(' ') == inside.npos;
    bool thread = before_level && header_.thread.empty() &&
                  (process || all_digits(inside) || name_of(inside) != Name::kNone);
    if (thread) header_.thread = inside;
    return thread;
  }
  bool dash = header_.severity && next + 1 < line_.size() && line_[next] == '-' &&
              is_blank(line_[next + 1]);
  if (!before_level && !dash) return false;
  bool logger = dash && header_.logger.empty() && name_of(inside) != Name::kNone;
  (logger ? header_.logger : header_.context) = inside;
  return true;
}

bool HeaderReader::prefix(std::string_view inside, char closing, size_t end) {
  if (at_ != 0 || closing != ']' || header_.time || header_.severity) return false;
  size_t next = skip_blanks(end);
  bool headed = capitals_at(next) || (next < line_.size() && is_digit(line_[next]) &&
                                      time_at_start(line_.substr(next), zone_, now_ns_));
  return headed && place(inside);
}

bool HeaderReader::bracketed(std::string_view inside, char closing) {
  if (!header_.severity) {
    bool word = word_at(inside, 0).size() == inside.size();
    // MySQL has "[System]"; "[system]" is D-Bus's, and no level, nor anybody's thread.
    if (inside == "system") return false;
    auto severity = word ? severity_of_word(inside) : std::nullopt;
    if (severity) {
      take_level(inside, *severity);
      return true;
    }
  }
  if (!header_.time) {
    auto time = time_of_text(inside, zone_, now_ns_);
    if (time) {
      header_.time = time;
      return true;
    }
    if (several(inside)) return true;
  }
  if (closing == '>') return false;
  // (thread) stands behind the logger (JBoss); in front of a message it is the message's own.
  if (closing == ')' && header_.logger.empty()) return false;
  if (!header_.time && !header_.severity) return false;
  if (closing == ']' && header_.caller.empty() && is_source(inside)) {
    header_.caller = inside;
    return true;
  }
  return place(inside);
}

bool HeaderReader::several(std::string_view inside) {
  if (header_.severity || inside.find(' ') == std::string_view::npos) return false;
  Header header;
  HeaderReader(inside, zone_, now_ns_, header).read();
  if (!header.time) return false;
  std::string_view rest = trimmed(inside.substr(header.size));
  bool words = rest.find(' ') != rest.npos;
  if (!rest.empty() && zoned(inside, rest, header)) {
    rest = {};
  } else if (!rest.empty() && !words && is_digit(rest.front()) && header.thread.empty()) {
    header.thread = rest;  // Pi-hole: "[2026-01-02 03:04:05.678 71M]"
    rest = {};
  } else if (!rest.empty() && header.logger.empty() && name_of(rest) != Name::kNone) {
    header.logger = rest;
    rest = {};
  }
  if (!rest.empty()) return false;
  header_ = header;
  return true;
}

bool HeaderReader::zoned(std::string_view inside, std::string_view name, Header& header) const {
  if (!header.time->zoneless || !is_upper(name.front()) || name.find('/') == name.npos) {
    return false;
  }
  auto zone = TimeZone::find(name);
  auto time = zone ? time_at_start(inside, *zone, now_ns_) : std::nullopt;
  if (!time) return false;
  header.time = time;
  header.time->zoneless = false;
  return true;
}

bool HeaderReader::place(std::string_view inside) {
  bool blanks = false;
  for (char c : inside) {
    Letter letter = kLetters[static_cast<unsigned char>(c)];
    if (letter == Letter::kForeign) return false;
    blanks = blanks || letter == Letter::kBlank;
  }
  if (!is_letter(inside.front()) && !is_digit(inside.front()) && inside.front() != '_') {
    return false;
  }
  bool dotted = name_of(inside) == Name::kQualified &&
                (inside.find('.') != inside.npos || inside.find("::") != inside.npos);
  if (dotted && header_.logger.empty()) {
    header_.logger = inside;
    return true;
  }
  if (!header_.thread.empty() || (blanks && (!header_.time || !header_.severity))) return false;
  header_.thread = inside;
  return true;
}

}  // namespace waybill::parsers::text
