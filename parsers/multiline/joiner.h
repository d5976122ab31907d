// SPDX-License-Identifier: Apache-2.0
// Joiner: puts the lines of an event together before it is parsed.
//
// Lines are looked at behind their envelopes, stream by stream: a file, a container's stdout or
// stderr within it, a program and process of syslog. What may go on beyond the lines at hand is
// held back, in copies, until its next line or its time comes. JSON objects stay records of their
// own; those at the end of the lines at hand that may be of one trace are held back together, so
// that whoever parses them sees them side by side with those that follow.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/byte_budget.h"
#include "core/clock.h"
#include "parsers/line_parser.h"
#include "parsers/multiline/look.h"
#include "parsers/multiline/settings.h"

namespace waybill::parsers::multiline {

// One per pipeline, used by its thread alone. `parser` and `budget` outlive it.
class Joiner {
 public:
  Joiner(Settings settings, LineParser& parser, ByteBudget& budget);
  Joiner(Joiner&&) = delete;
  ~Joiner();

  // ---- for every slice of a batch's lines, in this order ----
  // Lets go what was found of the slice before.
  void begin_slice(const Batch& batch);
  // `batch.records`, which are lines, become events: one record each, whose `line` is all of its
  // lines, and `lines` how many. Those that began in earlier batches stand in front. `more`: the
  // batch has more lines. Everything that is held back keeps the batch's ticket.
  void join(Batch& batch, bool more);
  // Of record `index` after join(): what to parse. Good until the next begin_slice().
  const Wrapping& wrapping(size_t index) const { return wrappings_[index]; }
  // The same for whoever makes several records of one.
  void replace(size_t index, const Wrapping& wrapping) { wrappings_[index] = wrapping; }
  void insert(size_t index, const Wrapping& wrapping) {
    wrappings_.insert(wrappings_.begin() + static_cast<ptrdiff_t>(index), wrapping);
  }

  // ---- between batches ----
  // When take_due() should be asked; max(): nothing is held back.
  SteadyTime due() const { return held_.empty() ? SteadyTime::max() : next_due_; }
  // Fills `batch`, which is empty, with what has waited long enough at `now` and is of one input;
  // its records are as after join(). False: nothing has. SteadyTime::max(): everything.
  bool take_due(Batch& batch, SteadyTime now);

  // Lines that became no record since the last call: of those that a runtime had split and that
  // became too long, and empty ones within containers' envelopes.
  struct Discarded {
    uint64_t lines = 0, bytes = 0;
    uint64_t pieces = 0;  // lines of the source that became part of no record
    uint64_t empty = 0;   // containers' lines with nothing inside
  };
  Discarded take_discarded();

 private:
  struct Event;
  struct Stream;

  // What the envelopes of a line say besides its time.
  static uint64_t metadata_of(std::span<const Envelope> envelopes);

  Stream& stream_of(const Batch& batch, const Record& record, const Wrapping& wrapping);
  bool discards(Stream& stream, const Wrapping& wrapping, bool partial);
  bool is_empty(const Wrapping& wrapping) const;
  void note_empty(Stream& stream, const Record& record);
  bool append(Stream& stream, Batch& batch, const Record& record, const Wrapping& wrapping,
              Look look, bool partial);
  bool goes_on(Stream& stream, Batch& batch, const Record& record, const Wrapping& wrapping,
               Look look);
  bool crashes(Stream& stream, Batch& batch, const Record& record, const Wrapping& wrapping,
               Look look);
  size_t lines_to_frames(const Stream& stream, Batch& batch, const Record& record, size_t skip);
  bool append_object(Stream& stream, const Record& record, const Wrapping& wrapping, Look look);
  void add_line(Event& event, const Batch& batch, const Record& record, const Wrapping& wrapping,
                bool partial);
  bool add_piece(Event& event, std::string_view piece);
  void begin(Stream& stream, const Batch& batch, const Wrapping& wrapping, uint32_t index,
             Look look, bool partial);
  void close(Stream& stream, Batch& batch);
  void close_held(Stream& stream, Batch& batch, uint32_t source);
  void give_back_objects(Event& event, Batch& batch, uint32_t source);
  void fill(Event& event, Batch& batch, Record& record, Wrapping& wrapping);
  size_t rule_of(std::string_view line) const;
  bool follows_rules(const Event& event) const;
  bool waits(Stream& stream, bool more);
  void hold(Stream& stream, Batch& batch);
  void hold_objects(Stream& stream, Batch& batch);
  bool is_of(const Stream& stream, const Batch& batch, size_t index);
  void wait_for(Stream& stream, Batch& batch, const Record& first);
  void touch(Event& event, const Batch& batch);
  void let_go(Stream& stream);
  void remove_held(Batch& batch);
  void forget_idle_streams();
  void recharge();

  const Settings settings_;
  LineParser& parser_;
  ByteCharge charge_;
  std::unordered_map<uint64_t, std::unique_ptr<Stream>> streams_;
  std::vector<Stream*> open_;  // of the slice at hand, and those that had a JSON object in it
  // Held back, and gone on with in this slice; and their sources' places in the batch.
  std::vector<std::pair<Stream*, uint32_t>> touched_;
  std::vector<Stream*> held_;
  SteadyTime next_due_ = SteadyTime::max();  // of what is held back, or earlier
  std::vector<Record> front_;                // events of earlier batches that are whole now
  std::vector<Wrapping> front_wrappings_;
  std::vector<Stream*> plain_;  // of the batch's sources: the streams of lines without envelope
  std::vector<Wrapping> wrappings_;
  std::vector<uint32_t> removed_;
  Discarded discarded_;
};

}  // namespace waybill::parsers::multiline
