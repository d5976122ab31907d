// SPDX-License-Identifier: Apache-2.0
// What a Joiner knows of a stream and of its event at hand. Internal to joiner*.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/multiline/joiner.h"
#include "parsers/multiline/json_scan.h"
#include "parsers/multiline/rules.h"
#include "parsers/multiline/trace.h"

namespace waybill::parsers::multiline {

// A stream is known to begin each event with a time after so many of them, if at most one line of
// so many was none of theirs. In files a line without a time has only its place to say when it was
// written; what comes through a pipe has just been written.
struct Custom {
  uint32_t timed;
  uint32_t strays_in;
};
inline constexpr Custom kOfFiles{3, 4};
inline constexpr Custom kOfPipes{8, 16};

inline constexpr size_t kMostHeld = 4096;  // events that wait at a time

// What the lines of an event have come to. While they stand behind each other in the batch they are
// views of it; else they are copied.
struct Joiner::Event {
  static constexpr uint32_t kNoLine = UINT32_MAX;

  uint32_t index = 0;  // of its record in the slice at hand
  uint32_t lines = 1;
  std::string_view original, inside;  // unless `copied`
  bool copied = false;
  std::string original_copy, inside_copy;
  size_t first_size = 0;      // of the first line within the original
  const char* end = nullptr;  // of the last line in the batch at hand; null: it is not there
  uint64_t last_offset = 0;
  std::string empty;  // containers' lines with nothing inside, behind the last one: if it goes on
  size_t empty_lines = 0;
  bool partial = false;    // its last line has not ended
  uint64_t cut_bytes = 0;  // of lines behind the first
  bool repaired = false;   // one of these
  uint64_t metadata = 0;   // of its envelope, but the time
  bool json = false;
  std::string_view joined_by;  // where that was no part of the trace: in words
  Look last_look = Look::kPlain;
  size_t rule = Rules::kNone;  // that it began by
  Trace trace;
  JsonScan scan;

  // Instead of all that: lines that are JSON objects, of one trace, each to be a record.
  struct Object {
    Record record;
    std::string line;
  };
  std::vector<Object> objects;
  size_t object_bytes = 0;

  // While it is held back.
  Record record;
  std::shared_ptr<const Source> source;
  std::vector<TicketRef> tickets;
  SteadyTime read_at{};
  SteadyTime due{};

  size_t size() const { return copied ? inside_copy.size() : inside.size(); }
  void copy() {
    if (copied) return;
    original_copy.assign(original);
    inside_copy.assign(inside);
    copied = true;
  }
};

struct Joiner::Stream {
  bool open = false;      // `event` is in the slice at hand
  bool held = false;      // or held back,
  size_t held_at = 0;     // here
  bool touched = false;   // while held back: in this slice
  bool discards = false;  // the rest of a split line that has become too long
  bool ever_joined = false;
  bool object_frames = false;             // frames have come as JSON objects of their own
  bool listed = false;                    // in open_, for its JSON objects
  uint32_t last_object = Event::kNoLine;  // index of its last line in the slice, if that is one
  size_t rule_goes_on = Rules::kNone;     // of an event that was full, for the next one
  bool crash = false;                     // the line at hand begins one: no stray
  uint32_t timed = 0;                     // events that began with a time
  uint32_t strays = 0;                    // plain lines by themselves
  const Custom* custom = &kOfPipes;
  Event event;

  bool joins_plain() const {
    return timed >= custom->timed && uint64_t{strays} * custom->strays_in <= timed;
  }
};

}  // namespace waybill::parsers::multiline
