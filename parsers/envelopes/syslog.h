// SPDX-License-Identifier: Apache-2.0
// The pieces that syslog's dialects share. Internal to syslog*.cpp.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/ascii.h"
#include "parsers/envelopes/envelope.h"

namespace waybill::parsers::syslog {

// What lumberjack (CEE, rsyslog) puts before a message that is JSON.
inline constexpr std::string_view kCookie = "@cee:";

inline bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

inline std::string_view word_of(std::string_view text) {
  return text.substr(0, std::min(text.find(' '), text.size()));
}

inline void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// A member of the context, a number if it is written as JSON writes them.
void add_number(Envelope& envelope, std::string_view name, std::string_view otherwise,
                std::string_view value);
void set_process(Envelope& envelope, std::string_view process);
void set_host(Envelope& envelope, std::string_view host);
// Letters, digits and ".-_:", at least two of them, that are no level.
bool looks_like_host(std::string_view word);

// Whether "host program: " can be no prose: programs that tag their lines without a process, behind
// a word that stands before no name in a sentence ("starting nginx: ok", "user root: denied").
bool is_program_on(std::string_view host, std::string_view program);
// "fcecda13e5c7,UAP-AC-LR-5.43.38+12731: ", of UniFi's machines: address and model.
bool read_unifi(std::string_view& text, Envelope& envelope);
// What rsyslog has written in the place of control characters, "#011", "#012" …, as they were;
// only where it is sure that they are none of the message's own ("fixes #012").
std::string_view unescaped(std::string_view message, Arena& arena);

// "app[71]: ", "app: ", "Some App[71]: ", "app[71] (more): ", "syslogd 1.4.1: "; the text behind it
// stays. Without a tag nothing changes.
bool read_tag(std::string_view& text, Envelope& envelope);

// Behind the priority: "1 TIME HOST APP PROC MSGID SD[ MSG]" (RFC 5424), and the same from senders
// that leave fields out behind the host.
bool read_5424(std::string_view text, const EnvelopeContext& context, Envelope& envelope);

// "%SYS-5-CONFIG_I: …": the program's name is up to the colon. All of it stays inside, as it says
// the level.
bool take_cisco_message(std::string_view text, Envelope& envelope);
// Whether "RP/0/RSP0/CPU0:Jan  2 03:04:05.678 UTC: ifmgr[71]: %…" (IOS-XR) begins here.
bool is_line_card(std::string_view text);
// What Cisco's machines put before it, in any order, each with a colon: a sequence number, a host,
// and a time, with a '*' or '.' perhaps if the clock is not to be trusted. A time that the envelope
// has already is kept then.
bool read_cisco(std::string_view text, const EnvelopeContext& context, Envelope& envelope);

}  // namespace waybill::parsers::syslog
