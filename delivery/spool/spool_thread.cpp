// SPDX-License-Identifier: Apache-2.0
// What the spool's own thread does: writing, reading back, making room.
#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "delivery/spool/entry.h"
#include "delivery/spool/spool.h"

namespace waybill::delivery {

namespace {

// Frames that are written, and synced, together.
constexpr size_t kGroupBytes = 2 * 1024 * 1024;
constexpr Duration kRetry = std::chrono::seconds(1);
// For the folder, while a predecessor holds it.
constexpr Duration kOpenRetry = std::chrono::milliseconds(50);
constexpr Duration kOpenPatience = std::chrono::seconds(10);
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
    ledger_.spool_torn(segments_->torn());
    spdlog::warn(
        "{}: {} bytes of records that were being written at the last end are cut off: no input was "
        "told that they are safe, so files are read again",
        segments_->path(), segments_->torn());
  }
  if (found > 0) {
    spdlog::info("output {}: {} record{} of an earlier run wait in its spool", ledger_.name(),
                 found, plural(found));
  }
  ledger_.recovered(segments_->path(), found);
  expected_ = segments_->begin();
  std::lock_guard lock(mutex_);
  unread_ = unsettled_ = found;
  settled_ = moved_ = segments_->begin();
  opened_ = true;
  room_.notify_all();
  return {};
}

// A predecessor that is about to end is nothing to talk about.
void Spool::open_again() {
  Result<void> opened = try_open();
  if (opened) return recovered();
  bool patient = opened.error().action == Action::kRetry && steady_now() - began_ < kOpenPatience;
  if (!patient) failed(opened.error().what);
  write_at_ = steady_now() + kOpenRetry;
}

bool Spool::has_work() const {
  SteadyTime now = steady_now();
  if ((!segments_ || !pending_.empty()) && now >= write_at_) return true;
  if (!segments_) return false;
  if (settled_ != moved_ && now >= cursor_at_) return true;
  return unread_ > 0 && reading_ && reader_.room() > 0;
}

// When there is work without anybody having told of it.
SteadyTime Spool::next_try() const {
  SteadyTime next = SteadyTime::max();
  if (!segments_ || !pending_.empty()) next = write_at_;
  if (settled_ != moved_) next = std::min(next, cursor_at_);
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
    if (segments_) {
      if (last || steady_now() >= write_at_) write_pending(lock);
      lock.unlock();
      read_back();
      move_cursor();
      update_gauges();
      reader_.spool_changed();
      lock.lock();
    }
    if (last) break;
  }
  std::deque<std::unique_ptr<Payload>> lost = std::move(pending_);
  left_ = std::exchange(pending_records_, 0);
  lock.unlock();
  for (auto& payload : lost) payload->abandon();
  lost.clear();
  if (!segments_) return;
  update_gauges();
  ledger_.left_in_spool(segments_->path(), records());
  segments_.reset();
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
    room_.notify_all();
  }
}

// Writes `group`, or drops it where the policy says so: then it is empty afterwards. Returns the
// bytes that it held in memory.
size_t Spool::write_group(std::deque<std::unique_ptr<Payload>>& group) {
  size_t held = 0;
  for (const auto& payload : group) held += payload->charge.held();
  frames_.clear();
  uint64_t records = 0;
  for (const auto& payload : group) {
    records += append_entries(frames_, *payload, segments_->end() + records);
  }
  Result<void> done = make_room(frames_.size());
  if (done) done = segments_->write(frames_.view(), records);
  if (done) {
    recovered();
    if (!hand_over(group, held)) {
      for (auto& payload : group) written(std::move(payload));
    }
    group.clear();
  } else {
    failed(done.error().what);
    if (give_up(group)) group.clear();
  }
  if (frames_.capacity() > 4 * kGroupBytes) frames_.release();
  return held;
}

// What cannot be written is dropped, unless it may wait. False: it may.
bool Spool::give_up(std::deque<std::unique_ptr<Payload>>& group) {
  uint64_t records = 0;
  for (const auto& payload : group) records += payload->unsettled;
  {
    std::lock_guard lock(mutex_);
    if (when_full_ == WhenFull::kBlock || finishing_) return false;
    pending_records_ -= std::min(pending_records_, records);
  }
  for (auto& payload : group) drop(std::move(payload), DropReason::kSpoolFull);
  return true;
}

