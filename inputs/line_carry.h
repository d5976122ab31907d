// SPDX-License-Identifier: Apache-2.0
// LineCarry: cuts the bytes of one stream, as they are read, into whole lines.
//
// A read ends anywhere; a batch holds whole lines. What stands behind the last '\n' is kept here
// until the rest has come. Nothing is done per line: one memrchr finds the last line end of a
// read, and lines that are too long are looked for in steps of max_line.
//
//   std::unique_ptr<Batch> batch = intake.take(carry.wanted());
//   std::span<char> room = carry.place(*batch);
//   ssize_t size = ::read(fd, room.data(), room.size());
//   carry.take(*batch, source, size);          // adds chunks to the batch
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/batch.h"
#include "inputs/kept_bytes.h"

namespace waybill::inputs {

// One thread at a time.
class LineCarry {
 public:
  // Lines keep their first `max_line` bytes (at least 1), not counting the '\n'. `offset` is that
  // of the next byte of the stream. `allowance`, when there is one, outlives this: what it does not
  // grant of an unfinished line is discarded as if the line were too long.
  explicit LineCarry(size_t max_line, uint64_t offset = 0, CarryAllowance* allowance = nullptr);

  // The capacity that a batch of its own should have for the next read.
  size_t wanted() const;
  // Where the next bytes go: behind what must stay free for the unfinished line. Empty when the
  // batch has no room for more than that.
  std::span<char> place(Batch& batch) const;

  // The first `size` bytes of place(batch) have been filled. Whole lines become chunks of
  // batch.sources[source]; the rest is kept. A line over max_line is a chunk of its own.
  void take(Batch& batch, uint32_t source, size_t size);

  // The stream has ended: an unfinished line becomes a chunk without '\n'. Needs room for held().
  void finish(Batch& batch, uint32_t source);

  // Forgets an unfinished line and goes on at `offset`.
  void restart(uint64_t offset);

  size_t held() const { return kept_.size(); }         // bytes kept of the unfinished line
  uint64_t line_start() const { return line_start_; }  // offset of its first byte
  uint64_t position() const {                          // of the next byte
    return line_start_ + kept_.size() + kept_.discarded();
  }

 private:
  void add_lines(Batch& batch, uint32_t source, const char* begin, const char* end);

  size_t max_line_;
  uint64_t line_start_;
  KeptBytes kept_;  // the unfinished line; at most max_line_ bytes of it
};

}  // namespace waybill::inputs
