// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/shapes.h"

#include <algorithm>
#include <array>

#include "core/format.h"
#include "parsers/common/source.h"

namespace waybill::parsers::formats {

namespace {

unsigned two_digits(std::string_view text, size_t at) {
  return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

// Copies a time in another notation into one that time_at_start() reads.
std::optional<Time> time_from(std::string_view text, size_t size, TimeZone& zone, int64_t now_ns) {
  auto time = time_at_start(text, zone, now_ns);
  if (time) time->size = size;
  return time;
}

}  // namespace

std::optional<Time> ymd_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  if (text.size() < 13 || text[6] != ' ') return std::nullopt;
  for (size_t i = 0; i < 6; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
  }
  bool colons = text.size() >= 15 && text[9] == ':' && text[12] == ':';
  char form[] = "2000-00-00 00:00:00";
  if (two_digits(text, 0) >= 70) form[0] = '1', form[1] = '9';
  auto copy = [&](size_t from, size_t to) { std::copy_n(text.data() + from, 2, form + to); };
  copy(0, 2);
  copy(2, 5);
  copy(4, 8);
  copy(7, 11);
  if (form[11] == ' ') form[11] = '0';
  copy(colons ? 10 : 9, 14);
  copy(colons ? 13 : 11, 17);
  size_t size = colons ? 15 : 13;
  if (text.size() > size && is_digit(text[size])) return std::nullopt;
  return time_from(form, size, zone, now_ns);
}

std::optional<Time> glog_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 8) return time_at_start(text, zone, now_ns);
  bool year = digits == 6;
  size_t clock = digits + 1;
  size_t end = text.find(' ', clock);
  if ((digits != 4 && !year) || text[digits] != ' ' || end == text.npos || end > 26) {
    return std::nullopt;
  }
  char form[40];
  std::string_view day = text.substr(digits - 4, 4);
  auto made = fmt::format_to_n(form, sizeof form, "{}{}{}{}-{} {}", year ? "20" : "",
                               text.substr(0, digits - 4), year ? "-" : "", day.substr(0, 2),
                               day.substr(2), text.substr(clock, end - clock));
  return time_from({form, made.size}, end, zone, now_ns);
}

std::optional<int64_t> day_at_start(std::string_view text, TimeZone& zone) {
  if (text.size() <= kDateSize || !is_blank(text[kDateSize])) return std::nullopt;
  char form[] = "2000-00-00 12:00:00";
  std::copy_n(text.data(), kDateSize, form);
  if (form[4] == '.' && form[7] == '.') form[4] = form[7] = '-';
  auto noon = time_of_text(form, zone, 0);
  if (!noon || form[4] != '-') return std::nullopt;
  return noon->ns;
}

namespace {

// Reads pieces of a time, each of one or two digits.
struct Pieces {
  std::string_view text;
  size_t at = 0;

  char peek() const { return at < text.size() ? text[at] : '\0'; }
  bool skip(char c) { return peek() == c && ++at > 0; }
  std::string_view digits(size_t most) {
    size_t begin = at;
    while (at - begin < most && is_digit(peek())) ++at;
    return text.substr(begin, at - begin);
  }
};

// "1/2/26 3:04:05:678 UTC", "01/02/2026, 3:04:05 AM": written out for time_at_start().
std::optional<Time> slashed_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  Pieces in{text};
  std::string_view month = in.digits(2);
  if (!in.skip('/')) return std::nullopt;
  std::string_view day = in.digits(2);
  if (!in.skip('/')) return std::nullopt;
  std::string_view year = in.digits(4);
  in.skip(',');
  if (!in.skip(' ')) return std::nullopt;
  std::string_view hour = in.digits(2);
  size_t clock = in.at;
  if (!in.skip(':') || in.digits(2).size() != 2 || !in.skip(':') || in.digits(2).size() != 2) {
    return std::nullopt;
  }
  std::string_view seconds = text.substr(clock, in.at - clock);
  std::string_view fraction;
  if (in.peek() == ':' || in.peek() == '.' || in.peek() == ',') {
    ++in.at;
    fraction = in.digits(9);
  }
  // Node.js writes a narrow blank before "AM".
  constexpr std::string_view narrow = "\xE2\x80\xAF";
  std::string_view rest = text.substr(in.at);
  size_t blank = rest.starts_with(narrow) ? narrow.size() : rest.starts_with(' ') ? 1 : 0;
  std::string_view half = blank > 0 ? rest.substr(blank, 2) : std::string_view{};
  if (half != "AM" && half != "PM") half = {};
  in.at += half.empty() ? 0 : blank + 2;
  auto two = [](std::string_view number) { return number.size() == 1 ? "0" : ""; };
  char form[64];
  auto made =
      fmt::format_to_n(form, sizeof form, "{}{}/{}{}/{}{} {}{}{}{}{}{}{}", two(month), month,
                       two(day), day, year.size() == 2 ? "20" : "", year, two(hour), hour, seconds,
                       fraction.empty() ? "" : ".", fraction, half.empty() ? "" : " ", half);
  size_t written = made.size;
  made = fmt::format_to_n(form + written, sizeof form - written, "{}",
                          text.substr(in.at, std::min<size_t>(text.size() - in.at, 8)));
  auto time = time_at_start({form, written + made.size}, zone, now_ns);
  if (!time || time->size < written) return std::nullopt;
  time->size = in.at + (time->size - written);
  return time;
}

}  // namespace

