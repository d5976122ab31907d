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
#include <string>

#include "core/batch.h"

namespace waybill::inputs {

// One thread at a time.
class LineCarry {
 public:
  // Lines keep their first `max_line` bytes (at least 1), not counting the '\n'. `offset` is that
  // of the next byte of the stream.
  explicit LineCarry(size_t max_line, uint64_t offset = 0);

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
  uint64_t position() const { return line_start_ + kept_.size() + discarded_; }  // of the next byte

 private:
  void keep(const char* bytes, size_t size);
  void let_go();
  void add_lines(Batch& batch, uint32_t source, const char* begin, const char* end);

  size_t max_line_;
  uint64_t line_start_;
  std::string kept_;        // the unfinished line; at most max_line_ bytes of it
  uint64_t discarded_ = 0;  // further bytes of it that were thrown away
};

}  // namespace waybill::inputs
