// SPDX-License-Identifier: Apache-2.0
// HeaderReader: goes along the header of a line. Internal to header*.cpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/ascii.h"
#include "parsers/text/header.h"
#include "parsers/text/words.h"

namespace waybill::parsers::text {

constexpr size_t kLongestBracket = 64;
constexpr size_t kLongestThread = 256;  // behind time and level

class HeaderReader {
 public:
  HeaderReader(std::string_view line, TimeZone& zone, int64_t now_ns, Header& header)
      : line_(line), zone_(zone), now_ns_(now_ns), header_(header) {}

  void read();

 private:
  bool element();
  bool time();
  // "2026-01-02 03:04:05 [scrapy.core.engine] INFO: …"
  bool level_behind_logger();
  bool level();
  void take_level(std::string_view word, Severity severity) {
    header_.level_word = word;
    header_.severity = severity;
  }

  // One or two numbers between the time and the level (Python, Android), or one before Spring
  // Boot's "---".
  bool process();
  // Whether a time stands behind the first word, which ends at `at`: "warn  2026-01-02 03:04:05: …"
  bool time_behind(size_t at);
  // ",ERROR,", ";ERROR;" or "::ERROR::" behind the time.
  bool listed();
  // A level of one letter counts behind a process alone (Android).
  void take_letter();
  bool level_at(size_t at) const;
  std::string_view number_at(size_t at) const {
    size_t end = at;
    while (end < line_.size() && is_digit(line_[end])) ++end;
    bool alone = end < line_.size() && is_blank(line_[end]);
    return alone ? line_.substr(at, end - at) : std::string_view{};
  }

  size_t skip_blanks(size_t at) const {
    while (at < line_.size() && is_blank(line_[at])) ++at;
    return at;
  }

  // Whether a level in capitals stands at `at`.
  bool capitals_at(size_t at) const;
  // "2026-01-02 03:04:05 - MainThread - a.b - WARNING - …", "… | a.b | WARNING | …": what stands
  // between a time and a level with the same separators around.
  bool fields();
  void take_field(std::string_view field);
  // "2022-06-02T12:12:38.414Z worker-5  INFO  …": what stands between a time and a level is not the
  // message's, if the level stands in a column: two blanks before or behind it.
  bool column();
  // How far a word stands from the level behind it: two blanks around that, one, or a dash or
  // bracket between.
  enum class Column : uint8_t { kPadded, kClose, kSure };
  // The same for `before`, which is `lone`: one word, before a level at `level`.
  bool column_before(std::string_view before, bool lone, Column column, size_t level);
  bool bracketed_level_at(size_t at) const;   // "[error]"
  size_t level_behind_dash(size_t at) const;  // "- ERROR - ": where it stands; 0: nowhere
  // "2022-12-17 22:04:41.7|Warn|Auth|…": what stands between bars is a name.
  bool between_bars();
  // "a.b.C: …", "name - …", "name : …".
  bool logger();
  // Also "name [context] - …" and "a.b.C.method(C.java:12) - …".
  bool logger_before_dash(std::string_view word, size_t end);
  // Behind a "-", "--" or ":" that stands alone at `at`; 0 without one.
  size_t dash_at(size_t at) const;
  // SQLAlchemy: "… INFO sqlalchemy.engine.Engine SELECT 1"
  bool class_alone(std::string_view word, size_t end);
  bool bracket(char closing);
  // The end of the bracket at `at`, others inside it included.
  size_t closing_of(size_t at, char closing, size_t longest) const;
  // "[req=7, org=x] INFO …", "INFO [Peer[myid=1]/0:2181] - …": no thread by its letters, but by its
  // place none of the message.
  bool aside(std::string_view inside, char closing, size_t end);
  // "[main] ERROR …", "[app] 2026-01-02 03:04:05 …": a name in front of all.
  bool prefix(std::string_view inside, char closing, size_t end);
  bool bracketed(std::string_view inside, char closing);
  // "[2017-11-09T02:12:24Z ERROR main]", "[DEBUG 2015-05-20 12:22:19 main]".
  bool several(std::string_view inside);
  // "[02-Jan-2026 03:04:05 Europe/Berlin]" (PHP).
  bool zoned(std::string_view inside, std::string_view name, Header& header) const;
  // A name in brackets or between bars: a dotted one is the logger, any other the thread. With
  // time and level known, a thread's name may hold blanks ("IPC Server handler 19").
  bool place(std::string_view inside);
  void skip_separators();

  std::string_view line_;
  TimeZone& zone_;
  int64_t now_ns_;
  size_t at_ = 0;
  bool behind_bar_ = false;
  bool behind_dash_ = false;
  bool behind_colon_ = false;
  bool short_date_ = false;
  Header& header_;
};

}  // namespace waybill::parsers::text
