// SPDX-License-Identifier: Apache-2.0
// Syslog: which of its dialects a line is in. RFC 3164 and what is written in its place, with a
// priority and in files.
#include "parsers/envelopes/syslog.h"

#include <array>

#include "parsers/common/time_reader.h"

namespace waybill::parsers {

namespace syslog {

namespace {

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr int kHighestPriority = 191;
constexpr size_t kCiscoFront = 100;  // in which what Cisco's machines put before a message ends

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

void begin(Envelope& envelope, std::optional<int> priority) {
  envelope.clear();
  envelope.format = "syslog";
  if (!priority) return;
  envelope.severity = severity_of_syslog(*priority % 8);
  envelope.add("facility", kFacilities[static_cast<size_t>(*priority / 8)]);
}

// "err tmm2[71]: …" (F5): a severity alone, where a tag with a process is behind it.
bool read_severity(std::string_view& text, std::string_view word, Envelope& envelope) {
  auto severity = severity_of_word(word);
  if (!severity) return false;
  std::string_view behind = text.substr(word.size());
  skip_blanks(behind);
  std::string_view tag = word_of(behind);
  size_t open = tag.find('[');
  if (!tag.ends_with("]:") || open == 0 || open == tag.npos) return false;
  if (!all_digits(tag.substr(open + 1, tag.size() - open - 3))) return false;
  envelope.severity = severity;
  text = behind;
  return true;
}

// "user.warn", as busybox and some routers write it between host and tag.
bool read_facility_and_severity(std::string_view& text, Envelope& envelope) {
  std::string_view word = word_of(text);
  size_t dot = word.find('.');
  if (dot == std::string_view::npos) return read_severity(text, word, envelope);
  const auto* facility = std::find(kFacilities.begin(), kFacilities.end(), word.substr(0, dot));
  auto severity = severity_of_word(word.substr(dot + 1));
  if (facility == kFacilities.end() || !severity) return false;
  envelope.severity = severity;
  envelope.add("facility", *facility);
  text.remove_prefix(word.size());
  skip_blanks(text);
  return true;
}

// Hosts of one letter are told from levels and prose by the tag behind them.
bool is_host_before(std::string_view word, std::string_view behind) {
  if (word.size() > 1 || word.empty()) return looks_like_host(word);
  return is_letter(word[0]) && word_of(behind).ends_with(':');
}

// What a relay has put its own time and the machine's name before: "45: *Jan  2 03:04:05: %SYS-…".
bool read_cisco_behind_host(std::string_view text, const EnvelopeContext& context,
                            Envelope& envelope) {
  bool front = !text.empty() && (is_digit(text[0]) || text[0] == '*' || text[0] == '.');
  if (!front && !is_line_card(text)) return false;
  if (text.substr(0, kCiscoFront).find(": %") == text.npos) return false;
  const size_t fields = envelope.fields.size();
  const auto time = envelope.time;
  const std::string_view host = envelope.host;
  if (read_cisco(text, context, envelope)) return true;
  envelope.fields.resize(fields);
  envelope.time = time;
  envelope.host = host;
  return false;
}

// "tag This msg has no colon": a lone word is a tag (RFC 3164, 4.1.3) where a sentence begins
// behind it. Otherwise it is the message's ("user ada logged in", "Interface eth0 link down").
void read_lone_word(std::string_view& text, Envelope& envelope) {
  constexpr std::array<std::string_view, 5> sentences = {"This ", "The ", "An ", "There ", "No "};
  std::string_view tag = word_of(text);
  bool plain = tag.size() < text.size() && std::all_of(tag.begin(), tag.end(), [](char c) {
                 return is_lower(c) || is_digit(c);
               });
  if (!plain) return;
  std::string_view behind = text.substr(tag.size() + 1);
  bool begins = std::any_of(sentences.begin(), sentences.end(),
                            [&](std::string_view word) { return behind.starts_with(word); });
  if (!begins) return;
  envelope.program = tag;
  text = behind;
}

// Behind the time, with a priority before it: "host tag: …", "tag: …", "host …".
void read_host_and_tag(std::string_view text, const EnvelopeContext& context, Envelope& envelope) {
  std::string_view first = word_of(text);
  std::string_view behind = text.substr(first.size());
  skip_blanks(behind);
  bool host = is_host_before(first, behind) && first.find('[') == first.npos && !behind.empty();
  if (host) {
    set_host(envelope, first);
    text = behind;
    read_facility_and_severity(text, envelope);
  }
  read_unifi(text, envelope);
  if (take_cisco_message(text, envelope)) return;
  if (host && read_cisco_behind_host(text, context, envelope)) return;
  if (!read_tag(text, envelope) && host) read_lone_word(text, envelope);
  envelope.inside = text;
}

// ---- without a priority, as in files ----

// How such a line begins.
enum class Front {
  kNone,
  kMonth,      // "Jan  2 03:04:05 "
  kYear,       // "Jan  2 2026 03:04:05 "
  kWeekday,    // "Fri Jan  2 03:04:05 2026 "
  kIso,        // "2026-01-02T03:04:05Z "
  kIsoLocal,   // "2026-01-02T03:04:05.678901+01:00 " (rsyslog)
  kYearMonth,  // "2026 Jan  2 03:04:05 " (NX-OS)
  kOffset,     // "2026-01-02 03:04:05+01 "
  kJournal,    // "Fri 2026-01-02 03:04:05 CET " (journalctl's short-full)
  kEpoch,      // "1767323045.678901 " (its short-unix)
  kCisco,      // "45: ", "*Jan  2 "
};

Front front_of_letters(std::string_view line) {
  if (line.size() < 17) return Front::kNone;
  if (line[3] != ' ') return is_line_card(line) ? Front::kCisco : Front::kNone;
  if (line[9] == ':' || line[8] == ':') return Front::kMonth;
  if (line.size() < 23) return Front::kNone;
  if (line[8] == '-' && line[17] == ':') return Front::kJournal;
  bool year = (line[13] == ':' || line[14] == ':') && line[5] != ',' && line[6] != ',';
  if (!year) return Front::kNone;
  return month_of(line) == 0 ? Front::kWeekday : Front::kYear;
}

Front front_of_digits(std::string_view line) {
  if (line.size() > 20) {
    if (line[10] == 'T') return word_of(line).ends_with('Z') ? Front::kIso : Front::kIsoLocal;
    if (line[4] == ' ' && is_letter(line[5])) return Front::kYearMonth;
    bool offset = line[10] == ' ' && (line[19] == '+' || line[19] == '-') && line[4] == '-';
    if (offset) return Front::kOffset;
    if (line[10] == '.' && line[17] == ' ' && is_digit(line[13])) return Front::kEpoch;
  }
  size_t digits = 1;
  while (digits < line.size() && digits < 10 && is_digit(line[digits])) ++digits;
  return line.substr(digits).starts_with(": ") ? Front::kCisco : Front::kNone;
}

// Most lines are of no kind.
Front front_of(std::string_view line) {
  if (line.empty()) return Front::kNone;
  char first = line.front();
  if (is_letter(first)) return front_of_letters(line);
  if (is_digit(first)) return front_of_digits(line);
  return first == '*' || first == '.' ? Front::kCisco : Front::kNone;
}

bool is_iso(Front front) { return front == Front::kIso || front == Front::kIsoLocal; }

// "web.1", "my_worker.2": Heroku's processes have a name and a number.
bool is_process_of_heroku(std::string_view process) {
  size_t dot = process.find('.');
  if (dot == process.npos || !is_lower(process.front())) return false;
  std::string_view name = process.substr(0, dot);
  return all_digits(process.substr(dot + 1)) && std::all_of(name.begin(), name.end(), [](char c) {
           return is_lower(c) || is_digit(c) || c == '-' || c == '_';
         });
}

// Whether a tag can be told from what messages speak of ("items[3]: must not be null").
bool is_sure_alone(Front front, std::string_view name, std::string_view process) {
  if (front == Front::kMonth) {
    return process.size() > 1 && all_digits(process) && name.find('.') == name.npos;
  }
  if (!is_iso(front)) return false;
  bool heroku = name == "app" || name == "heroku";
  return is_process_of_heroku(process) || (heroku && (process == "router" || process == "api"));
}

// "app[71]: …" without a host; behind an ISO time "app[web.1]: …" (Heroku).
bool read_lone_tag(std::string_view text, Front front, Envelope& envelope) {
  std::string_view word = word_of(text);
  size_t open = word.find('[');
  if (!word.ends_with("]:") || open == 0 || open == word.npos) return false;
  std::string_view name = word.substr(0, open);
  std::string_view process = word.substr(open + 1, word.size() - open - 3);
  if (!looks_like_host(name) || name.find(':') != name.npos || process.empty()) return false;
  if (!is_sure_alone(front, name, process)) return false;
  envelope.program = name;
  set_process(envelope, process);
  text.remove_prefix(word.size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  envelope.inside = text;
  return true;
}

// Those that syslog daemons write; other programs begin lines with the other ones, too.
bool is_old(Front front) { return front == Front::kMonth || is_iso(front); }

// Whether host and tag can be no prose: any program may begin its lines with a time, and a word
// with a colon behind a modern one is prose as often as a tag.
bool is_sure(Front front, std::string_view host, std::string_view program, bool process) {
  if (process || program == "kernel") return true;
  if (host.size() < 2 || host.find(':') != host.npos) return false;
  if (front == Front::kMonth) return true;
  if (front == Front::kIsoLocal && is_program_on(host, program)) return true;
  return (is_iso(front) || front == Front::kYear) &&
         host.find_first_of("0123456789-.") != host.npos;
}

// "Processing batch [12] of 40": a tag's process ends with a colon, but that old files have some
// without ("sshd[71] …"); these have no blank before it.
bool is_prose(Front front, std::string_view program, std::string_view behind_process) {
  if (behind_process.starts_with("]:")) return !is_old(front) && program.ends_with(' ');
  return !is_old(front) || program.ends_with(' ');
}

// "CEF:0|…", "LEEF:1.0|…": they have no tag.
bool is_event(std::string_view text) {
  size_t bar = text.substr(0, 10).find('|');
  return bar != text.npos && (text.starts_with("CEF:") || text.starts_with("LEEF:"));
}

// Behind the time: "host app[71]: …", "host user.warn app: …", "user.warn app: …", "app[71]: …".
bool read_in_file(std::string_view text, Front front, const EnvelopeContext& context,
                  Envelope& envelope) {
  if (read_unifi(text, envelope)) {
    read_tag(text, envelope);
    envelope.inside = text;
    return true;
  }
  std::string_view host = word_of(text);
  if (front == Front::kJournal && names_a_zone(host)) {
    text.remove_prefix(host.size());
    skip_blanks(text);
    host = word_of(text);
  }
  if (host.ends_with("]:") && read_lone_tag(text, front, envelope)) return true;
  bool facility = front == Front::kWeekday && read_facility_and_severity(text, envelope);
  if (facility) {
    host = {};
  } else {
    bool letter = host.size() == 1 && is_letter(host[0]) && !severity_of_word(host);
    if ((!letter && !looks_like_host(host)) || host.size() == text.size()) return false;
    text.remove_prefix(host.size());
    skip_blanks(text);
    set_host(envelope, host);
    facility = read_facility_and_severity(text, envelope);
  }
  if (take_cisco_message(text, envelope)) return true;
  if (front == Front::kYearMonth) return false;  // any program may go on otherwise
  if (read_cisco_behind_host(text, context, envelope)) return true;
  facility = facility || read_unifi(text, envelope);
  if (is_event(text)) {
    envelope.inside = text;
    return true;
  }
  const std::string_view tagged = text;
  if (!read_tag(text, envelope) || severity_of_word(envelope.program)) return false;
  const std::string_view process = envelope.process;
  if (!process.empty()) {
    auto end = static_cast<size_t>(process.data() - tagged.data()) + process.size();
    if (is_prose(front, envelope.program, tagged.substr(end))) return false;
  }
  if (!facility && !is_sure(front, host, envelope.program, !process.empty())) return false;
  envelope.inside = text;
  return true;
}

// Whether what stands behind the time may be Cisco's: ": %…", " fw1: %…", " fw1 : %…".
bool may_be_cisco(std::string_view text) {
  if (text.starts_with(": %")) return true;
  size_t colon = std::min(text.find(':'), text.size());
  return text.substr(colon).starts_with(": %");
}

// Whether what stands behind the ISO time of `line` may be a host, or a tag: otherwise the line
// need not be read further ("2026-01-02T03:04:05Z INFO …"). A zone may stand apart.
bool may_go_on(std::string_view line) {
  std::string_view behind = line.substr(word_of(line).size());
  skip_blanks(behind);
  if (behind.starts_with('+') || behind.starts_with('-')) return true;
  std::string_view word = word_of(behind);
  return word.ends_with("]:") || word.size() == 1 || looks_like_host(word);
}

bool unwrap_in_file(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  Front front = front_of(line);
  if (front == Front::kNone || (is_iso(front) && !may_go_on(line))) return false;
  begin(envelope, std::nullopt);
  if (front == Front::kCisco) return read_cisco(line, context, envelope);
  auto time = time_at_start(line, context.zone, context.near_ns);
  if (!time) return false;
  std::string_view text = line.substr(time->size);
  if (front == Front::kMonth || front == Front::kYear || front == Front::kYearMonth) {
    // "Jan  2 2026 03:04:05: %ASA-…", "Jan  2 03:04:05 fw1 : %ASA-…"
    if (may_be_cisco(text)) {
      if (read_cisco(line, context, envelope)) return true;
      begin(envelope, std::nullopt);
    }
  }
  envelope.time = time;
  if (text.starts_with(':')) text.remove_prefix(1);
  if (!text.starts_with(' ')) return false;
  skip_blanks(text);
  return read_in_file(text, front, context, envelope);
}

bool read(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  std::string_view text = line;
  int priority = 0;
  if (!read_priority(text, priority)) return unwrap_in_file(line, context, envelope);
  begin(envelope, priority);
  if (!text.empty() && is_digit(text[0])) {
    if (read_5424(text, context, envelope)) return true;
    begin(envelope, priority);
  }
  skip_blanks(text);
  auto time = time_at_start(text, context.zone, context.near_ns);
  bool cisco = time ? may_be_cisco(text.substr(time->size))
                    : text.substr(0, kCiscoFront).find(": %") != text.npos;
  if (cisco) {
    if (read_cisco(text, context, envelope)) return true;
    begin(envelope, priority);
  }
  if (!time) {
    read_tag(text, envelope);
    envelope.inside = text;
    return true;
  }
  text.remove_prefix(time->size);
  if (text.starts_with(':')) text.remove_prefix(1);
  if (!text.starts_with(' ')) return false;
  skip_blanks(text);
  envelope.time = time;
  read_host_and_tag(text, context, envelope);
  return true;
}

}  // namespace

}  // namespace syslog

bool unwrap_syslog(std::string_view line, const EnvelopeContext& context, Envelope& envelope) {
  if (!syslog::read(line, context, envelope)) return false;
  if (!line.starts_with('<')) envelope.inside = syslog::unescaped(envelope.inside, context.arena);
  if (envelope.inside.starts_with(syslog::kCookie)) {
    std::string_view behind = envelope.inside.substr(syslog::kCookie.size());
    syslog::skip_blanks(behind);
    if (behind.starts_with('{')) envelope.inside = behind;
  }
  return true;
}

}  // namespace waybill::parsers
