// SPDX-License-Identifier: Apache-2.0
// What the spool's own thread does: writing and making room (spool_reading.cpp: reading back).
#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/check.h"
#include "core/log.h"
#include "delivery/spool/entry.h"
#include "delivery/spool/spool.h"

namespace waybill::delivery {

namespace {

// Frames that are written, and synced, together.
constexpr size_t kGroupBytes = 2 * 1024 * 1024;
constexpr Duration kRetry = std::chrono::seconds(1);
// For the folder, while a predecessor holds it.
constexpr Duration kOpenRetry = std::chrono::milliseconds(50);
// What is settled within this time is delivered twice after a crash.
constexpr Duration kCursorDelay = std::chrono::milliseconds(100);
constexpr size_t kLargestSegment = 8 * 1024 * 1024;
constexpr size_t kSmallestSegment = 64 * 1024;

size_t segment_size(size_t spool) {
  return std::clamp(spool / 8, kSmallestSegment, kLargestSegment);
}

const char* plural(uint64_t count) { return count == 1 ? "" : "s"; }

}  // namespace

Result<void> Spool::try_open() {
  if (mkdirat(place_.state_dir, "spool", 0700) != 0 && errno != EEXIST) {
    return errno_error("cannot make " + place_.state_path + "/spool", errno);
  }
  if (fsync(place_.state_dir) != 0) {
    return errno_error("cannot sync " + place_.state_path, errno, Action::kRetry);
  }
  struct statvfs disk {};
  if (fstatvfs(place_.state_dir, &disk) == 0 && disk.f_blocks > 0) {
    segment_bytes_ = segment_size(std::min<size_t>(settings_.size, disk.f_blocks * disk.f_frsize));
  }
  auto opened = Segments::open(place_.state_dir, place_.state_path, place_.folder, segment_bytes_);
  if (!opened) return std::move(opened).error();
  segments_ = *std::move(opened);
  uint64_t found = segments_->end() - segments_->begin();
  if (segments_->torn() > 0) {
    ledger_.spool_torn(1, segments_->torn());
    spdlog::warn(
        "{}: its last {} bytes are cut off: a record that was not written to its end. If the last "
        "run was killed in the middle of it, no input was told that it is safe: a file is read "
        "again",
        segments_->path(), segments_->torn());
  }
  if (found > 0) {
    spdlog::info("output {}: {} record{} of an earlier run wait in its spool", ledger_.name(),
                 found, plural(found));
  }
  ledger_.recovered(segments_->path(), found);
  expected_ = segments_->begin();
  std::lock_guard lock(mutex_);
  unread_ = found;
  settled_ = moved_ = segments_->begin();
  opened_ = true;
  full_since_.reset();
  room_.notify_all();
  return {};
}

// A predecessor that is about to end is nothing to talk about.
void Spool::open_again() {
  Result<void> opened = try_open();
  if (opened) return recovered();
  bool patient =
      opened.error().action == Action::kRetry && steady_now() - began_ < settings_.open_patience;
  if (!patient) failed(opened.error().what);
  write_at_ = steady_now() + kOpenRetry;
}

bool Spool::has_work() const {
  SteadyTime now = steady_now();
  if ((!segments_ || !pending_.empty()) && now >= write_at_) return true;
  if (!segments_) return false;
  if (settled_ != moved_ && now >= cursor_at_) return true;
  if (!synced_ && now >= sync_at_) return true;
  if (now >= write_at_ && now >= reader_.due()) return true;
  return unread_ > 0 && reading_ && reader_.room() > 0;
}

// When there is work without anybody having told of it.
SteadyTime Spool::next_try() const {
  SteadyTime next = SteadyTime::max();
  if (!segments_ || !pending_.empty()) next = write_at_;
  if (settled_ != moved_) next = std::min(next, cursor_at_);
  if (!synced_) next = std::min(next, sync_at_);
  if (segments_) next = std::min(next, std::max(write_at_, reader_.due()));
  return next;
}

void Spool::run() {
  pthread_setname_np(pthread_self(), "spool");
  std::unique_lock lock(mutex_);
  while (true) {
    while (!has_work() && !finishing_) {
      SteadyTime next = next_try();
      if (next == SteadyTime::max()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, next);
      }
    }
    bool last = finishing_;
    if (!segments_) {
      lock.unlock();
      open_again();
      lock.lock();
    }
    if (segments_ && !last && steady_now() >= std::max(write_at_, reader_.due())) {
      lock.unlock();
      reader_.write_due();
      lock.lock();
      if (!has_work()) continue;
    }
    if (segments_) {
      if (last || steady_now() >= write_at_) write_pending(lock);
      lock.unlock();
      if (last || steady_now() >= sync_at_) sync();
      read_back();
      move_cursor();
      update_gauges();
      reader_.spool_changed();
      lock.lock();
    }
    if (last) break;
  }
  lock.unlock();
  leave_unwritten();
  if (!segments_) return;
  update_gauges();
  lock.lock();
  ledger_.left_in_spool(segments_->path(), records());
  segments_.reset();
}

