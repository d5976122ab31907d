// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/fields.h"

#include <algorithm>

#include "parsers/formats/shapes.h"

namespace waybill::parsers::formats {

namespace {

// RFC 5424, section 6.2.1.
size_t syslog_severity(std::string_view text, Match& match) {
  constexpr std::string_view words[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};
  if (text.empty() || text[0] < '0' || text[0] > '7') return 0;
  match.severity = severity_of_word(words[text[0] - '0']);
  return 1;
}

// redis.conf, "loglevel": . debug, - verbose, * notice, # warning.
size_t redis(std::string_view text, Match& match) {
  constexpr std::string_view signs = ".-*#";
  constexpr std::string_view words[] = {"debug", "verbose", "notice", "warning"};
  size_t found = text.empty() ? signs.npos : signs.find(text[0]);
  if (found == signs.npos) return 0;
  match.level_word = words[found];
  match.severity = severity_of_word(words[found]);
  return 1;
}

size_t initial(std::string_view text, Match& match) {
  if (text.empty() || !is_upper(text[0])) return 0;
  auto severity = severity_of_word(text.substr(0, 1));
  size_t end = text.size() > 1 && is_digit(text[1]) ? 2 : 1;
  bool apart = end == text.size() || (!is_letter(text[end]) && !is_digit(text[end]));
  if (!severity || !apart) return 0;
  match.severity = severity;
  match.level_word = text.substr(0, end);
  return end;
}

// SSSD's debug levels: 0x0010 fatal, 0x0020 critical, 0x0040 an operation failed, 0x0080 a minor
// failure, 0x0100 the configuration, 0x0200 data, from 0x0400 on traces (sssd.conf(5)).
size_t sssd(std::string_view text, Match& match) {
  if (!text.starts_with("0x")) return 0;
  size_t end = 2;
  while (end < text.size() && (is_digit(text[end]) || (text[end] >= 'a' && text[end] <= 'f'))) {
    ++end;
  }
  std::string_view digits = text.substr(2, end - 2);
  bool whole = end == text.size() || !is_letter(text[end]);
  if (!whole || digits.size() < 2 || digits.size() > 6) return 0;
  // Levels are single bits: what counts is the place of the highest one.
  size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  std::string_view bits = digits.substr(zeros);
  char first = bits.empty() ? '0' : bits[0];
  std::string_view word = "debug";
  if (bits.size() <= 1) {
    word = "fatal";
  } else if (bits.size() == 2) {
    word = first == '1' ? "fatal" : first == '2' ? "critical" : first < '8' ? "error" : "warning";
  } else if (bits.size() == 3 && first < '4') {
    word = "info";
  }
  match.severity = severity_of_word(word);
  match.level_word = text.substr(0, end);
  return end;
}

size_t websphere(std::string_view text, Match& match) {
  if (text.empty()) return 0;
  match.severity = websphere_level(text[0]);
  if (match.severity) match.level_word = text.substr(0, 1);
  return 1;
}

}  // namespace

size_t take_sign(Type type, std::string_view text, Match& match) {
  switch (type) {
    case Type::kSeverity: return syslog_severity(text, match);
    case Type::kRedis: return redis(text, match);
    case Type::kInitial: return initial(text, match);
    case Type::kWebsphere: return websphere(text, match);
    case Type::kSssd: return sssd(text, match);
    default: return 0;
  }
}

void take_request(std::string_view value, Match& match) {
  match.add({Place::kMessage, Type::kText, {}, value.empty() ? std::string_view("-") : value});
  size_t first = value.find(' ');
  size_t last = value.rfind(' ');
  if (first == std::string_view::npos || first == 0) return;
  if (!std::all_of(value.begin(), value.begin() + static_cast<ptrdiff_t>(first), is_letter)) return;
  match.add({Place::kContext, Type::kText, "method", value.substr(0, first)});
  bool protocol = last > first && value.substr(last + 1).starts_with("HTTP/");
  size_t end = protocol ? last : value.size();
  match.add(
      {Place::kContext, Type::kText, "path", trimmed(value.substr(first + 1, end - first - 1))});
  if (protocol) match.add({Place::kContext, Type::kText, "protocol", value.substr(last + 1)});
}

// "203.0.113.9:4711", "[2001:db8::9]:4711", and full IPv6 addresses with a port behind them
// (Apache). Of a shortened IPv6 address a port cannot be told.
void take_peer(const Step& step, std::string_view value, Match& match) {
  size_t colon = value.rfind(':');
  auto colons = std::count(value.begin(), value.end(), ':');
  bool bracket = value.starts_with('[') && colon != value.npos && value[colon - 1] == ']';
  std::string_view digits = value.substr(colon == value.npos ? value.size() : colon + 1);
  // A number of JSON has no zero in front.
  bool port = (colons == 1 || colons == 8 || bracket) && !digits.empty() &&
              (digits[0] != '0' || digits.size() == 1) &&
              std::all_of(digits.begin(), digits.end(), is_digit);
  if (!port) return match.keep(step, value, Type::kText);
  match.keep(step, bracket ? value.substr(1, colon - 2) : value.substr(0, colon), Type::kText);
  match.add(
      {Place::kContext, Type::kNum, step.name == "client" ? "client_port" : "target_port", digits});
}

// nginx: ngx_http_log_error() appends what it knows of the request.
void take_nginx(std::string_view rest, Match& match) {
  size_t tail = rest.find(", client: ");
  match.add({Place::kMessage, Type::kText, "message", rest.substr(0, tail)});
  while (tail < rest.size() && match.count + 4 < Match::kMost) {
    rest.remove_prefix(tail + 2);
    size_t colon = rest.find(": ");
    if (colon == std::string_view::npos) break;
    std::string_view name = rest.substr(0, colon);
    rest.remove_prefix(colon + 2);
    bool quotes = rest.starts_with('"');
    size_t end = std::min(quotes ? rest.find('"', 1) : rest.find(", "), rest.size());
    std::string_view value = quotes ? rest.substr(1, end - 1) : rest.substr(0, end);
    match.add({Place::kContext, Type::kText, name, value});
    tail = std::min(rest.find(", ", end), rest.size());
  }
}

size_t take_postgres(std::string_view line, size_t at, size_t colon, const Step& step,
                     Match& match) {
  size_t end = colon > at && is_digit(line[colon - 1]) ? colon - 1 : colon;  // "DEBUG1"
  size_t begin = end;
  while (begin > at && is_letter(line[begin - 1])) --begin;
  std::string_view word = line.substr(begin, end - begin);
  constexpr std::string_view more[] = {"STATEMENT", "DETAIL", "HINT", "CONTEXT", "QUERY"};
  bool part = std::find(std::begin(more), std::end(more), word) != std::end(more);
  auto severity = part ? severity_of_word("log") : severity_of_word(word);
  if (!severity || word.size() < 3) return line.npos;
  match.severity = severity;
  if (!part) match.level_word = line.substr(begin, colon - begin);
  std::string_view session = trimmed(line.substr(at, begin - at));
  if (!session.empty()) match.keep(step, session, Type::kText);
  // "DETAIL:  …" is part of what is said, with the blank before it.
  return !part ? colon + 1 : begin > at ? begin - 1 : begin;
}

void take_line(std::string_view& value, Match& match) {
  size_t colon = value.rfind(':');
  if (colon == value.npos || colon + 1 == value.size() || value[colon + 1] == '0') return;
  std::string_view line = value.substr(colon + 1);
  if (!std::all_of(line.begin(), line.end(), is_digit)) return;
  value = value.substr(0, colon);
  match.add({Place::kContext, Type::kNum, "line", line});
}

}  // namespace waybill::parsers::formats