// Whether `bytes` more may be written; by drop_oldest, after others had to go. An empty spool takes
// whatever comes, so that a batch larger than it is no dead end.
Result<void> Spool::make_room(size_t bytes) {
  bool low = disk_is_low();
  if (!low) low_limit_.reset();
  if (low && !low_limit_) low_limit_ = segments_->bytes();  // it grows no further
  size_t limit = low ? std::min(*low_limit_, settings_.size) : settings_.size;
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
    unsettled_ -= std::min(unsettled_, gone);
    settled_ = std::max(settled_, segments_->begin());
    moved_ = std::max(moved_, segments_->begin());
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
    unsettled_ += payload->unsettled;
  }
  payload->clear();  // lets the tickets go: the records are durable
  reader_.recycle(std::move(payload));
}

// Nothing older waits on disk, and the output has room: it gets what has just been written as it
// is.
bool Spool::hand_over(std::deque<std::unique_ptr<Payload>>& group, size_t held) {
  {
    std::lock_guard lock(mutex_);
    if (unread_ > 0 || !reading_ || finishing_ || reader_.room() < held) return false;
  }
  segments_->skip_to_end();
  for (auto& payload : group) {
    uint64_t records = payload->unsettled;
    expected_ += records;
    payload->tickets.clear();
    payload->spool_end = expected_;
    payload->recharge();
    {
      std::lock_guard lock(mutex_);
      unsettled_ += records;
      read_back_.push_back({expected_, records, 0});
    }
    reader_.refill(std::move(payload));
    std::lock_guard lock(mutex_);
    pending_records_ -= records;  // not before it is queued: what is new goes behind it
  }
  return true;
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

void Spool::read_back() {
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (!reading_ || finishing_ || unread_ == 0) return;
    }
    if (reader_.room() == 0) return;
    std::unique_ptr<Payload> payload = reader_.take();
    uint64_t read = 0;
    const Now now;
    while (payload->slices.size() < settings_.batch_records &&
           payload->bytes < settings_.batch_bytes) {
      std::optional<Frame> frame = segments_->read();
      if (!frame) break;
      count_lost(frame->sequence);
      // Its checksum is right, so only another version can have written it otherwise.
      if (!add_entry(*payload, frame->payload, now)) {
        count_lost(frame->sequence + 1);
        continue;
      }
      expected_ = frame->sequence + 1;
      ++read;
    }
    if (segments_->next() == segments_->end()) count_lost(segments_->end());
    payload->spool_end = expected_;
    bool any = !payload->slices.empty();
    auto whole = [](const ReadBack& one) { return one.whole(); };
    {
      std::lock_guard lock(mutex_);
      if (any) {
        read_back_.push_back({expected_, payload->slices.size(), 0});
      } else if (std::all_of(read_back_.begin(), read_back_.end(), whole)) {
        settled_ = std::max(settled_, expected_);  // all of them damaged
      }
    }
    if (!any) {
      reader_.recycle(std::move(payload));
      break;
    }
    payload->recharge();
    reader_.refill(std::move(payload));
    std::lock_guard lock(mutex_);
    unread_ -= std::min(unread_, read);  // not before it is queued: what is new goes behind it
  }
}

// Records from expected_ to `found` could not be read back.
void Spool::count_lost(uint64_t found) {
  if (found <= expected_) return;
  uint64_t lost = found - expected_;
  expected_ = found;
  ledger_.dropped(DropReason::kSpoolDamaged, lost);
  spdlog::error("output {}: {} record{} of its spool {} damaged (dropped)", ledger_.name(), lost,
                plural(lost), lost == 1 ? "is" : "are");
  std::lock_guard lock(mutex_);
  unread_ -= std::min(unread_, lost);
  unsettled_ -= std::min(unsettled_, lost);
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
  while (!read_back_.empty() && read_back_.front().end <= target) read_back_.pop_front();
  unsettled_ = segments_->end() - std::max(target, segments_->begin());
}

void Spool::update_gauges() { ledger_.spooled(records(), segments_ ? segments_->bytes() : 0); }

}  // namespace waybill::delivery
