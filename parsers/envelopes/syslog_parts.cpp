// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>

#include "core/batch.h"
#include "parsers/envelopes/syslog.h"

namespace waybill::parsers::syslog {

namespace {

constexpr size_t kLongestTag = 64;

// "1.4.1", of three numbers: with more it is an address, and with less a number.
bool is_version(std::string_view word) {
  bool dots = std::count(word.begin(), word.end(), '.') == 2 && word.find("..") == word.npos;
  return dots && is_digit(word.front()) && is_digit(word.back()) &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

// "fcecda13e5c7"
bool is_hardware_address(std::string_view word) {
  return word.size() == 12 && std::all_of(word.begin(), word.end(), is_hex_digit);
}

// "#011": '#' and three octal digits below 040.
bool is_escape(std::string_view text) {
  return text.size() >= 4 && text[0] == '#' && text[1] == '0' && text[2] >= '0' && text[2] <= '3' &&
         text[3] >= '0' && text[3] <= '7';
}

}  // namespace

bool is_program_on(std::string_view host, std::string_view program) {
  constexpr auto programs = std::to_array<std::string_view>(
      {"sudo",      "su",         "dovecot",      "rsyslogd",       "syslogd",
       "root",      "CRON",       "anacron",      "polkitd",        "dhclient",
       "dhcpd",     "sshd",       "useradd",      "NetworkManager", "snapd",
       "dockerd",   "containerd", "chronyd",      "ntpd",           "haproxy",
       "nginx",     "freshclam",  "logrotate",    "auditd",         "mtp-probe",
       "os-prober", "multipathd", "avahi-daemon", "dbus-daemon",    "wpa_supplicant",
       "clamd",     "spamd",      "smbd",         "nmbd",           "slapd",
       "dnsmasq",   "keepalived", "mysqld",       "mariadbd",       "udevd",
       "crond",     "smartd"});
  constexpr auto prose = std::to_array<std::string_view>(
      {"the",    "a",       "an",     "user",    "for",    "from",    "to",      "with", "in",
       "of",     "no",      "not",    "by",      "as",     "is",      "on",      "and",  "or",
       "run",    "use",     "start",  "restart", "stop",   "reload",  "install", "call", "service",
       "daemon", "process", "failed", "unit",    "script", "command", "check"});
  bool known = is_one_of(program, programs) || program.starts_with("systemd-") ||
               program.starts_with("postfix/") || program == "gdm-password]";
  if (!known || is_one_of(host, prose)) return false;
  // "Starting nginx: …", "restarted sshd: …"
  bool capital = is_upper(host[0]) && std::any_of(host.begin() + 1, host.end(), is_lower);
  bool verb = (host.ends_with("ing") && host != "staging") || host.ends_with("ed");
  return !capital && !verb;
}

bool read_unifi(std::string_view& text, Envelope& envelope) {
  std::string_view word = word_of(text);
  if (!word.ends_with(':') || word.size() == text.size()) return false;
  word.remove_suffix(1);
  size_t comma = word.find(',');
  if (comma == word.npos || !is_hardware_address(word.substr(0, comma))) return false;
  if (envelope.host.empty()) {
    set_host(envelope, word.substr(0, comma));
  } else {
    envelope.add("origin", word.substr(0, comma));
  }
  envelope.add("model", word.substr(comma + 1));
  text.remove_prefix(word.size() + 1);
  skip_blanks(text);
  return true;
}

std::string_view unescaped(std::string_view message, Arena& arena) {
  constexpr size_t size = 4;  // of an escape
  size_t first = message.find("#0");
  while (first != message.npos && !is_escape(message.substr(first))) {
    first = message.find("#0", first + 1);
  }
  if (first == message.npos) return message;
  // A tab before all else, or two in a row: nobody counts so.
  bool sure = message.starts_with("#011");
  for (size_t at = first; !sure && at != message.npos; at = message.find("#0", at + 1)) {
    sure = is_escape(message.substr(at)) &&
           is_escape(message.substr(std::min(at + size, message.size())));
  }
  if (!sure) return message;
  char* out = arena.allocate(message.size() + kPadding);
  size_t length = 0;
  for (size_t at = 0; at < message.size();) {
    if (is_escape(message.substr(at))) {
      out[length++] = static_cast<char>((message[at + 2] - '0') * 8 + (message[at + 3] - '0'));
      at += size;
    } else {
      out[length++] = message[at++];
    }
  }
  std::memset(out + length, 0, kPadding);
  return {out, length};
}

void add_number(Envelope& envelope, std::string_view name, std::string_view otherwise,
                std::string_view value) {
  bool number = all_digits(value) && value.size() < 19 && (value[0] != '0' || value.size() == 1);
  envelope.add(number ? name : otherwise, value, number ? JsonType::kNumber : JsonType::kString);
}

void set_process(Envelope& envelope, std::string_view process) {
  envelope.process = process;
  add_number(envelope, "pid", "procid", process);
}

void set_host(Envelope& envelope, std::string_view host) {
  envelope.host = host;
  envelope.add("hostname", host);
}

bool looks_like_host(std::string_view word) {
  if (word.size() < 2 || word.back() == ':' || severity_of_word(word)) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

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
  bool ends = colon != std::string_view::npos && colon > 0 &&
              (colon + 1 == text.size() || text[colon + 1] == ' ');
  if (!ends) return false;
  size_t name_end = colon;
  if (word_end < colon) {
    if (word_end + 1 == colon) return false;
    std::string_view version = head.substr(word_end + 1, colon - word_end - 1);
    // Of syslog daemons alone ("rsyslogd 8.2.1: restart"): any other may be said to be upgraded.
    if (!head.substr(0, word_end).ends_with("syslogd") || !is_version(version)) return false;
    name_end = word_end;
    envelope.add("version", version);
  }
  envelope.program = head.substr(0, name_end);
  text.remove_prefix(colon + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

}  // namespace waybill::parsers::syslog