// What could not be written before the end.
void Spool::leave_unwritten() {
  std::deque<std::unique_ptr<Payload>> unwritten;
  uint64_t records = 0;
  bool retired = false;
  {
    std::lock_guard lock(mutex_);
    unwritten.swap(pending_);
    records = std::exchange(pending_records_, 0);
    retired = retired_;
    if (!retired) left_ = records;
  }
  if (retired && records > 0) {
    ledger_.dropped(DropReason::kOutputRemoved, records);
    spdlog::error(
        "output {}: it was removed or changed, and its spool did not take what it left "
        "({} record{} dropped)",
        ledger_.name(), records, plural(records));
  }
  if (retired) return;
  for (auto& payload : unwritten) ledger_.left_with_inputs(payload->abandon());
}

// Writes what is pending, in groups. On return nothing is pending, or it cannot be written now.
void Spool::write_pending(std::unique_lock<std::mutex>& lock) {
  const size_t most = std::min(kGroupBytes, segment_bytes_);
  std::deque<std::unique_ptr<Payload>> group;
  while (!pending_.empty()) {
    size_t bytes = 0;
    do {
      bytes += pending_.front()->size();
      group.push_back(std::move(pending_.front()));
      pending_.pop_front();
    } while (!pending_.empty() && bytes + pending_.front()->size() <= most);
    lock.unlock();
    size_t held = write_group(group);
    lock.lock();
    if (!group.empty()) {  // not now
      while (!group.empty()) {
        pending_.push_front(std::move(group.back()));
        group.pop_back();
      }
      return;
    }
    pending_bytes_ -= std::min(pending_bytes_, held);
    full_since_.reset();
    room_.notify_all();
  }
}

// Writes `group`, or drops it where the policy says so: then it is empty afterwards. Returns the
// bytes that it held in memory.
size_t Spool::write_group(std::deque<std::unique_ptr<Payload>>& group) {
  size_t held = 0;
  for (const auto& payload : group) {
    held += payload->charge.held();
    drop_too_large(*payload);
  }
  size_t bytes = 0;
  for (const auto& payload : group) bytes += entries_size(*payload);
  Result<void> done = make_room(bytes);
  bool at_once = settings_.sync_every == Duration::zero();
  if (done && bytes > 0) done = write_frames(group, bytes, at_once);
  if (done) {
    recovered();
    if (!at_once && std::exchange(synced_, false)) sync_at_ = steady_now() + settings_.sync_every;
    keep_copies(group);
    if (!hand_over(group, held)) {
      for (auto& payload : group) written(std::move(payload));
    }
    group.clear();
  } else {
    failed(done.error().what);
    held -= give_back(group);
    if (give_up(group)) group.clear();
  }
  if (frames_.capacity() > 4 * kGroupBytes) frames_.release();
  return held;
}

