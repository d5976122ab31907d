// SPDX-License-Identifier: Apache-2.0
// Syslog: RFC 5424, RFC 3164 and what is written in its place.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/ascii.h"
#include "core/json_text.h"
#include "parsers/envelopes/envelope.h"

namespace waybill::parsers {

namespace {

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr int kHighestPriority = 191;
constexpr size_t kLongestTag = 64;
// What lumberjack (CEE, rsyslog) puts before a message that is JSON.
constexpr std::string_view kCookie = "@cee:";

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view word_of(std::string_view text) {
  return text.substr(0, std::min(text.find(' '), text.size()));
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// "<34>"; false when there is none. RFC 5424 section 6.2.1; no leading zeros.
bool read_priority(std::string_view& text, int& priority) {
  if (!text.starts_with('<')) return false;
  size_t end = text.substr(0, 5).find('>');
  if (end == std::string_view::npos || end < 2) return false;
  std::string_view digits = text.substr(1, end - 1);
  if (!all_digits(digits) || (digits.size() > 1 && digits[0] == '0')) return false;
  priority = 0;
  for (char c : digits) priority = priority * 10 + (c - '0');
  if (priority > kHighestPriority) return false;
  text.remove_prefix(end + 1);
  return true;
}

void set_priority(Envelope& envelope, int priority) {
  envelope.severity = severity_of_syslog(priority % 8);
  envelope.add("facility", kFacilities[static_cast<size_t>(priority / 8)]);
}

void set_process(Envelope& envelope, std::string_view process) {
  bool number =
      all_digits(process) && process.size() < 19 && (process[0] != '0' || process.size() == 1);
  envelope.process = process;
  envelope.add(number ? "pid" : "procid", process, number ? JsonType::kNumber : JsonType::kString);
}

void set_host(Envelope& envelope, std::string_view host) {
  envelope.host = host;
  envelope.add("hostname", host);
}

// ---- RFC 5424 ----

std::string_view in_arena(Arena& arena, std::string_view first, std::string_view second) {
  char* copy = arena.allocate(first.size() + second.size() + 1);
  std::memcpy(copy, first.data(), first.size());
  copy[first.size()] = '.';
  std::memcpy(copy + first.size() + 1, second.data(), second.size());
  return {copy, first.size() + second.size() + 1};
}

// A value between quotes; '"', '\' and ']' have a backslash before them (section 6.3.3).
bool read_value(std::string_view& text, Arena& arena, std::string_view& value) {
  size_t end = 1;
  bool escaped = false;
  for (; end < text.size() && text[end] != '"'; ++end) {
    if (text[end] == '\\') {
      escaped = true;
      ++end;
    }
  }
  if (end >= text.size()) return false;
  value = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  if (!escaped) return true;
  char* out = arena.allocate(value.size());
  size_t size = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    constexpr std::string_view special = "\"\\]";
    bool quoted = value[i] == '\\' && i + 1 < value.size() &&
                  special.find(value[i + 1]) != std::string_view::npos;
    out[size++] = value[quoted ? ++i : i];
  }
  value = {out, size};
  return true;
}

// "[id name="value" …]…", or "-".
bool read_structured_data(std::string_view& text, Arena& arena, Envelope& envelope) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    return text.empty() || text.front() == ' ';
  }
  if (!text.starts_with('[')) return false;
  while (text.starts_with('[')) {
    text.remove_prefix(1);
    size_t end = text.find_first_of(" ]=\"");
    if (end == 0 || end == std::string_view::npos || text[end] == '=' || text[end] == '"') {
      return false;
    }
    std::string_view id = text.substr(0, end);
    text.remove_prefix(end);
    skip_blanks(text);
    bool empty = true;
    while (!text.empty() && text.front() != ']') {
      size_t equals = text.find_first_of("= ]\"");
      if (equals == 0 || equals == std::string_view::npos || text[equals] != '=') return false;
      std::string_view name = text.substr(0, equals);
      text.remove_prefix(equals + 1);
      skip_blanks(text);
      std::string_view value;
      if (!text.starts_with('"') || !read_value(text, arena, value)) return false;
      envelope.add(in_arena(arena, id, name), value);
      empty = false;
      skip_blanks(text);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    if (empty) envelope.add(id, "");
  }
  return text.empty() || text.front() == ' ';
}

// Behind the priority: "1 TIME HOST APP PROC MSGID SD[ MSG]".
bool read_5424(std::string_view text, const EnvelopeContext& context, Envelope& envelope) {
  std::string_view version = word_of(text);
  if (!all_digits(version) || version.size() > 3 || version[0] == '0') return false;
  text.remove_prefix(version.size());
  std::array<std::string_view, 5> header;
  for (std::string_view& part : header) {
    if (!text.starts_with(' ')) return false;
    skip_blanks(text);
    part = word_of(text);
    if (part.empty()) return false;
    text.remove_prefix(part.size());
  }
  if (header[0] != "-") {
    envelope.time = time_of_text(header[0], context.zone, context.near_ns);
    if (!envelope.time) return false;
  }
  if (header[1] != "-") set_host(envelope, header[1]);
  if (header[2] != "-") envelope.program = header[2];
  if (header[3] != "-") set_process(envelope, header[3]);
  if (header[4] != "-") envelope.add("msgid", header[4]);
  skip_blanks(text);
  if (!read_structured_data(text, context.arena, envelope)) return false;
  if (!text.empty()) text.remove_prefix(1);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  envelope.inside = text;
  return true;
}

// ---- RFC 3164 and its dialects ----

// "app[71]: ", "app: ", "Some App[71]: ", "app[71] (more): "; the text behind it stays. Without a
// tag nothing changes.
bool read_tag(std::string_view& text, Envelope& envelope) {
  if (text.starts_with(kCookie)) return false;
  std::string_view head = text.substr(0, kLongestTag);
  size_t word_end = word_of(head).size();
  size_t open = head.find('[');
  size_t close = head.find(']', open == std::string_view::npos ? 0 : open);
  // A name with blanks is a tag only together with a process.
  if (open != std::string_view::npos && open > 0 && close != std::string_view::npos &&
      all_digits(head.substr(open + 1, close - open - 1)) &&
      head.substr(0, open).find_first_of(":=\"") == std::string_view::npos) {
    std::string_view rest = text.substr(close + 1);
    bool ends = rest.starts_with(':') || rest.starts_with(' ') || rest.empty();
    if (ends) {
      envelope.program = head.substr(0, open);
      set_process(envelope, head.substr(open + 1, close - open - 1));
      if (rest.starts_with(':')) rest.remove_prefix(1);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
      text = rest;
      return true;
    }
  }
  size_t colon = head.find(':');
  bool named = colon != std::string_view::npos && colon > 0 && colon < word_end &&
               (colon + 1 == text.size() || text[colon + 1] == ' ');
  if (!named) return false;
  envelope.program = head.substr(0, colon);
  text.remove_prefix(colon + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

// "user.warn", as busybox and some routers write it between host and tag.
bool read_facility_and_severity(std::string_view& text, Envelope& envelope) {
  std::string_view word = word_of(text);
  size_t dot = word.find('.');
  if (dot == std::string_view::npos) return false;
  const auto* facility = std::find(kFacilities.begin(), kFacilities.end(), word.substr(0, dot));
  auto severity = severity_of_word(word.substr(dot + 1));
  if (facility == kFacilities.end() || !severity) return false;
  envelope.severity = severity;
  envelope.add("facility", *facility);
  text.remove_prefix(word.size());
  skip_blanks(text);
  return true;
}

bool looks_like_host(std::string_view word) {
  if (word.size() < 2 || word.back() == ':' || severity_of_word(word)) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

// Behind the time, with a priority before it: "host tag: …", "tag: …", or "host tag …".
void read_host_and_tag(std::string_view text, Envelope& envelope) {
  std::string_view first = word_of(text);
  std::string_view behind = text.substr(first.size());
  skip_blanks(behind);
  bool host = looks_like_host(first) && first.find('[') == first.npos && !behind.empty();
  if (host) {
    set_host(envelope, first);
    text = behind;
    read_facility_and_severity(text, envelope);
    if (!read_tag(text, envelope)) {
      // "host tag This msg has no colon": a lone word may be the tag (RFC 3164, 4.1.3), if it is
      // one by its letters.
      std::string_view tag = word_of(text);
      bool plain =
          tag.size() <= 32 && tag.size() < text.size() &&
          std::all_of(tag.begin(), tag.end(), [](char c) { return is_letter(c) || is_digit(c); });
      if (plain) {
        envelope.program = tag;
        text.remove_prefix(tag.size() + 1);
      }
    }
  } else {
    read_tag(text, envelope);
  }
  envelope.inside = text;
}

// In files: "Jan  2 03:04:05 host app[71]: …", without a priority. Only with a tag, as any program
// may begin its lines with a time.
bool read_in_file(std::string_view text, bool iso, Envelope& envelope) {
  std::string_view host = word_of(text);
  if (!looks_like_host(host)) return false;
  text.remove_prefix(host.size());
  if (text.empty()) return false;
  skip_blanks(text);
  set_host(envelope, host);
  bool facility = read_facility_and_severity(text, envelope);
  size_t fields = envelope.fields.size();
  if (!read_tag(text, envelope)) return false;
  bool process = envelope.fields.size() > fields;
  // A word with a colon behind a modern time is prose as often as a tag: the host must look it.
  bool sure = !iso || process || facility || host.find_first_of("0123456789-.") != host.npos;
  if (!sure || severity_of_word(envelope.program)) return false;
  envelope.inside = text;
  return true;
}

bool read_syslog(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  std::string_view text = line;
  int priority = 0;
  bool has_priority = read_priority(text, priority);
  // In files: "Jan  2 …", or "2026-01-02T…". Most lines are neither.
  if (!has_priority) {
    bool month = line.size() > 16 && is_letter(line[0]) && line[3] == ' ' &&
                 (line[9] == ':' || line[8] == ':');
    bool iso = line.size() > 20 && is_digit(line[0]) && line[10] == 'T';
    if (!month && !iso) return false;
    // What no host stands behind need not be read further: "2026-01-02T03:04:05Z INFO …". (A zone
    // may stand apart.)
    if (iso) {
      std::string_view behind = line.substr(word_of(line).size());
      skip_blanks(behind);
      bool zone = behind.starts_with('+') || behind.starts_with('-');
      if (!zone && !looks_like_host(word_of(behind))) return false;
    }
  }
  envelope.clear();
  envelope.format = "syslog";
  if (has_priority) {
    set_priority(envelope, priority);
    if (!text.empty() && is_digit(text[0]) && read_5424(text, context, envelope)) return true;
    envelope.clear();
    envelope.format = "syslog";
    set_priority(envelope, priority);
    skip_blanks(text);
  }
  auto time = time_at_start(text, context.zone, context.near_ns);
  if (!time) {
    if (!has_priority) return false;
    read_tag(text, envelope);
    envelope.inside = text;
    return true;
  }
  bool iso = is_digit(text[0]);
  text.remove_prefix(time->size);
  if (text.starts_with(':')) text.remove_prefix(1);
  if (!text.starts_with(' ')) return false;
  skip_blanks(text);
  envelope.time = time;
  if (!has_priority) return read_in_file(text, iso, envelope);
  read_host_and_tag(text, envelope);
  return true;
}

}  // namespace

bool unwrap_syslog(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  if (!read_syslog(line, context, envelope)) return false;
  if (envelope.inside.starts_with(kCookie)) {
    std::string_view behind = envelope.inside.substr(kCookie.size());
    skip_blanks(behind);
    if (behind.starts_with('{')) envelope.inside = behind;
  }
  return true;
}

}  // namespace waybill::parsers
