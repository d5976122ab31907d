// SPDX-License-Identifier: Apache-2.0
// EventReader: from the lines of a batch to its records: joined, taken out of their envelopes,
// parsed.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/byte_budget.h"
#include "parsers/line_parser.h"
#include "parsers/multiline/joiner.h"

namespace waybill::parsers {

// One per pipeline, used by its thread alone. `budget` outlives it.
//
//   reader.begin_slice(batch);     batch.records is empty
//   … lines are appended to batch.records …
//   reader.read(batch, more);
class EventReader {
 public:
  EventReader(const Settings& settings, const std::vector<std::string>& formats, ByteBudget& budget)
      : parser_(settings, formats),
        joiner_(settings.multiline, parser_, budget),
        settings_(settings.multiline) {}

  void begin_slice(const Batch& batch) { joiner_.begin_slice(batch); }

  // Makes the records of all lines that are whole; of a line of several JSON objects one each.
  // `more`: the batch has more lines. What may still go on is kept, with the batch's ticket, for a
  // later batch of its source or take_due().
  void read(Batch& batch, bool more);

  // For dead letters: `batch.records` is one record, whose line is all the lines of an event as
  // they were read. They are one event again, whatever read() would make of them.
  void read_event(Batch& batch);

  SteadyTime due() const { return joiner_.due(); }
  // Records of what nobody has gone on with until `now`, of one input, in an empty batch; false:
  // there is nothing. SteadyTime::max(): of everything that is kept.
  bool take_due(Batch& batch, SteadyTime now);

  // Lines that became no record since the last call.
  multiline::Joiner::Discarded take_discarded() { return joiner_.take_discarded(); }

  const LineParser& parser() const { return parser_; }
  // Of record `index`, an event of several lines: what put them together, in words (for `explain`);
  // good until the next begin_slice().
  std::string_view joined_by(size_t index) const { return joiner_.wrapping(index).joined_by; }
  // The envelopes of record `index`, the outermost first; good until the next begin_slice().
  std::span<const Envelope> envelopes(size_t index) const {
    return parser_.envelopes(joiner_.wrapping(index));
  }

 private:
  void parse(Batch& batch);
  void note_errors(Batch& batch);
  void split(Batch& batch, size_t index);
  void merge_frames(Batch& batch);
  size_t target_of(Batch& batch, size_t count, const Record& frame);
  void read_objects(Batch& batch, std::span<const std::string_view> lines);

  LineParser parser_;
  multiline::Joiner joiner_;
  const multiline::Settings settings_;
};

}  // namespace waybill::parsers