// The frames of `group`, `bytes` of them.
Result<void> Spool::write_frames(const std::deque<std::unique_ptr<Payload>>& group, size_t bytes,
                                 bool sync) {
  // Laid down as they will lie in the file: see Segments::offset_for().
  const size_t offset = segments_->offset_for(bytes);
  frames_.clear();
  const auto begin = reinterpret_cast<uintptr_t>(frames_.reserve(bytes + Segments::kBlock));
  const size_t skipped = (offset - begin) % Segments::kBlock;
  frames_.advance(skipped);
  uint64_t records = 0;
  for (const auto& payload : group) {
    records += append_entries(frames_, *payload, segments_->end() + records);
  }
  WAYBILL_CHECK(frames_.size() == skipped + bytes, "the frames of a spool are not what was said");
  return segments_->write(frames_.view().substr(skipped), records, sync);
}

// What cannot be written is dropped, unless it may wait. False: it may.
bool Spool::give_up(std::deque<std::unique_ptr<Payload>>& group) {
  uint64_t records = 0;
  bool waits = false;  // memory has held it until now, or it is what is left at the end
  for (const auto& payload : group) {
    records += payload->unsettled;
    waits |= payload->from_memory || payload->given_up;
  }
  {
    std::lock_guard lock(mutex_);
    if (waits || when_full_ == WhenFull::kBlock || finishing_) return false;
    pending_records_ -= std::min(pending_records_, records);
  }
  for (auto& payload : group) drop(std::move(payload), DropReason::kSpoolFull);
  return true;
}

// Such a record is larger than any backend takes.
void Spool::drop_too_large(Payload& payload) {
  size_t sources = 0;
  for (const std::string& source : payload.note_sources) sources = std::max(sources, source.size());
  size_t heads = 0;
  for (uint32_t i = 0; i < payload.group_count; ++i) {
    heads = std::max(heads, payload.groups[i].head.size());
  }
  // A usual payload is smaller as a whole.
  size_t around = kEntryOverhead + sources + heads;
  if (payload.size() + around <= settings_.largest_record) return;
  uint64_t dropped = 0;
  for (uint32_t i = 0; i < payload.slices.size(); ++i) {
    const Slice& slice = payload.slices[i];
    if (slice.settled || slice.size + slice.note.size + around <= settings_.largest_record)
      continue;
    payload.settle(i);
    ++dropped;
  }
  if (dropped == 0) return;
  {
    std::lock_guard lock(mutex_);
    pending_records_ -= dropped;
  }
  ledger_.dropped(DropReason::kTooLarge, dropped);
  spdlog::error("output {}: {} record{} larger than a spool takes, {} bytes (dropped)",
                ledger_.name(), dropped, dropped == 1 ? " is" : "s are", settings_.largest_record);
}

// Whether `bytes` more may be written; by drop_oldest, after others had to go. An empty spool takes
// whatever comes, so that a batch larger than it is no dead end; and one that blocks takes at the
// end what it has made wait, a few batches.
Result<void> Spool::make_room(size_t bytes) {
  bool low = disk_is_low();
  if (!low) low_limit_.reset();
  if (low && !low_limit_) low_limit_ = segments_->bytes();  // it grows no further
  size_t limit = low ? std::min(*low_limit_, settings_.size) : settings_.size;
  bool last = false;
  {
    std::lock_guard lock(mutex_);
    last = finishing_ && when_full_ == WhenFull::kBlock;
  }
  if (last && !low) return {};
  while (segments_->bytes() + bytes > limit && (low || segments_->bytes() > 0)) {
    if (when_full() != WhenFull::kDropOldest || segments_->bytes() == 0) {
      std::string why = low ? "less than a tenth of its disk is free"
                            : fmt::format("{} bytes used of {}", segments_->bytes(), limit);
      return Error{Action::kRetry, fmt::format("{} is full: {}", segments_->path(), why)};
    }
    drop_oldest();
  }
  return {};
}

