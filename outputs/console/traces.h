// SPDX-License-Identifier: Apache-2.0
// Traces: what log lines tell of requests, gathered span by span, so that it can be drawn
// (waterfall.h). A span is known by its lines alone: it lasts from the first of them to the last.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/arena.h"
#include "core/identity.h"
#include "core/json_text.h"
#include "core/record.h"

namespace waybill::outputs::console {

// Times are nanoseconds since the epoch. Indices are into the vectors of Traces.
struct TraceLine {
  int64_t time_ns = 0;
  uint32_t trace = 0, span = 0;
  Level level = Level::kNone;
  std::string_view text;  // what it says, its first line, as it came
};

// What a line says of its request: all that a picture needs of it. Ids, the service and the text
// are characters, absent ones empty.
struct Said {
  int64_t time_ns = 0;
  Level level = Level::kNone;
  std::string_view trace, request;  // both empty: it belongs to none
  std::string_view span, parent, service;
  std::string_view text;  // its first line, of at most Traces::kLongestText bytes
};

// Reads records. What a Said shows lives until the next call of ids().
class SaidReader {
 public:
  // All but the text.
  Said ids(const Record& record, const Identity& identity);
  // The message, and the error where that says more.
  std::string_view text(const Record& record);

 private:
  Arena scratch_;  // of one line
  std::string text_;
};

// `later` - `earlier`, as far as a number of 64 bits goes: times are whatever lines say.
inline int64_t nanos_apart(int64_t later, int64_t earlier) {
  int64_t apart = 0;
  if (!__builtin_sub_overflow(later, earlier, &apart)) return apart;
  return later > earlier ? INT64_MAX : INT64_MIN;
}

// What lines have in common: seen from `first_ns` to `last_ns`.
struct Extent {
  int64_t first_ns = INT64_MAX, last_ns = INT64_MIN;
  uint32_t lines = 0;
  uint32_t errors = 0;  // lines at ERROR or above

  void add(int64_t time_ns, Level level);
  int64_t duration() const { return nanos_apart(last_ns, first_ns); }
};

struct TraceSpan : Extent {
  uint32_t trace = 0;
  std::string_view id;      // 16 hex; empty: what lines without a span say, by service
  std::string_view parent;  // 16 hex; empty: it has none, or nobody says
  std::string_view service;
};

struct Trace : Extent {
  std::string_view id;   // 32 hex; or a request's id
  bool request = false;  // lines that have a request's id and no trace
};

// One thread. Keeps at most kLongestText bytes of a line; a million lines are some 150 MB.
class Traces {
 public:
  static constexpr size_t kLongestText = 400;

  // `wanted`: only traces whose id begins so, and requests of just this id; empty: all. Hex digits
  // count in any case, and dashes do not.
  explicit Traces(std::string_view wanted = {});
  Traces(Traces&&) = delete;

  void add(const Record& record, const Identity& identity);
  void add(const Said& said);
  // Nothing more comes. Puts the lines of each trace together, by span and time.
  void finish();

  const std::vector<Trace>& traces() const { return traces_; }
  const std::vector<TraceSpan>& spans() const { return spans_; }
  // After finish(). Of one trace: its spans, by their first line, and of one span the lines.
  std::span<const uint32_t> spans_of(uint32_t trace) const;
  std::span<const TraceLine> lines_of(uint32_t span) const;

  uint64_t strays() const { return strays_; }  // lines that belong to no request

 private:
  struct Range {
    uint32_t begin = 0, end = 0;
  };
  bool is_wanted(std::string_view trace, std::string_view request) const;
  uint32_t trace_of(std::string_view id, bool request);
  uint32_t span_of(uint32_t trace, std::string_view id, std::string_view service);
  std::string_view kept(std::string_view text);

  std::string wanted_, wanted_hex_;
  std::vector<Trace> traces_;
  std::vector<TraceSpan> spans_;
  std::vector<TraceLine> lines_;
  std::vector<uint32_t> span_order_;
  std::vector<Range> spans_of_, lines_of_;
  std::unordered_map<std::string_view, uint32_t> by_id_, by_span_;
  uint64_t strays_ = 0;
  Arena kept_;
  SaidReader reader_;
  std::string key_;
};

}  // namespace waybill::outputs::console