std::optional<Time> stamp_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  constexpr size_t in_cometbft = 23, in_erlang = 21;
  constexpr size_t in_geth = 18, in_zabbix = 19, in_chromium = 11;
  char form[32];
  if (text.size() >= in_geth && text[5] == '|') {
    std::copy_n(text.data(), in_geth, form);
    form[5] = ' ';
    return time_from({form, in_geth}, in_geth, zone, now_ns);
  }
  if (text.size() >= in_cometbft && text[4] == '-' && text[10] == '|') {
    std::copy_n(text.data(), in_cometbft, form);
    form[10] = ' ';
    return time_from({form, in_cometbft}, in_cometbft, zone, now_ns);
  }
  if (text.size() >= in_erlang && text[2] == '-' && text.substr(11).starts_with("::")) {
    size_t end = std::min({text.find(' '), size_t{28}, text.size()});
    auto made =
        fmt::format_to_n(form, sizeof form, "{} {}", text.substr(0, 11), text.substr(13, end - 13));
    return time_from({form, made.size}, end, zone, now_ns);
  }
  if (text.size() >= in_zabbix && text[8] == ':' && text[15] == '.') {
    auto at = [&](size_t from) { return text.substr(from, 2); };
    auto made = fmt::format_to_n(form, sizeof form, "{}-{}-{} {}:{}:{}{}", text.substr(0, 4), at(4),
                                 at(6), at(9), at(11), at(13), text.substr(15, 4));
    return time_from({form, made.size}, in_zabbix, zone, now_ns);
  }
  if (text.size() > in_geth && is_upper(text[2]) && text[9] == ' ') {
    size_t end = std::min({text.find_first_of(" ]", 10), size_t{22}, text.size()});
    auto made = fmt::format_to_n(form, sizeof form, "{} {} {}", text.substr(0, 2),
                                 text.substr(2, 3), text.substr(5, end - 5));
    return time_from({form, made.size}, end, zone, now_ns);
  }
  if (text.size() > in_chromium && text[4] == '/' && text[in_chromium] == '.') {
    size_t end = in_chromium + 1;
    while (end < text.size() && end < in_chromium + 7 && is_digit(text[end])) ++end;
    auto at = [&](size_t from) { return text.substr(from, 2); };
    auto made = fmt::format_to_n(form, sizeof form, "{}-{} {}:{}:{}{}", at(0), at(2), at(5), at(7),
                                 at(9), text.substr(in_chromium, end - in_chromium));
    return time_from({form, made.size}, end, zone, now_ns);
  }
  return slashed_time(text, zone, now_ns);
}

std::optional<Time> time_of_event(std::string_view pairs, TimeZone& zone, int64_t now_ns) {
  for (std::string_view key : {"rt=", "end=", "start=", "devTime=", "UNIFIutcTime="}) {
    size_t at = pairs.find(key);
    auto in_name = [](char c) { return is_letter(c) || is_digit(c); };
    while (at != pairs.npos && at > 0 && in_name(pairs[at - 1])) at = pairs.find(key, at + 1);
    if (at == pairs.npos) continue;
    std::string_view value = pairs.substr(at + key.size());
    auto time = time_of_number(value.substr(0, value.find_first_of(" \t")));
    if (!time) time = time_at_start(value, zone, now_ns);
    if (time) return time;
  }
  return std::nullopt;
}

std::optional<Time> day_month_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  constexpr size_t size = 15;
  bool fits = text.size() > size && is_upper(text[3]) && text[2] == ' ' && text[6] == ' ' &&
              text[9] == ':' && text[size] == ' ';
  return fits ? time_from(text.substr(0, size), size, zone, now_ns) : std::nullopt;
}

bool is_place(std::string_view word) {
  // A function may stand behind file and line.
  if (word.ends_with("()")) word = word.substr(0, word.rfind(':'));
  return is_source(word);
}

