// SPDX-License-Identifier: Apache-2.0
#include "parsers/text/header.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"

namespace waybill::parsers::text {

namespace {

constexpr size_t kLongestBracket = 64;
constexpr size_t kLongestThread = 256;  // behind time and level

std::string_view word_at(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && is_letter(line[end])) ++end;
  return line.substr(at, end - at);
}

bool equal_but_case(std::string_view word, std::string_view lower) {
  return std::equal(word.begin(), word.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

constexpr bool is_in(std::string_view set, char c) {
  for (char each : set) {
    if (each == c) return true;
  }
  return false;
}

// "a.b.C", "c::d", "net/http", "Foo$Bar", "UserService", "user_service": no word of a sentence.
enum class Name { kNone, kWord, kQualified };
constexpr std::array<bool, 256> kInNames = [] {
  std::array<bool, 256> in{};
  for (char c : std::string_view("._$/:@#-<>~+")) in[static_cast<unsigned char>(c)] = true;
  return in;
}();
Name name_of(std::string_view text) {
  if (text.size() < 2 || !is_letter(text.front())) return Name::kNone;
  Name name = Name::kWord;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (is_letter(c) || is_digit(c)) {
      // A capital behind a small letter.
      if (i > 0 && is_upper(c) && text[i - 1] >= 'a' && text[i - 1] <= 'z') name = Name::kQualified;
      continue;
    }
    if (!kInNames[static_cast<unsigned char>(c)]) return Name::kNone;
    if (c != '-' && c != ':') name = Name::kQualified;
    if (c == ':' && i + 1 < text.size() && text[i + 1] == ':') name = Name::kQualified;
  }
  return text.back() == ':' || text.find("//") != text.npos ? Name::kNone : name;
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
  constexpr std::array<std::string_view, 8> prose = {"log",   "http", "config", "default",
                                                     "silly", "fine", "note",   "system"};
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

class HeaderReader {
 public:
  HeaderReader(std::string_view line, TimeZone& zone, int64_t now_ns)
      : line_(line), zone_(zone), now_ns_(now_ns) {}

  Header read() {
    // Vault and Consul indent their lines. What is indented and has no time is a message.
    at_ = skip_blanks(0);
    if (at_ > 0) {
      if (!time()) return header_;
      skip_separators();
      header_.size = at_;
    }
    while (at_ < line_.size() && element()) {
      skip_separators();
      header_.size = at_;
    }
    return header_;
  }

 private:
  bool element() {
    char c = line_[at_];
    if (c == '[' || c == '<' || c == '(') return bracket(c == '[' ? ']' : c == '<' ? '>' : ')');
    if (!header_.logger.empty()) return false;
    return time() || level() || process() || column() || between_bars() || logger();
  }

  bool time() {
    if (header_.time) return false;
    auto time = time_at_start(line_.substr(at_), zone_, now_ns_);
    if (!time) return false;
    size_t end = at_ + time->size;
    // "2026-01-02T03:04:05abc" is a name, not a time.
    if (end < line_.size() && (is_letter(line_[end]) || line_[end] == '_')) return false;
    header_.time = time;
    at_ = end;
    return true;
  }

  bool level() {
    if (header_.severity) return false;
    std::string_view word = word_at(line_, at_);
    size_t end = at_ + word.size();
    char behind = end < line_.size() ? line_[end] : ' ';
    bool apart = is_blank(behind) || behind == ':' || behind == '|' || behind == ']';
    // Without a time before it, a word in small letters is the message's own.
    if (!apart || (!all_upper(word) && !header_.time)) return false;
    // logrotate's "ALERT exited abnormally": no logger writes so without a time.
    if (!header_.time && is_blank(behind) && word == "ALERT") return false;
    auto severity = level_word(word, behind);
    if (!severity) return false;
    take_level(word, *severity);
    at_ = end;
    return true;
  }

  void take_level(std::string_view word, Severity severity) {
    header_.level_word = word;
    header_.severity = severity;
  }

  // One or two numbers between the time and the level (Python, Android), or one before Spring
  // Boot's "---".
  bool process() {
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

  // A level of one letter counts behind a process alone (Android).
  void take_letter() {
    if (header_.severity || word_at(line_, at_).size() != 1) return;
    take_level(line_.substr(at_, 1), *severity_of_word(line_.substr(at_, 1)));
    ++at_;
  }

  bool level_at(size_t at) const {
    if (at < line_.size() && (line_[at] == '[' || line_[at] == '<')) ++at;
    std::string_view word = word_at(line_, at);
    char behind = at + word.size() < line_.size() ? line_[at + word.size()] : ' ';
    bool apart = is_blank(behind) || behind == ':' || behind == '|' || behind == ']' ||
                 behind == '>' || behind == '/';
    if (!apart || word.empty()) return false;
    if (word.size() > 1) return level_word(word, behind).has_value();
    return is_upper(word[0]) && severity_of_word(word).has_value();
  }

  std::string_view number_at(size_t at) const {
    size_t end = at;
    while (end < line_.size() && is_digit(line_[end])) ++end;
    bool alone = end < line_.size() && is_blank(line_[end]);
    return alone ? line_.substr(at, end - at) : std::string_view{};
  }

  size_t skip_blanks(size_t at) const {
    while (at < line_.size() && is_blank(line_[at])) ++at;
    return at;
  }

  // Whether a level in capitals stands at `at`.
  bool capitals_at(size_t at) const {
    std::string_view word = word_at(line_, at);
    return word.size() >= 4 && all_upper(word) && level_at(at);
  }

  // "2022-06-02T12:12:38.414Z worker-5  INFO  …": what stands between a time and a level is not the
  // message's, if the level stands in a column: two blanks before or behind it.
  bool column() {
    if (!header_.time || header_.severity || !header_.context.empty()) return false;
    constexpr int most_words = 3;
    size_t end = at_;
    for (int words = 0; words < most_words; ++words) {
      while (end < line_.size() && !is_blank(line_[end])) ++end;
      if (end == line_.size() || end - at_ > kLongestBracket) return false;
      size_t next = skip_blanks(end);
      if (capitals_at(next)) {
        size_t behind = next + word_at(line_, next).size();
        bool padded = next - end > 1 || skip_blanks(behind) - behind > 1;
        std::string_view before = line_.substr(at_, end - at_);
        if (!padded) return false;
        bool thread = words == 0 && header_.thread.empty() && name_of(before) != Name::kNone;
        (thread ? header_.thread : header_.context) = before;
        at_ = next;
        return true;
      }
      end = next;
    }
    return false;
  }

  // "2022-12-17 22:04:41.7|Warn|Auth|…": what stands between bars is a name.
  bool between_bars() {
    if (!behind_bar_ || !header_.time || !header_.severity) return false;
    size_t end = line_.find('|', at_);
    if (end == std::string_view::npos || end - at_ > kLongestBracket) return false;
    std::string_view inside = trimmed(line_.substr(at_, end - at_));
    if (inside.empty() || !place(inside)) return false;
    at_ = end;
    return true;
  }

  // "a.b.C: …", "name - …", "name : …".
  bool logger() {
    // "time - name - message" says by its dashes what it is, without a level.
    if (!header_.time || (!header_.severity && !behind_dash_)) return false;
    size_t end = at_;
    while (end < line_.size() && !is_blank(line_[end])) ++end;
    std::string_view word = line_.substr(at_, end - at_);
    if (word.size() > 1 && word.back() == ':' && end < line_.size()) {
      word.remove_suffix(1);
      if (name_of(word) != Name::kQualified) return false;
    } else {
      size_t next = skip_blanks(end);
      bool apart = next > end && next + 1 < line_.size() && is_blank(line_[next + 1]) &&
                   (line_[next] == '-' || line_[next] == ':');
      if (!apart || name_of(word) == Name::kNone) return false;
      end = next + 1;
    }
    header_.logger = word;
    at_ = end;
    return true;
  }

  bool bracket(char closing) {
    bool number = at_ + 1 < line_.size() && is_digit(line_[at_ + 1]);
    size_t longest = header_.time || number ? kLongestThread : kLongestBracket;
    size_t end = closing_of(at_, closing, longest);
    if (end == std::string_view::npos) return false;
    std::string_view inside = trimmed(line_.substr(at_ + 1, end - at_ - 1));
    if (inside.empty()) return false;
    if (!bracketed(inside, closing) && !aside(inside, closing, end + 1)) return false;
    at_ = end + 1;
    return true;
  }

  // The end of the bracket at `at`, others inside it included.
  size_t closing_of(size_t at, char closing, size_t longest) const {
    int depth = 0;
    for (size_t i = at; i < line_.size() && i - at <= longest; ++i) {
      if (line_[i] == line_[at]) ++depth;
      if (line_[i] == closing && --depth == 0) return i;
    }
    return std::string_view::npos;
  }

  // "[req=7, org=x] INFO …", "INFO [Peer[myid=1]/0:2181] - …": no thread by its letters, but by its
  // place none of the message.
  bool aside(std::string_view inside, char closing, size_t end) {
    if (closing != ']' || !header_.time || !header_.context.empty()) return false;
    size_t next = skip_blanks(end);
    bool before_level = !header_.severity && capitals_at(next);
    bool dash = header_.severity && next + 1 < line_.size() && line_[next] == '-' &&
                is_blank(line_[next + 1]);
    if (!before_level && !dash) return false;
    bool logger = dash && header_.logger.empty() && name_of(inside) != Name::kNone;
    (logger ? header_.logger : header_.context) = inside;
    return true;
  }

  bool bracketed(std::string_view inside, char closing) {
    if (!header_.severity) {
      bool word = word_at(inside, 0).size() == inside.size();
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
    return (header_.time || header_.severity) && place(inside);
  }

  // "[2017-11-09T02:12:24Z ERROR main]", "[DEBUG 2015-05-20 12:22:19 main]".
  bool several(std::string_view inside) {
    if (header_.severity || inside.find(' ') == std::string_view::npos) return false;
    HeaderReader reader(inside, zone_, now_ns_);
    Header header = reader.read();
    if (!header.time) return false;
    std::string_view rest = trimmed(inside.substr(header.size));
    if (!rest.empty() && header.logger.empty() && name_of(rest) != Name::kNone) {
      header.logger = rest;
      rest = {};
    }
    if (!rest.empty()) return false;
    header_ = header;
    return true;
  }

  // A name in brackets or between bars: a dotted one is the logger, any other the thread. With
  // time and level known, a thread's name may hold blanks ("IPC Server handler 19").
  bool place(std::string_view inside) {
    for (char c : inside) {
      if (is_in("=\"{[,", c)) return false;
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
    bool blanks = std::any_of(inside.begin(), inside.end(), is_blank);
    if (!header_.thread.empty() || (blanks && (!header_.time || !header_.severity))) return false;
    header_.thread = inside;
    return true;
  }

  void skip_separators() {
    behind_bar_ = behind_dash_ = false;
    while (at_ < line_.size()) {
      char c = line_[at_];
      if (c == '|') {
        behind_bar_ = true;
      } else if (c == '-') {
        size_t end = line_.find_first_not_of('-', at_);
        if (end != std::string_view::npos && !is_blank(line_[end])) return;
        at_ = (end == std::string_view::npos ? line_.size() : end) - 1;
        behind_dash_ = true;
      } else if (c == ':' || c == ',') {
        bool alone = at_ + 1 == line_.size() || is_blank(line_[at_ + 1]);
        if (!alone) return;
      } else if (!is_blank(c)) {
        return;
      }
      ++at_;
    }
  }

  std::string_view line_;
  TimeZone& zone_;
  int64_t now_ns_;
  size_t at_ = 0;
  bool behind_bar_ = false;
  bool behind_dash_ = false;
  Header header_;
};

}  // namespace

Header read_header(std::string_view line, TimeZone& zone, int64_t now_ns) {
  return HeaderReader(line, zone, now_ns).read();
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
