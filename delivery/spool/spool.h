// SPDX-License-Identifier: Apache-2.0
// Spool: an output's queue on disk, behind its queue in memory (outbox.h).
//
// While anything waits here, whatever is new goes behind it, so the order of a stream holds. A
// payload is settled for its inputs once it is durable: its tickets are let go then. Its records
// come back as payloads of their own, byte for byte as they were encoded; where the output keeps
// up, the payload itself goes on and nothing is read. A thread named `spool` does all the reading
// and writing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/ledger.h"
#include "core/throttle.h"
#include "delivery/payload.h"
#include "delivery/spool/segments.h"

namespace waybill::delivery {

enum class WhenFull : uint8_t {
  kBlock,       // whoever pushes waits until there is room
  kDropOldest,  // what has waited longest goes, by whole segments
  kDropNewest,  // what comes goes
};

// What goes to a spool.
enum class SpoolUse : uint8_t {
  kNothing,   // what an earlier run has left is delivered, and no more
  kOverflow,  // what finds no room in memory
  kAll,
};

struct SpoolSettings {
  size_t size = 512 * 1024 * 1024;  // bytes on disk
  // Of the payloads that are made of what is read back.
  size_t batch_records = 5000;
  size_t batch_bytes = 1024 * 1024;
  // What is written is synced so long afterwards, and counts as safe then. Zero: at once.
  Duration sync_every = Duration::zero();
  // A record whose frame would hold more is dropped, as DropReason::kTooLarge.
  size_t largest_record = kMaxFramePayload;
  // How long put() waits for a disk that takes nothing, and for the folder while a predecessor
  // holds it: once per stall, not once per payload.
  Duration disk_patience = std::chrono::seconds(1);
  Duration open_patience = std::chrono::seconds(10);
};

// Where an output's spool is. The state directory outlives it.
struct SpoolPlace {
  int state_dir = -1;
  std::string state_path;  // of the state directory, for messages
  std::string folder;      // below it: spool_folder()
};

// "spool/<output>.<type>": a name that is safe in a path, whatever the output is called. A spool
// holds records in its backend's own form, so an output of another type has another one.
std::string spool_folder(std::string_view output, std::string_view type);

// What the spool needs of the queue in front of the output. Called on the spool's thread.
class SpoolReader {
 public:
  virtual ~SpoolReader() = default;
  // Bytes that it would take now; 0: it has enough.
  virtual size_t room() = 0;
  virtual std::unique_ptr<Payload> take() = 0;
  // False: it takes nothing any more, and the payload is gone; its records stay on disk.
  virtual bool refill(std::unique_ptr<Payload> payload) = 0;
  // A payload that has been written: its memory may be used again.
  virtual void recycle(std::unique_ptr<Payload> payload) = 0;
  // When write_due() is to be called: at the earliest, and not while the disk takes nothing.
  virtual SteadyTime due() = 0;
  // Puts here, with put_now(), what is not to wait in memory alone any longer.
  virtual void write_due() = 0;
  // The copy of payload `number` is written, and ends before `end`. False: it is not wanted any
  // more, as its original has come back.
  virtual bool copied(uint64_t number, uint64_t end) = 0;
  // The copy could not be written.
  virtual void not_copied(uint64_t number) = 0;
  // A payload that cannot be written now, and that nothing older waits for. False: memory has no
  // room for it either.
  virtual bool take_back(std::unique_ptr<Payload>& payload) = 0;
  // Something has changed in what idle() says.
  virtual void spool_changed() = 0;
};

class Spool {
 public:
  // Opens the folder. One that the output's predecessor in a reload still holds is no Error: it is
  // tried again and again, and put() waits so long. `reader` and `ledger` outlive this.
  static Result<std::unique_ptr<Spool>> open(SpoolPlace place, const SpoolSettings& settings,
                                             OutputLedger& ledger, SpoolReader& reader);
  Spool(Spool&&) = delete;
  ~Spool();  // finish()

  // ---- pipeline thread ----
  // Whether what is new has to come here: what is older waits here still.
  bool engaged() const;
  // Takes a payload. Waits while too much waits to be written already (a slow disk, a predecessor,
  // a full spool that blocks): until there is room, release() or finish(); with the drop policies
  // no longer than SpoolSettings say, then the payload is dropped, and counted.
  void put(std::unique_ptr<Payload> payload);

  // ---- any thread; the reader's lock may be held ----
  // Takes a payload that memory holds already, without waiting; or a copy of one that is out
  // (Payload::copy_of): its records are not read back, and are settled with the original. Not while
  // engaged(), nor before it is open: an original must not stand behind anything.
  void put_now(std::unique_ptr<Payload> payload);
  // No copy of payload `number` is wanted any more.
  void cancel(uint64_t number);
  // Its folder is open. Once it is, for good.
  bool opened() const;
  // It is open, and the disk took what was written last.
  bool well() const;
  size_t largest_record() const { return settings_.largest_record; }

