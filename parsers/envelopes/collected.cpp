// SPDX-License-Identifier: Apache-2.0
// What commands that print the logs of containers put before each line: `docker logs -t`,
// `kubectl logs --timestamps`, `kubectl logs --prefix`, `docker compose logs`.
#include "core/ascii.h"
#include "parsers/envelopes/envelope.h"

namespace waybill::parsers {

namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kFarthest = 15 * 3600 * kSecondNs;  // of two clocks whose zones differ
constexpr size_t kFront = 48;                         // where a line has its own time
constexpr size_t kLongestName = 80;                   // of a container

// "{"a":…", "time=…", "I0102 03:…", "203.0.113.9 - - [02/Jan/…": what programs begin a line with.
bool begins_a_line(std::string_view text) {
  if (text.starts_with("{\"") || text.starts_with("{ \"")) return true;
  for (std::string_view key : {"time=", "ts=", "level=", "timestamp=", "t=20"}) {
    if (text.starts_with(key)) return true;
  }
  constexpr std::string_view glog = "IWEF";
  if (text.size() > 14 && glog.find(text[0]) != text.npos && is_digit(text[1]) &&
      is_digit(text[4]) && text[5] == ' ' && is_digit(text[6]) && text[8] == ':') {
    return true;
  }
  size_t dash = text.substr(0, kFront).find(" - ");
  return dash != text.npos && text.substr(dash, kFront).find(" [") != text.npos &&
         text.find(' ') == dash;
}

// A time with its date, at the front or behind a '['; not the clock alone.
std::optional<Time> own_time(std::string_view text, const EnvelopeContext& context) {
  constexpr size_t shortest = 14;
  if (text.starts_with('[') || text.starts_with('<')) text.remove_prefix(1);
  if (text.size() < shortest || text[2] == ':' || text[1] == ':') return std::nullopt;
  auto time = time_at_start(text, context.zone, context.near_ns);
  if (time && time->size < shortest) return std::nullopt;
  return time;
}

// Whether a word in the front of `text` begins a time near to `written`.
bool has_time_near(std::string_view text, const EnvelopeContext& context, int64_t written) {
  const size_t end = std::min(text.size(), kFront);
  for (size_t at = 0; at < end; ++at) {
    bool word = at == 0 || is_blank(text[at - 1]);
    char first = text[at];
    if (!word || (!is_digit(first) && !is_upper(first) && first != '[')) continue;
    auto time = own_time(text.substr(at), context);
    if (time && time->ns - written <= kFarthest && written - time->ns <= kFarthest) return true;
  }
  return false;
}

// "2026-01-02T03:04:05.678901234Z …", always with nine digits. Programs that write such times
// themselves go on with what belongs to it: only what is a line without it is taken out. (Lines of
// traces are not: which of them belong to such a line cannot be told by themselves.)
bool unwrap_timestamp(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  constexpr size_t zone = 29;
  if (line.size() < zone + 3 || line[10] != 'T' || line[19] != '.' || !is_digit(line[zone - 1])) {
    return false;
  }
  size_t end = line[zone] == 'Z' ? zone + 1 : zone + 6;
  if (end >= line.size() || line[end] != ' ') return false;
  std::string_view inside = line.substr(end + 1);
  auto time = time_of_text(line.substr(0, end), context.zone, context.near_ns);
  if (!time || time->digits != 9 || time->zoneless) return false;
  if (!begins_a_line(inside) &&
      !has_time_near(inside, EnvelopeContext{context.arena, context.zone, time->ns}, time->ns)) {
    return false;
  }
  envelope.clear();
  envelope.time = time;
  envelope.inside = inside;
  return true;
}

// "[pod/shop-7/main] …"
bool unwrap_pod(std::string_view line, Envelope& envelope) {
  constexpr std::string_view front = "[pod/";
  if (!line.starts_with(front)) return false;
  size_t slash = line.find('/', front.size());
  size_t end = line.find("] ");
  if (end == line.npos || slash == line.npos || slash > end || end - slash < 2) return false;
  std::string_view pod = line.substr(front.size(), slash - front.size());
  std::string_view container = line.substr(slash + 1, end - slash - 1);
  if (pod.empty() || line.find(' ') < end) return false;
  envelope.clear();
  envelope.host = pod;
  envelope.process = container;
  envelope.add("pod", pod);
  envelope.add("container", container);
  envelope.inside = line.substr(end + 2);
  return true;
}

// "web_1  | …", "shop-web-1  | …", before what is a line by itself.
bool unwrap_compose(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  size_t end = 0;
  while (end < line.size() && end < kLongestName &&
         (is_lower(line[end]) || is_digit(line[end]) || line[end] == '_' || line[end] == '-' ||
          line[end] == '.')) {
    ++end;
  }
  if (end < 3 || end == line.size() || line[end] != ' ' || !is_digit(line[end - 1])) return false;
  size_t number = end;
  while (number > 0 && is_digit(line[number - 1])) --number;
  bool numbered = number > 1 && (line[number - 1] == '_' || line[number - 1] == '-');
  size_t bar = line.find_first_not_of(' ', end);
  if (!numbered || bar == line.npos || !line.substr(bar).starts_with("| ")) return false;
  std::string_view inside = line.substr(bar + 2);
  if (!begins_a_line(inside) && !own_time(inside, context)) return false;
  envelope.clear();
  envelope.program = line.substr(0, end);
  envelope.inside = inside;
  return true;
}

}  // namespace

bool unwrap_collected(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  if (line.empty()) return false;
  bool found = is_digit(line[0])   ? unwrap_timestamp(line, context, envelope)
               : line[0] == '['    ? unwrap_pod(line, envelope)
               : is_lower(line[0]) ? unwrap_compose(line, context, envelope)
                                   : false;
  if (found) envelope.format = "collected";
  return found;
}

}  // namespace waybill::parsers
