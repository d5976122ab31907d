// SPDX-License-Identifier: Apache-2.0
// What machines of Cisco's put before "%FACILITY-SEVERITY-MNEMONIC: …". There are as many layouts
// as settings ("service timestamps", "service sequence-numbers", "logging origin-id").
#include "parsers/common/time_reader.h"
#include "parsers/envelopes/syslog.h"

namespace waybill::parsers::syslog {

namespace {

constexpr size_t kLongestMnemonic = 64;
constexpr int kMostParts = 5;  // before the message

// "%SYS-5-CONFIG_I: …": the digit; '\0' of other texts.
char severity_digit(std::string_view text) {
  if (text.size() < 6 || text[0] != '%' || !is_upper(text[1])) return '\0';
  size_t end = 1;
  while (end < text.size() && end < kLongestMnemonic &&
         (is_letter(text[end]) || is_digit(text[end]) || text[end] == '_' || text[end] == '-')) {
    ++end;
  }
  if (!text.substr(end).starts_with(':') && !text.substr(end).starts_with(" :")) return '\0';
  size_t dash = text.substr(0, end).rfind('-');
  bool found = dash != text.npos && dash > 3 && dash + 1 < end && text[dash - 2] == '-' &&
               text[dash - 1] >= '0' && text[dash - 1] <= '7';
  return found ? text[dash - 1] : '\0';
}

// "1w2d", "3d04h", "00:00:12": since the machine was started.
bool is_uptime(std::string_view word) {
  if (word.size() < 4 || !is_digit(word[0])) return false;
  bool clock = word.size() >= 8 && word[2] == ':' && word[5] == ':';
  return std::all_of(word.begin(), word.end(), [&](char c) {
    constexpr std::string_view units = "ywdh";
    return is_digit(c) || (clock ? c == ':' || c == '.' : units.find(c) != units.npos);
  });
}

// " fw1:", " fw1 :" and " CST:" behind the time.
void read_behind_time(std::string_view& text, Envelope& envelope) {
  if (!text.starts_with(' ')) return;
  std::string_view rest = text;
  skip_blanks(rest);
  size_t end = rest.find_first_of(" :");
  if (end == 0 || end == rest.npos) return;
  std::string_view word = rest.substr(0, end);
  std::string_view behind = rest.substr(end);
  skip_blanks(behind);
  if (!behind.starts_with(": %")) return;
  if (rest[end] == ':' && names_a_zone(word)) {
    envelope.add("timezone", word);
  } else if (looks_like_host(word)) {
    set_host(envelope, word);
  } else {
    return;
  }
  text = behind;
}

// One of the parts that end with a colon; false if it is none of them.
bool read_part(std::string_view& text, Envelope& envelope) {
  size_t colon = text.substr(0, kLongestMnemonic).find(": ");
  if (colon == text.npos || colon == 0) return false;
  std::string_view word = text.substr(0, colon);
  if (all_digits(word)) {
    add_number(envelope, "sequence", "sequence", word);
  } else if (is_uptime(word)) {
    envelope.add("uptime", word);
  } else if (looks_like_host(word)) {
    // Behind a relay's name, or its address, the machine's own.
    if (envelope.host.empty()) {
      set_host(envelope, word);
    } else {
      envelope.add("origin", word);
    }
  } else {
    return false;
  }
  text.remove_prefix(colon);
  return true;
}

bool read_time(std::string_view& text, const EnvelopeContext& context, Envelope& envelope,
               bool doubtful) {
  // A clock alone says how long the machine is up.
  if (text.size() < 16 || text[2] == ':') return false;
  auto time = time_at_start(text, context.zone, context.near_ns);
  if (!time) return false;
  if (!doubtful || !envelope.time) envelope.time = time;
  // "CST" is read over, as it says no offset.
  std::string_view taken = text.substr(0, time->size);
  std::string_view last = taken.substr(taken.rfind(' ') + 1);
  if (time->zoneless && names_a_zone(last)) envelope.add("timezone", last);
  text.remove_prefix(time->size);
  read_behind_time(text, envelope);
  return true;
}

// Behind "RP/0/RSP0/CPU0:": a time, and the process with its message.
bool read_line_card(std::string_view text, const EnvelopeContext& context, Envelope& envelope) {
  size_t colon = text.find(':');
  envelope.add("node", text.substr(0, colon));
  text.remove_prefix(colon + 1);
  if (!read_time(text, context, envelope, false) || !text.starts_with(": ")) return false;
  text.remove_prefix(2);
  if (!read_tag(text, envelope)) return false;
  envelope.inside = text;
  // "%PKT_INFRA-LINK-3-UPDOWN : …"
  char digit = severity_digit(text);
  if (digit != '\0') envelope.severity = severity_of_syslog(digit - '0');
  return true;
}

}  // namespace

bool is_line_card(std::string_view text) {
  constexpr size_t longest = 24;
  size_t end = 0;
  while (end < text.size() && end < longest &&
         (is_upper(text[end]) || is_digit(text[end]) || text[end] == '/')) {
    ++end;
  }
  return end > 4 && end < text.size() && text[end] == ':' && text[2] == '/' &&
         text.substr(0, end).find("/CPU") != text.npos;
}

bool take_cisco_message(std::string_view text, Envelope& envelope) {
  if (severity_digit(text) == '\0') return false;
  // Between host and message stands the tag, and this is all that there is.
  bool tag = envelope.severity || !envelope.host.empty();
  if (tag) envelope.program = text.substr(0, text.find(':'));
  envelope.inside = text;
  return true;
}

bool read_cisco(std::string_view text, const EnvelopeContext& context, Envelope& envelope) {
  if (text.starts_with(": ")) text.remove_prefix(2);
  bool timed = false;
  for (int part = 0; part <= kMostParts; ++part) {
    skip_blanks(text);
    if (is_line_card(text)) return read_line_card(text, context, envelope);
    if (take_cisco_message(text, envelope)) return true;
    bool doubtful = text.starts_with('*') || text.starts_with('.');
    if (doubtful) text.remove_prefix(1);
    if (!timed && read_time(text, context, envelope, doubtful)) {
      timed = true;
    } else if (doubtful || !read_part(text, envelope)) {
      return false;
    }
    if (!text.starts_with(": ")) return false;
    text.remove_prefix(2);
  }
  return false;
}

}  // namespace waybill::parsers::syslog