  // ---- any thread ----
  void set_when_full(WhenFull when_full);
  // Takes what could not be delivered before the end, whatever the limits say: also a payload that
  // was read from here. What is unsettled of that one is here still, or is written once more where
  // its segment had to go in the meantime.
  void put_last(std::unique_ptr<Payload> payload);
  // The payload whose spool_end is `end`, and which was read from here, is settled. In any order.
  void settled(uint64_t end);
  // Nobody comes after us who would deliver what cannot be written at the end, or read again what
  // its inputs still have: it is dropped and counted, not left.
  void retire();
  void wake();
  // Nothing is read back any more: the end is near.
  void stop_reading();
  // put() waits no longer.
  void release();
  // Nothing waits to be written, and nothing is to be read back now.
  bool idle() const;
  // Records that could not be written before the end, and were abandoned.
  uint64_t left() const;

  // Writes what is left, and the cursor; ends the thread. What cannot be written is abandoned.
  // Safe to call twice.
  void finish();

 private:
  Spool(SpoolPlace place, const SpoolSettings& settings, OutputLedger& ledger, SpoolReader& reader);

  void run();
  bool has_work() const;
  SteadyTime next_try() const;
  Result<void> try_open();
  void open_again();
  void leave_unwritten();
  void write_pending(std::unique_lock<std::mutex>& lock);
  WhenFull when_full() const;
  Result<void> make_room(size_t bytes);
  void drop_oldest();
  bool disk_is_low() const;
  size_t write_group(std::deque<std::unique_ptr<Payload>>& group);
  void add(std::unique_ptr<Payload> payload);
  void keep_copies(std::deque<std::unique_ptr<Payload>>& group);
  size_t give_back(std::deque<std::unique_ptr<Payload>>& group);
  Result<void> write_frames(const std::deque<std::unique_ptr<Payload>>& group, size_t bytes,
                            bool sync);
  void drop(std::unique_ptr<Payload> payload, DropReason reason);
  void written(std::unique_ptr<Payload> payload);
  void keep_tickets(Payload& payload);
  void sync();
  void drop_too_large(Payload& payload);
  void refill(std::unique_ptr<Payload> payload, uint64_t begin);
  bool hand_over(std::deque<std::unique_ptr<Payload>>& group, size_t held);
  bool give_up(std::deque<std::unique_ptr<Payload>>& group);
  void failed(const std::string& problem);
  void recovered();
  void read_back();
  void count_lost(uint64_t found);
  void move_cursor();
  void update_gauges();
  struct ReadBack;
  ReadBack* find_read_back(uint64_t end);
  void settle_read_back(uint64_t end);
  void advance();
  uint64_t records() const;

  const SpoolPlace place_;
  const SpoolSettings settings_;
  OutputLedger& ledger_;
  SpoolReader& reader_;

  // The spool's thread only (and open()).
  std::unique_ptr<Segments> segments_;
  size_t segment_bytes_ = size_t{64} * 1024;
  uint64_t expected_ = 0;  // the sequence number that is to be read next
  Buffer frames_;
  Throttle drop_log_{std::chrono::seconds(10)};
  Throttle failure_log_{std::chrono::minutes(1)};
  std::optional<size_t> low_limit_;   // bytes on disk when the disk ran low
  std::atomic<bool> failing_{false};  // read by others
  const SteadyTime began_ = steady_now();
  SteadyTime write_at_{};            // not before: the last attempt failed, or there was no room
  SteadyTime cursor_at_{};           // when the cursor is written next
  bool synced_ = true;               // all that was written is durable
  SteadyTime sync_at_{};             // when it is made so, if it is not
  std::vector<TicketRef> unsynced_;  // of what was written since the last sync

  mutable std::mutex mutex_;
  WhenFull when_full_ = WhenFull::kDropOldest;
  std::condition_variable changed_;  // for the thread
  std::condition_variable room_;     // for put()
  std::deque<std::unique_ptr<Payload>> pending_;
  size_t pending_bytes_ = 0;
  uint64_t pending_records_ = 0;  // what is being written included
  uint64_t unread_ = 0;           // records on disk, damaged ones that nobody has seen included
  struct ReadBack {
    uint64_t begin = 0;        // the sequence number of its first record, or of a lost one before
    uint64_t end = 0;          // the one behind its last record
    uint64_t unsettled = 0;    // of its records; each of the others is counted in the ledger
    bool in_memory = true;     // false: it was left, and is nowhere but here
    bool only_memory = false;  // what is unsettled has no copy on disk any more, or not all of it
  };
  std::deque<ReadBack> read_back_;  // payloads that are not settled, or stand behind such
  uint64_t settled_ = 0;            // all below it are
  bool opened_ = false;
  uint64_t moved_ = 0;  // what of it the cursor covers
  uint64_t left_ = 0;
  // Since when nothing has been written while put() waited.
  std::optional<SteadyTime> full_since_;
  bool retired_ = false;
  bool reading_ = true;
  bool released_ = false;
  bool finishing_ = false;

  std::thread thread_;
};

}  // namespace waybill::delivery