bool is_name(std::string_view word) {
  static constexpr auto kAllowed = [] {
    std::array<bool, 256> allowed{};
    for (int c = 0; c < 256; ++c)
      allowed[static_cast<size_t>(c)] =
          is_letter(static_cast<char>(c)) || is_digit(static_cast<char>(c));
    for (char c : std::string_view("._$/:@#-")) allowed[static_cast<size_t>(c)] = true;
    return allowed;
  }();
  bool letters = false;
  for (char c : word) {
    if (!kAllowed[static_cast<unsigned char>(c)]) return false;
    letters = letters || is_letter(c);
  }
  return letters && (is_letter(word.front()) || is_digit(word.front()) || word.front() == '_');
}

bool is_dotted(std::string_view word) { return word.find('.') != word.npos && is_name(word); }

bool is_category(std::string_view word, std::string_view level) {
  size_t last = word.rfind('.');
  return level.size() == 4 && is_dotted(word) && is_upper(word.front()) && last + 1 < word.size() &&
         is_upper(word[last + 1]);
}

bool is_hex_id(std::string_view word) {
  return word.size() == 8 && std::all_of(word.begin(), word.end(), [](char c) {
           return is_digit(c) || (is_letter(c) && (c | 0x20) <= 'f');
         });
}

bool is_squid(std::string_view word) {
  size_t end = word.size();
  while (end > 0 && is_digit(word[end - 1])) --end;
  return word.substr(0, end) == "kid" || word.substr(0, end) == "squid";
}

bool is_capitals(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

bool is_mosquitto(std::string_view message) {
  constexpr std::array<std::string_view, 17> words = {
      "Client",  "mosquitto", "Socket",   "Saving",   "Config",     "Opening",
      "Loading", "Sending",   "Received", "Starting", "Connecting", "Bridge",
      "Denied",  "Outgoing",  "Restored", "Plugin",   "Shutting"};
  if (message.starts_with("New ")) {
    return message.substr(4).starts_with("connection ") || message.substr(4).starts_with("client ");
  }
  return std::find(words.begin(), words.end(), message.substr(0, message.find(' '))) != words.end();
}

bool is_uuid(std::string_view word) {
  if (word.size() != 36) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char lower = static_cast<char>(word[i] | 0x20);
    bool hex = is_digit(word[i]) || (is_letter(word[i]) && lower <= 'f');
    if (dash ? word[i] != '-' : !hex) return false;
  }
  return true;
}

bool is_class(std::string_view word) {
  size_t dots = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    bool inside = is_letter(c) || is_digit(c) || c == '_' || c == '$' || c == '.' || c == '-';
    if (!inside) return false;
    if (c == '.') {
      ++dots;
      if (i == 0 || i + 1 == word.size() || !is_letter(word[i + 1])) return false;
    }
  }
  if (dots == 0 || !is_letter(word[0])) return false;
  char first = word[word.rfind('.') + 1];
  return dots >= 2 || (first >= 'A' && first <= 'Z');
}

size_t size_of_csv(std::string_view text, std::string_view& value) {
  if (!text.starts_with('"')) {
    value = text.substr(0, text.find(','));
    return value.size();
  }
  size_t end = 1;
  while (end < text.size() && (text[end] != '"' || text.substr(end + 1).starts_with('"'))) {
    end += text[end] == '"' ? 2 : 1;
  }
  if (end >= text.size()) return text.npos;
  value = text.substr(1, end - 1);
  return end + 1;
}

size_t size_of_clients(std::string_view text) {
  size_t end = 0;
  for (;;) {
    while (end < text.size() && !is_blank(text[end])) ++end;
    bool more =
        end > 1 && text[end - 1] == ',' && end + 1 < text.size() && !is_blank(text[end + 1]);
    if (!more) return end;
    ++end;
  }
}

size_t size_of_user(std::string_view text) {
  if (text.starts_with("- ")) return 1;  // the usual one
  constexpr size_t longest = 64;
  size_t end = std::min(text.find(' '), text.size());
  if (text.substr(0, end) == "-" || text.substr(end).starts_with(" [")) return end;
  size_t more = text.substr(0, longest).find(" [");
  bool names = more != text.npos && text.substr(0, more).find('"') == text.npos;
  return names ? more : end;
}

std::optional<Severity> websphere_level(char letter) {
  switch (letter) {
    case 'F':
    case 'E':
    case 'W':
    case 'I':
    case 'D': return severity_of_word({&letter, 1});
    case 'A': return severity_of_word("notice");
    case 'C': return severity_of_word("config");
    case '1':
    case '2':
    case '3':
    case '>':
    case '<': return severity_of_word("trace");
    default: return std::nullopt;
  }
}

}  // namespace waybill::parsers::formats