void Spool::drop_oldest() {
  uint64_t gone = segments_->drop_oldest();
  expected_ = std::max(expected_, segments_->next());
  {
    std::lock_guard lock(mutex_);
    unread_ -= std::min(unread_, gone);
    for (ReadBack& one : read_back_) {
      if (one.begin >= segments_->begin()) break;
      if (one.in_memory) {
        one.only_memory = true;
      } else {
        gone += std::exchange(one.unsettled, 0);  // the rest of it, too, in the next segment
      }
    }
    settled_ = std::max(settled_, segments_->begin());
    moved_ = std::max(moved_, segments_->begin());
    advance();
  }
  if (gone == 0) return;
  ledger_.dropped(DropReason::kSpoolFull, gone);
  if (uint64_t report = drop_log_.add(steady_now(), gone)) {
    spdlog::warn("output {}: its spool is full: the oldest in it had to go ({} record{} dropped)",
                 ledger_.name(), report, plural(report));
  }
}

// Others need the disk, too: the last tenth of it is theirs.
bool Spool::disk_is_low() const {
  struct statvfs disk {};
  if (fstatvfs(place_.state_dir, &disk) != 0 || disk.f_blocks == 0) return false;
  return disk.f_bavail < disk.f_blocks / 10;
}

void Spool::drop(std::unique_ptr<Payload> payload, DropReason reason) {
  uint64_t records = payload->unsettled;
  if (payload->spool_end != 0) settled(payload->spool_end);
  ledger_.dropped(reason, records);
  if (uint64_t report = drop_log_.add(steady_now(), records)) {
    spdlog::warn("output {}: its spool takes nothing now ({} record{} dropped)", ledger_.name(),
                 report, plural(report));
  }
}

void Spool::written(std::unique_ptr<Payload> payload) {
  {
    std::lock_guard lock(mutex_);
    pending_records_ -= payload->unsettled;
    unread_ += payload->unsettled;
    if (payload->spool_end != 0) settle_read_back(payload->spool_end);  // it is behind the others
  }
  keep_tickets(*payload);
  payload->clear();
  reader_.recycle(std::move(payload));
}

// The records of `payload` are written: its tickets are let go when they are durable.
void Spool::keep_tickets(Payload& payload) {
  if (!synced_) {
    for (TicketRef& ticket : payload.tickets) {
      // Neighbouring payloads share theirs.
      if (unsynced_.empty() || unsynced_.back() != ticket) unsynced_.push_back(std::move(ticket));
    }
  }
  payload.tickets.clear();
}

// What a failed sync has lost cannot be known, and is not in memory any more: inputs that can read
// it again do so at the next start.
void Spool::sync() {
  if (std::exchange(synced_, true)) return;
  if (Result<void> done = segments_->sync(); !done) {
    failed(done.error().what);
    for (TicketRef& ticket : unsynced_) ticket->abandon();
  }
  unsynced_.clear();
}

void Spool::failed(const std::string& problem) {
  failing_ = true;
  write_at_ = steady_now() + kRetry;
  if (failure_log_.add(steady_now(), 1) != 0) {
    spdlog::error("output {}: cannot spool: {}", ledger_.name(), problem);
  }
}

void Spool::recovered() {
  if (!failing_) return;
  failing_ = false;
  spdlog::info("output {}: its spool takes records again", ledger_.name());
}

void Spool::move_cursor() {
  uint64_t target = 0;
  {
    std::lock_guard lock(mutex_);
    target = settled_;
    bool due = steady_now() >= cursor_at_ || finishing_ || target == segments_->end();
    if (target == moved_ || !due) return;
  }
  cursor_at_ = steady_now() + kCursorDelay;
  if (Result<void> moved = segments_->settle(target); !moved) {
    failed(moved.error().what);
    cursor_at_ = steady_now() + kRetry;
    return;
  }
  write_at_ = {};  // there may be room now
  std::lock_guard lock(mutex_);
  moved_ = target;
}

void Spool::update_gauges() {
  uint64_t now = 0;
  {
    std::lock_guard lock(mutex_);
    now = records();
  }
  ledger_.spooled(now, segments_->bytes());
}

}  // namespace waybill::delivery
