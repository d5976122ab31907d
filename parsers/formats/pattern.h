// SPDX-License-Identifier: Apache-2.0
// Pattern: a line's form, in the notation that the tables below use.
//
//   %{time} %{level} [%{thread}] %{logger:word}: %{message}
//
// A blank stands for one or more blanks. %{name} takes what stands up to the literal behind it, or
// the rest of the line; %{name:type} only what is of the type:
//
//   name     a word of letters, digits and "._$/:@#-", up to the first place where it can end
//   word     no blanks                      int, num  digits; a number
//   opt      a word; "-" is left out        text      anything, up to the literal behind it
//   phrase   a text with a blank in it
//   last     anything, up to the last place where the rest of the pattern can begin
//   quoted   anything, up to a quote without a backslash before it; "-" is left out
//   status   an HTTP status: an int; 500 and above is an error
//   request  quoted "GET /path HTTP/1.1": the message, and method, path and protocol
//   glog     "I0102 03:04:05.678901" or "I20260102 …": level and time
//   cockroach  the same with a year of two digits
//   redis    one of ".-*#": a level         ymd       "081109 203615" or "161209 14:18:50": a time
//   epoch    seconds since 1970, a time     source    a word like "server.go:42"
//   date     "2026.01.02", of which a time behind it is that says no year; it is not kept
//   class    a word like "org.foo.Bar"      postgres  anything, up to "LEVEL:  " and with it
//   peer     an address, with a port perhaps, which becomes <name>_port
//   letter   one capital; it is not kept
//   severity a digit of syslog's severities: a level
//   uuid     a UUID, in the usual form
//   nginx    the message, and what nginx lists behind it (", client: …, server: …")
//   initial  a level by its first letter, with a digit behind it perhaps ("W", "D2")
//   inside   anything, up to the literal behind it, without brackets in it
//   dotted   a name with a dot in it           program  a name that is no level
//   category "Shop.Cart", of .NET, behind one of its levels, of four letters
//   squid    one of Squid's processes ("kid1")
//   title    a text that begins with a capital
//   plain    a text that is no JSON object     caps     capitals, or "-", which is left out
//   clients  an address, or several with commas between: the first is kept, and the others as
//            `forwarded`; address: the same, and with a dot or a colon in it
//   host     a word without a comma
//   user     a name, which may have blanks in it where a " [" follows; "-" is left out
//   stamp    a time in a form that few programs write (shapes.h)
//   websphere  the letter of an event's type: a level
//   daymonth a time as "02 Jan 03:04:05"
//   hex      a word of hex digits, eight of them
//   mosquitto  a text that begins as this broker's messages do
//   warning  the name of a class of Python's warnings: a level
//   warns    nothing at all: a line of this form is a warning
//   sssd     one of SSSD's debug levels ("0x0040")
//   cef      pairs, and the time in their `rt`
//   csv      a value, in quotes perhaps, up to the comma behind it; an empty one is left out
//
// `time` takes any form that time_at_start() knows, `level` any word that severity_of_word() knows
// with blanks around it. The names time, level, message, logger, thread and caller are the
// record's; any other becomes a member of the context (of `header` its pairs do, if it has
// some); a name that is empty is not kept.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/level.h"
#include "core/result.h"
#include "parsers/common/time.h"
#include "parsers/formats/subject.h"

namespace waybill::parsers::formats {

enum class Type : uint8_t {
  kText,
  kLast,
  kWord,
  kOpt,
  kInt,
  kNum,
  kQuoted,
  kTime,
  kLevel,
  kStatus,
  kRequest,
  kGlog,
  kRedis,
  kYmd,
  kEpoch,
  kSource,
  kClass,
  kPostgres,
  kPeer,
  kNginx,
  kName,
  kLetter,
  kSeverity,
  kUuid,
  kPhrase,
  kDate,
  kInitial,
  kInside,
  kDotted,
  kProgram,
  kPlain,
  kCaps,
  kClients,
  kAddress,
  kUser,
  kStamp,
  kWebsphere,
  kCsv,
  kHost,
  kCockroach,
  kCef,
  kCategory,
  kSquid,
  kSssd,
  kWarns,
  kMosquitto,
  kHex,
  kDayMonth,
  kTitle,
  kWarning,
};

enum class Place : uint8_t { kContext, kNowhere, kMessage, kLogger, kThread, kCaller };

// What one place of a pattern took out of a line.
struct Capture {
  Place place = Place::kContext;
  Type type = Type::kText;
  std::string_view name;   // of a member of the context
  std::string_view value;  // within the line
};

// One piece of a pattern: a literal, or a field. Its texts are the notation's.
struct Step {
  std::string_view literal;  // when it is one
  bool field = false;
  bool blank = false;  // a literal that stands for one or more
  Type type = Type::kText;
  Place place = Place::kContext;
  std::string_view name;
};

struct Match {
  static constexpr size_t kMost = 24;

  std::optional<Time> time;
  std::optional<Severity> severity;
  std::string_view level_word;
  std::array<Capture, kMost> captures;
  size_t count = 0;

  void add(const Capture& capture) { captures[count++] = capture; }
  // Where the field's place is, if it has one.
  void keep(const Step& step, std::string_view value, Type kind) {
    if (step.place != Place::kNowhere) add({step.place, kind, step.name, value});
  }
};

class Pattern {
 public:
  // `notation` outlives the pattern. The error says what is wrong with it.
  static Result<Pattern> compile(std::string_view notation);

  // Whether the whole line has this form; fills `match` then. Linear in the line; no backtracking.
  bool match(Subject& subject, Match& match) const;

  // How a line of this form begins: with a time, with one behind a '[', with a level, with a word
  // of any kind but those, or otherwise. With it and what follows, most patterns need not be tried
  // (formats.h).
  enum class Front : uint8_t { kTime, kBracketTime, kLevel, kWord, kOther };
  Front front() const { return front_; }
  // kTime, kBracketTime: the literals behind the time, of which a blank stands for any number.
  const std::string& lead() const { return lead_; }
  // The bytes that can follow them, or the level of kLevel; else the line's first ones.
  const std::bitset<256>& next() const { return next_; }
  // kTime, kBracketTime: a level follows the literals; and what can follow that and its blanks.
  bool leads_to_level() const { return leads_to_level_; }
  const std::bitset<256>& behind_level() const { return behind_level_; }
  // kTime, kBracketTime: what follows the literals cannot be a level's word of several letters that
  // stands alone.
  bool leads_to_no_level() const { return leads_to_no_level_; }
  // Whether a line whose first `digits` bytes are digits, with `behind` behind them, can begin so.
  bool begins_with_digits(size_t digits, char behind) const;

 private:
  void look_at_front();
  void look_behind_time(size_t step);
  std::bitset<256> first_bytes(size_t step) const;

  std::vector<Step> steps_;
  Front front_ = Front::kOther;
  std::bitset<256> next_;
  std::string lead_;
  bool leads_to_level_ = false;
  bool leads_to_no_level_ = false;
  std::bitset<256> behind_level_;
  uint32_t marks_ = 0;     // that a line must have (subject.h)
  bool postgres_ = false;  // needs a ":  "
};

}  // namespace waybill::parsers::formats
