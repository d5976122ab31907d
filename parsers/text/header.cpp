// SPDX-License-Identifier: Apache-2.0
#include "parsers/text/header.h"

#include <algorithm>
#include <array>

#include "parsers/text/header_reader.h"

namespace waybill::parsers::text {

namespace {

constexpr size_t kShortestIndent = 2;  // of levels in a column to the right (" INFO a::b: …")

// "Got ERROR from …", "printing ERROR", "HTTP ERROR 404": before a level in capitals these are
// prose, no name.
bool is_prose(std::string_view word) {
  if (word.back() == ':') word.remove_suffix(1);
  if (word.size() < 2 || std::all_of(word.begin(), word.end(), is_upper)) return true;
  if (!std::all_of(word.begin() + 1, word.end(), is_lower)) return false;
  if (is_upper(word.front()) || word.ends_with("ing") || word.ends_with("ed")) return true;
  constexpr std::array<std::string_view, 98> words = {
      "about", "after",   "all",    "an",    "and",    "another", "any",   "are",   "as",
      "at",    "before",  "be",     "been",  "but",    "by",      "can",   "code",  "could",
      "count", "did",     "do",     "does",  "during", "each",    "every", "exit",  "few",
      "first", "for",     "found",  "from",  "get",    "gets",    "got",   "had",   "has",
      "have",  "if",      "in",     "into",  "is",     "it",      "its",   "last",  "less",
      "level", "log",     "logged", "logs",  "many",   "may",     "max",   "min",   "more",
      "most",  "must",    "new",    "next",  "no",     "not",     "of",    "old",   "on",
      "one",   "only",    "or",     "other", "our",    "per",     "same",  "saw",   "see",
      "sent",  "set",     "should", "show",  "shows",  "since",   "some",  "state", "status",
      "such",  "than",    "that",   "the",   "their",  "then",    "this",  "to",    "total",
      "two",   "unknown", "until",  "was",   "were",   "when",    "will",  "with"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What is no name, and may yet stand for one: "0x7f12", "#12", "<0.71.0>", "99.00%", "req=7".
bool is_token(std::string_view word) {
  return std::any_of(word.begin(), word.end(), is_digit) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return is_letter(c) || is_digit(c) ||
                  std::string_view("._-:#/@[]<>~+$%=").find(c) != std::string_view::npos;
         });
}

// Whether a word before a level may be who says it.
bool stands_for_name(std::string_view word) {
  bool name = name_of(word) != Name::kNone || word.back() == ':' || is_token(word);
  return name && !is_prose(word);
}

}  // namespace

void HeaderReader::read() {
  // Vault and Consul indent their lines. What is indented and has no time or level is a message.
  at_ = skip_blanks(0);
  if (at_ > 0 && !(at_ <= kShortestIndent && capitals_at(at_))) {
    if (!time()) return;
    skip_separators();
    header_.size = at_;
  }
  while (at_ < line_.size() && element()) {
    skip_separators();
    header_.size = at_;
  }
}

bool HeaderReader::element() {
  char c = line_[at_];
  if (c == '[' || c == '<' || c == '(') return bracket(c == '[' ? ']' : c == '<' ? '>' : ')');
  if (!header_.logger.empty()) return level_behind_logger();
  if (!header_.time && time()) return true;
  if (!header_.severity && (level() || listed() || fields() || process() || column())) return true;
  if (header_.severity && ((is_digit(c) && process()) || (behind_bar_ && between_bars()))) {
    return true;
  }
  return logger();
}

bool HeaderReader::time() {
  if (header_.time) return false;
  auto time = time_at_start(line_.substr(at_), zone_, now_ns_);
  if (!time) return false;
  size_t end = at_ + time->size;
  // "2026-01-02T03:04:05abc" is a name, not a time, and 12:16:123 no clock.
  char behind = end < line_.size() ? line_[end] : ' ';
  if (is_letter(behind) || is_digit(behind) || behind == '_') return false;
  header_.time = time;
  // Spark's "26/01/02 03:04:05".
  short_date_ =
      end - at_ >= 17 && line_[at_ + 2] == '/' && line_[at_ + 5] == '/' && line_[at_ + 8] == ' ';
  at_ = end;
  return true;
}

bool HeaderReader::level_behind_logger() {
  return header_.time && !header_.severity && capitals_at(at_) && level();
}

bool HeaderReader::level() {
  if (header_.severity) return false;
  std::string_view word = word_at(line_, at_);
  size_t end = at_ + word.size();
  char behind = end < line_.size() ? line_[end] : ' ';
  bool apart = is_blank(behind) || behind == ':' || behind == '|' || behind == ']';
  // Without a time before or behind it, a word in small letters is the message's own.
  if (!apart || (!all_upper(word) && !header_.time && !time_behind(end))) return false;
  // logrotate's "ALERT exited abnormally": no logger writes so without a time.
  if (!header_.time && is_blank(behind) && word == "ALERT") return false;
  auto severity = level_word(word, behind);
  // PgBouncer: "… [71] LOG …"
  if (word == "LOG" && header_.time && !header_.thread.empty()) severity = severity_of_word(word);
  if (!severity) return false;
  take_level(word, *severity);
  at_ = end;
  return true;
}

bool HeaderReader::time_behind(size_t at) {
  if (header_.size > 0 || at >= line_.size()) return false;
  if (line_[at] == ':') ++at;
  at = skip_blanks(at);
  if (at < line_.size() && line_[at] == '[') ++at;
  return at < line_.size() && is_digit(line_[at]) &&
         time_at_start(line_.substr(at), zone_, now_ns_).has_value();
}

bool HeaderReader::listed() {
  if (!header_.time || at_ + 1 >= line_.size()) return false;
  std::string_view separator = line_.substr(at_, line_[at_] == ':' ? 2 : 1);
  if (separator != "," && separator != ";" && separator != "::") return false;
  size_t begin = at_ + separator.size();
  std::string_view word = word_at(line_, begin);
  size_t end = begin + word.size();
  auto severity = all_upper(word) ? level_word(word, ' ') : std::nullopt;
  if (!severity || !line_.substr(end).starts_with(separator)) return false;
  take_level(word, *severity);
  at_ = end + separator.size();
  return true;
}

bool HeaderReader::process() {
  if (!header_.time || !header_.pid.empty()) return false;
  std::string_view first = number_at(at_);
  if (first.empty()) return false;
  size_t next = skip_blanks(at_ + first.size());
  if (header_.severity) {
    if (line_.substr(next, 4) != "--- ") return false;
  } else {
    std::string_view second = number_at(next);
    size_t behind = second.empty() ? next : skip_blanks(next + second.size());
    if (!level_at(behind)) return false;
    if (!second.empty()) header_.thread = second;
    next = behind;
  }
  header_.pid = first;
  at_ = next;
  take_letter();
  return true;
}

void HeaderReader::take_letter() {
  if (header_.severity || word_at(line_, at_).size() != 1) return;
  take_level(line_.substr(at_, 1), *severity_of_word(line_.substr(at_, 1)));
  ++at_;
}

bool HeaderReader::level_at(size_t at) const {
  if (at < line_.size() && (line_[at] == '[' || line_[at] == '<')) ++at;
  std::string_view word = word_at(line_, at);
  char behind = at + word.size() < line_.size() ? line_[at + word.size()] : ' ';
  bool apart = is_blank(behind) || behind == ':' || behind == '|' || behind == ']' ||
               behind == '>' || behind == '/';
  if (!apart || word.empty()) return false;
  if (word.size() > 1) return level_word(word, behind).has_value();
  return is_upper(word[0]) && severity_of_word(word).has_value();
}

bool HeaderReader::capitals_at(size_t at) const {
  std::string_view word = word_at(line_, at);
  return word.size() >= 4 && all_upper(word) && level_at(at);
}

bool HeaderReader::fields() {
  if (!header_.time || header_.severity || (!behind_bar_ && !behind_dash_)) return false;
  constexpr size_t most = 4;
  std::array<std::string_view, most> before;
  size_t at = at_;
  for (size_t count = 0; count < most; ++count) {
    std::string_view near = line_.substr(at, kLongestBracket);
    size_t size = behind_bar_ ? near.find('|') : near.find(" - ");
    if (size == near.npos) return false;
    std::string_view field = trimmed(near.substr(0, size));
    at += size;
    // In small letters it may be any state ("shipped - error - …").
    bool capitals = all_upper(field);
    auto severity = capitals ? level_word(field, ' ') : std::nullopt;
    if (severity) {
      for (size_t i = 0; i < count; ++i) take_field(before[i]);
      take_level(field, *severity);
      at_ = at;
      return true;
    }
    bool name = all_digits(field) || is_source(field) || name_of(field) != Name::kNone;
    if (!name) return false;
    before[count] = field;
    at = skip_blanks(at + (behind_bar_ ? 1 : 3));
  }
  return false;
}

void HeaderReader::take_field(std::string_view field) {
  if (all_digits(field)) {
    // Behind a logger it is a line of its file (Python).
    (header_.logger.empty() ? header_.pid : header_.line) = field;
    return;
  }
  if (is_source(field)) {
    header_.caller = field;
    return;
  }
  bool thread = field.find('.') == field.npos && field.find("Thread") != field.npos;
  if (thread || !header_.logger.empty()) {
    (header_.thread.empty() ? header_.thread : header_.context) = field;
  } else {
    header_.logger = field;
  }
}

bool HeaderReader::column() {
  if (!header_.time || header_.severity || !header_.context.empty()) return false;
  constexpr int most_words = 3;
  size_t end = at_;
  for (int words = 0; words < most_words; ++words) {
    while (end < line_.size() && !is_blank(line_[end])) ++end;
    if (end == line_.size() || end - at_ > kLongestBracket) return false;
    size_t next = skip_blanks(end);
    std::string_view before = line_.substr(at_, end - at_);
    if (capitals_at(next)) {
      size_t behind = next + word_at(line_, next).size();
      bool padded = next - end > 1 || skip_blanks(behind) - behind > 1;
      return column_before(before, words == 0, padded ? Column::kPadded : Column::kClose, next);
    }
    if (words == 0 && stands_for_name(before)) {
      if (bracketed_level_at(next)) return column_before(before, true, Column::kSure, next);
      if (size_t level = level_behind_dash(next))
        return column_before(before, true, Column::kSure, level);
    }
    end = next;
  }
  return false;
}

bool HeaderReader::column_before(std::string_view before, bool lone, Column column, size_t level) {
  // "http-nio-8080-exec-1 WARN …" (Jira) can be nothing but a thread.
  bool worker = lone && is_digit(before.back()) && before.find('-') != before.npos;
  // "shop.cart WARNING …" (Python) can be nothing but a logger.
  bool dotted = lone && header_.logger.empty() && is_module(before);
  // "app ERROR …", "app: ERROR …", but no file, host or address, and not Nagios' "… ALERT: …".
  bool plain = before.find_first_of(".@/%=") == before.npos && stands_for_name(before) &&
               word_at(line_, level) != "ALERT";
  bool named = column == Column::kSure || (column == Column::kClose && lone && plain);
  if (column != Column::kPadded && !worker && !dotted && !named) return false;
  if (before.back() == ':') before.remove_suffix(1);
  bool name = lone && name_of(before) != Name::kNone;
  bool thread =
      name && header_.thread.empty() && (!named || worker || before.find("hread") != before.npos);
  if (thread && !dotted) {
    header_.thread = before;
  } else {
    (dotted || (name && header_.logger.empty()) ? header_.logger : header_.context) = before;
  }
  at_ = level;
  return true;
}

bool HeaderReader::bracketed_level_at(size_t at) const {
  if (at + 2 >= line_.size() || line_[at] != '[') return false;
  size_t begin = skip_blanks(at + 1);
  std::string_view word = word_at(line_, begin);
  size_t end = skip_blanks(begin + word.size());
  return end < line_.size() && line_[end] == ']' && level_word(word, ']').has_value();
}

size_t HeaderReader::level_behind_dash(size_t at) const {
  if (!line_.substr(at).starts_with("- ")) return 0;
  size_t begin = skip_blanks(at + 1);
  if (!capitals_at(begin)) return 0;
  size_t end = begin + word_at(line_, begin).size();
  return line_.substr(skip_blanks(end)).starts_with("- ") ? begin : 0;
}

void HeaderReader::skip_separators() {
  behind_bar_ = behind_dash_ = behind_colon_ = false;
  while (at_ < line_.size()) {
    char c = line_[at_];
    if (is_blank(c)) {
      ++at_;
      continue;
    }
    if (c == '|') {
      behind_bar_ = true;
    } else if (c == '-') {
      size_t end = line_.find_first_not_of('-', at_);
      // ClamAV: "Fri Jan  2 03:04:05 2026 -> WARNING: …"
      if (header_.time && !header_.severity && line_.substr(at_).starts_with("-> ")) ++end;
      if (end != std::string_view::npos && !is_blank(line_[end])) return;
      at_ = (end == std::string_view::npos ? line_.size() : end) - 1;
      behind_dash_ = true;
    } else if (c == ':' || c == ',') {
      bool alone = at_ + 1 == line_.size() || is_blank(line_[at_ + 1]);
      if (!alone) return;
      behind_colon_ = c == ':';
    } else {
      return;
    }
    ++at_;
  }
}

Header read_header(std::string_view line, TimeZone& zone, int64_t now_ns) {
  Header header;
  HeaderReader(line, zone, now_ns, header).read();
  return header;
}

namespace {

// "auth: Error: no such user", "slurmctld: error: …": what a part of the program says.
std::optional<Severity> level_behind_name(std::string_view message) {
  std::string_view near = message.substr(0, kLongestBracket);
  size_t blank = near.find(' ');
  if (blank == near.npos || blank < 2 || near[blank - 1] != ':') return std::nullopt;
  // An exception's class is none.
  std::string_view name = near.substr(0, blank - 1);
  if (name.ends_with("Error") || name.ends_with("Exception") || name.find("::") != name.npos) {
    return std::nullopt;
  }
  while (blank < message.size() && is_blank(message[blank])) ++blank;
  std::string_view word = word_at(message, blank);
  bool colon = message.substr(blank + word.size()).starts_with(": ");
  return colon ? level_word(word, ':') : std::nullopt;
}

}  // namespace

std::optional<Severity> level_of_first_words(std::string_view message) {
  constexpr Severity error{Level::kError, 17};
  if (message.starts_with("Traceback (most recent call last)") ||
      message.starts_with("Exception in thread ")) {
    return error;
  }
  if (message.starts_with("fatal error:")) return Severity{Level::kFatal, 21};
  if (auto php = level_of_php(message)) return php;
  while (!message.empty() && is_blank(message.front())) message.remove_prefix(1);
  // OpenSSH's three.
  bool ssh = message.starts_with("debug") && message.size() > 6 && is_digit(message[5]) &&
             message[6] == ':';
  if (ssh) return severity_of_word("debug");
  std::string_view word = word_at(message, 0);
  char behind = word.size() < message.size() ? message[word.size()] : ' ';
  auto severity = level_word(word, behind);
  if (!severity) return level_behind_name(message);
  if (behind == ':') return severity;
  // "Error opening file", "warning disk is full": but "debug symbols" is not about the level.
  return is_blank(behind) && severity->level >= Level::kWarn ? severity : std::nullopt;
}

}  // namespace waybill::parsers::text
