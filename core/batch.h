// SPDX-License-Identifier: Apache-2.0
// Batch: the unit of work. Bytes as read, and the records found in them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/byte_budget.h"
#include "core/clock.h"
#include "core/identity.h"
#include "core/record.h"
#include "core/source.h"

namespace waybill {

// Bytes that stay readable behind the last line, so that SIMD loads need no bounds checks. A
// line's neighbours are its padding. (simdjson wants 64.)
constexpr size_t kPadding = 64;

// The usual capacity of a batch: large enough to make per-batch costs small, small enough for the
// records of it to stay in a core's cache.
constexpr size_t kBatchBytes = 128 * 1024;

// Consecutive bytes of one source within a batch: whole lines, each ended by '\n' but perhaps the
// last (a datagram, or the end of a stream); or one message, whatever bytes it holds.
struct Chunk {
  uint32_t source = 0;  // index into Batch::sources
  uint32_t begin = 0;   // within Batch::bytes()
  uint32_t size = 0;
  uint64_t offset = 0;           // of the first byte in its file or stream
  uint64_t truncated_bytes = 0;  // > 0: exactly one line, of which so many bytes were discarded
  bool message = false;  // exactly one record, line ends inside it included (RFC 6587 §3.4.1)
  uint64_t missing_bytes = 0;  // of a message: announced, and never came
};

// Ticket: says when everything read into a batch has been settled by every output (delivered,
// spooled, or dropped and counted), so that a checkpoint may move.
//
// Shared by the batch and by every payload that holds records of it; the last one to let go calls
// `done`, on whatever thread that is: it must be quick and thread-safe (post to the main loop). A
// payload that is abandoned undelivered at exit calls abandon() first: `done` is never called.
class Ticket {
 public:
  explicit Ticket(std::function<void()> done) : done_(std::move(done)) {}
  Ticket(Ticket&&) = delete;
  ~Ticket() {
    if (!abandoned_.load(std::memory_order_acquire)) done_();
  }
  void abandon() { abandoned_.store(true, std::memory_order_release); }

 private:
  std::function<void()> done_;
  std::atomic<bool> abandoned_{false};
};
using TicketRef = std::shared_ptr<Ticket>;

// Made and filled by an input on the main thread, then handed to the pipeline thread as a whole.
class Batch {
 public:
  explicit Batch(ByteBudget& budget) : charge_(budget) {}
  Batch(Batch&&) = delete;

  // ---- filled by the input ----
  std::vector<std::shared_ptr<const Source>> sources;
  std::vector<Chunk> chunks;
  TicketRef ticket;  // may be empty: nobody waits for it
  // Of earlier batches, of which records in here have lines.
  std::vector<TicketRef> kept_tickets;
  WallNanos read_ns = 0;  // wall time of the read
  SteadyTime read_at{};   // the same moment on the steady clock: age and delay count from it

  // Room for reading into: what lies behind the bytes already committed.
  std::span<char> room() { return {bytes_ + used_, capacity_ - used_}; }
  // `size` bytes of room() have been filled.
  void commit(size_t size) { used_ += static_cast<uint32_t>(size); }
  uint32_t used() const { return used_; }
  const char* bytes() const { return bytes_; }

  // ---- filled by the pipeline ----
  Arena arena;  // whatever records need beyond the bytes as read
  std::vector<Record> records;
  std::vector<Token> tokens;
  std::vector<Field> fields;

  // Whoever settles records of this batch settles something of those tickets, too.
  void keep(const std::vector<TicketRef>& tickets) {
    kept_tickets.insert(kept_tickets.end(), tickets.begin(), tickets.end());
  }
  // Forgets the records, tokens, fields and arena, for the next lines of the same bytes.
  void clear_records();

  // Empties the batch and makes sure of room for `capacity` bytes plus kPadding. The memory that
  // is there already is kept; the budget is charged with all of it.
  void reset(size_t capacity);

  // Charges the budget anew after records and arena have grown.
  void recharge();

  const Token* tokens_of(const Record& record) const { return tokens.data() + record.first_token; }
  std::span<const Field> fields_of(const Record& record) const {
    return {fields.data() + record.first_field, record.field_count};
  }
  const Source& source_of(const Record& record) const { return *sources[record.source]; }
  // Who speaks in a record's source: `configured`, unless that has an identity of its own (a pod's
  // files).
  const Identity& identity_of(const Record& record, const Identity& configured) const {
    if (record.source >= identities_.size() || !identities_[record.source]) return configured;
    return *identities_[record.source];
  }
  // By source, up to the last one that has its own; null for the others. Until reset().
  void set_identities(std::vector<std::shared_ptr<const Identity>> identities) {
    identities_ = std::move(identities);
  }

 private:
  std::unique_ptr<char[]> memory_;
  char* bytes_ = nullptr;
  uint32_t used_ = 0;
  size_t capacity_ = 0;
  ByteCharge charge_;
  std::vector<std::shared_ptr<const Identity>> identities_;
};

// BatchPool: batches to use again, so that a warm daemon allocates nothing per batch.
//
// take() from the main thread, give() from any. Keeps at most `keep` idle batches; idle batches
// stay charged to the budget.
class BatchPool {
 public:
  explicit BatchPool(ByteBudget& budget, size_t keep = 4) : budget_(budget), keep_(keep) {}

  // An empty batch with room for `capacity` bytes, or null while the budget is used up (wait for
  // ByteBudget::on_room). Whoever has given all back always gets one, so that a budget that is
  // smaller than a batch, or used up by what is kept for later, slows us down instead of stopping
  // us.
  std::unique_ptr<Batch> take(size_t capacity = kBatchBytes);
  void give(std::unique_ptr<Batch> batch);

 private:
  void keep_or_drop(std::unique_ptr<Batch> batch);

  ByteBudget& budget_;
  size_t keep_;
  std::atomic<size_t> out_{0};  // taken and not given back
  std::mutex mutex_;
  std::vector<std::unique_ptr<Batch>> idle_;
};

}  // namespace waybill
