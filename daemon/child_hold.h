// SPDX-License-Identifier: Apache-2.0
// ChildHold: lines of a child wait until its other stream has been read as far.
//
// A program says on one stream which trace a request is of, and goes on about it on the other.
// Which of two pipes is read first is chance: what came first is only known once both have been
// read. So a batch of a child that has lines of which nobody knows the trace yet waits for a batch
// of the other stream that was read later, or for a moment.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "core/batch.h"
#include "core/clock.h"

namespace waybill::daemon {

// Pipeline thread only. Holds batches whose records have been parsed.
class ChildHold {
 public:
  // Longest wait of a batch, from when it was put here: on a busy machine parsing takes as long
  // as that, and what was read after it is still to come.
  static constexpr Duration kLongest = std::chrono::milliseconds(50);
  // A child whose other stream has been silent for so long is not waited for.
  static constexpr Duration kSilence = std::chrono::seconds(2);
  // Batches and records at a time: what is held is memory.
  static constexpr size_t kMostBatches = 8;
  static constexpr size_t kMostRecords = 4096;

  // Whether its lines are a child's.
  static bool concerns(const Batch& batch) { return !batch.sources.front()->stream.empty(); }

  // A batch of a child has been parsed. True: it has to wait, in put(). `unknown`: it has lines
  // whose trace may be on the other stream.
  bool arrived(const Batch& batch, bool unknown);
  // `empty`: as Pipeline::finish() wants it.
  void put(std::unique_ptr<Batch> batch, uint64_t empty, SteadyTime now);

  // When take() has one, if nothing else arrives.
  SteadyTime due() const;
  struct Held {
    std::unique_ptr<Batch> batch;  // null: none is ready
    uint64_t empty = 0;
    SteadyTime until{};  // it waits no longer
  };
  // The oldest one, once it has waited enough at `now`; SteadyTime::max(): any.
  Held take(SteadyTime now);

 private:
  struct Stream {
    uint64_t number = 0;  // of its source; 0: not seen yet
    SteadyTime first_read{}, last_read{};
  };
  Stream& stream_of(const Batch& batch);
  const Stream& other_than(const Stream& stream) const;

  std::array<Stream, 2> streams_;
  std::deque<Held> held_;
  size_t records_ = 0;
};

}  // namespace waybill::daemon
