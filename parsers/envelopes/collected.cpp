// SPDX-License-Identifier: Apache-2.0
// What commands that print the logs of containers put before each line: `docker logs -t`,
// `kubectl logs --timestamps`, `kubectl logs --prefix`, `docker compose logs`, `docker service
// logs`, pm2. And what supervisors put before the lines of their services: svlogd, s6-log.
#include <algorithm>

#include "core/ascii.h"
#include "parsers/envelopes/envelope.h"

namespace waybill::parsers {

namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kFarthest = 15 * 3600 * kSecondNs;  // of two clocks whose zones differ
constexpr size_t kFront = 48;                         // where a line has its own time
constexpr size_t kLongestName = 80;                   // of a container

// "71:M 02 Jan 2026 03:04:05.678 * …"
bool begins_as_redis(std::string_view text) {
  constexpr std::string_view roles = "MSCX";
  size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  std::string_view behind = text.substr(at);
  return at > 0 && behind.size() > 4 && behind[0] == ':' && roles.find(behind[1]) != roles.npos &&
         behind[2] == ' ' && is_digit(behind[3]);
}

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

// Several pairs, the first of which is a time near to `written`.
bool begins_with_own_time(std::string_view text, const EnvelopeContext& context, int64_t written) {
  for (std::string_view key : {"time=", "ts=", "timestamp=", "t="}) {
    if (!text.starts_with(key)) continue;
    text.remove_prefix(key.size());
    if (text.starts_with('"')) text.remove_prefix(1);
    auto time = text.starts_with("20") ? own_time(text, context) : std::nullopt;
    // More pairs behind it: a time alone is a message.
    return time && text.substr(time->size).find('=') != text.npos &&
           time->ns - written <= kFarthest && written - time->ns <= kFarthest;
  }
  return false;
}

// What has written a time in the front of a line, by its form.
enum class Writer {
  kProgram,
  kRuntime,     // "2026-01-02T03:04:05.678901234Z ", always with nine digits
  kSupervisor,  // "2026-01-02_03:04:05.67890 " (svlogd), "2026-01-02 03:04:05.678901234  " (s6)
};

Writer writer_of(std::string_view line) {
  constexpr size_t svlogd = 25;
  constexpr size_t nine = 29;  // bytes of a time with nine digits
  if (line.size() < nine + 3 || line[19] != '.') return Writer::kProgram;
  if (line[10] == '_') return line[svlogd] == ' ' ? Writer::kSupervisor : Writer::kProgram;
  if (!is_digit(line[nine - 1])) return Writer::kProgram;
  if (line[10] == 'T') {
    size_t end = line[nine] == 'Z' ? nine + 1 : nine + 6;
    return end < line.size() && line[end] == ' ' ? Writer::kRuntime : Writer::kProgram;
  }
  return line[10] == ' ' && line[nine] == ' ' && line[nine + 1] == ' ' ? Writer::kSupervisor
                                                                       : Writer::kProgram;
}

// Programs that write such times themselves go on with what belongs to it: only what is a line
// without it is taken out. (Lines of traces are not: which of them belong to such a line cannot be
// told by themselves.) Behind a time that any program may have written that is what begins with the
// same time as a pair.
bool unwrap_timestamp(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  const Writer writer = writer_of(line);
  if (writer == Writer::kProgram) {
    // The first pair is the time again.
    size_t equals = line.substr(0, kFront).find('=');
    if (equals == line.npos) return false;
    std::string_view value = line.substr(equals + 1);
    if (!value.starts_with("20") && !value.starts_with("\"20")) return false;
  }
  auto time = time_at_start(line, context.zone, context.near_ns);
  if (!time || time->size >= line.size() || line[time->size] != ' ') return false;
  if (writer == Writer::kRuntime && (time->digits != 9 || time->zoneless)) return false;
  std::string_view inside = line.substr(time->size + 1);
  if (writer != Writer::kRuntime && inside.starts_with(' ')) inside.remove_prefix(1);
  const EnvelopeContext near{context.arena, context.zone, time->ns};
  bool is_line = writer == Writer::kProgram
                     ? begins_with_own_time(inside, near, time->ns)
                     : begins_a_line(inside) || has_time_near(inside, near, time->ns);
  if (!is_line) return false;
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

bool is_name_letter(char c) {
  constexpr std::string_view others = "_-.@";
  return is_letter(c) || is_digit(c) || others.find(c) != others.npos;
}

// Where the name begins behind pm2's "0|"; 0 without it.
size_t behind_number(std::string_view line) {
  constexpr size_t most = 4;
  size_t at = 0;
  while (at < line.size() && at < most && is_digit(line[at])) ++at;
  bool number = at > 0 && (line[0] != '0' || at == 1);
  return number && line.substr(at).starts_with('|') ? at + 1 : 0;
}

// The name in the front of `line`, with a blank behind it; none otherwise.
std::string_view name_in_front(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && end < kLongestName && is_name_letter(line[end])) ++end;
  if (end < 2 || end == line.size() || line[end] != ' ') return {};
  std::string_view name = line.substr(0, end);
  return std::any_of(name.begin(), name.end(), is_letter) ? name : std::string_view{};
}

// "web_1  | …", "traefik  | …", "web.1.abc123@node1  | …", "0|web  | …" (pm2), before what is a
// line by itself.
bool unwrap_compose(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  // Most lines have no bar in their front.
  if (line.substr(0, 2 * kLongestName).find('|') == line.npos) return false;
  size_t begin = behind_number(line);
  std::string_view name = name_in_front(line.substr(begin));
  size_t bar = name.empty() ? line.npos : line.find_first_not_of(' ', begin + name.size());
  if (bar == line.npos || !line.substr(bar).starts_with("| ")) return false;
  if (severity_of_word(name)) return false;
  std::string_view inside = line.substr(bar + 2);
  if (!begins_a_line(inside) && !own_time(inside, context) && !begins_as_redis(inside)) {
    return false;
  }
  envelope.clear();
  envelope.program = name;
  if (begin > 0) {
    envelope.process = line.substr(0, begin - 1);
    envelope.add("process", envelope.process, JsonType::kNumber);
  }
  envelope.inside = inside;
  return true;
}

}  // namespace

bool unwrap_collected(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  if (line.empty()) return false;
  bool found = line[0] == '[' && unwrap_pod(line, envelope);
  if (is_digit(line[0])) found = unwrap_timestamp(line, context, envelope);
  if (!found && (is_letter(line[0]) || is_digit(line[0]))) {
    found = unwrap_compose(line, context, envelope);
  }
  if (found) envelope.format = "collected";
  return found;
}

}  // namespace waybill::parsers
