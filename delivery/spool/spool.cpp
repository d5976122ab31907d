// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/spool.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/check.h"
#include "core/log.h"
#include "core/thread.h"

namespace waybill::delivery {

namespace {

// What may wait to be written: enough to keep a disk busy.
constexpr size_t kPendingBytes = size_t{3} * 1024 * 1024;

}  // namespace

std::string spool_folder(std::string_view output, std::string_view type) {
  std::string folder = "spool/";
  for (char c : output) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_';
    folder += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return folder + "." + std::string(type);
}

Spool::Spool(SpoolPlace place, const SpoolSettings& settings, OutputLedger& ledger,
             SpoolReader& reader)
    : place_(std::move(place)), settings_(settings), ledger_(ledger), reader_(reader) {}

Spool::~Spool() { finish(); }

Result<std::unique_ptr<Spool>> Spool::open(SpoolPlace place, const SpoolSettings& settings,
                                           OutputLedger& ledger, SpoolReader& reader) {
  std::unique_ptr<Spool> spool(new Spool(std::move(place), settings, ledger, reader));
  if (Result<void> opened = spool->try_open(); !opened) {
    if (opened.error().action != Action::kRetry) return std::move(opened).error();
  }
  Result<void> started = start_thread(spool->thread_, [raw = spool.get()] { raw->run(); });
  if (!started) return std::move(started).error().within("the spool " + spool->place_.folder);
  return spool;
}

// ---- other threads ----

bool Spool::engaged() const {
  std::lock_guard lock(mutex_);
  return pending_records_ > 0 || unread_ > 0;
}

bool Spool::well() const {
  std::lock_guard lock(mutex_);
  return opened_ && !failing_.load(std::memory_order_relaxed);
}

void Spool::put(std::unique_ptr<Payload> payload) {
  std::unique_lock lock(mutex_);
  auto has_room = [&] { return pending_bytes_ < kPendingBytes || released_ || finishing_; };
  while (!has_room()) {
    if (!full_since_) full_since_ = steady_now();
    Duration patience = opened_ ? settings_.disk_patience : settings_.open_patience;
    if (when_full_ == WhenFull::kBlock) {
      room_.wait(lock);
    } else if (room_.wait_until(lock, *full_since_ + patience) == std::cv_status::timeout &&
               !has_room()) {
      lock.unlock();
      return drop(std::move(payload), DropReason::kQueueFull);
    }
  }
  add(std::move(payload));
}

bool Spool::opened() const {
  std::lock_guard lock(mutex_);
  return opened_;
}

void Spool::put_now(std::unique_ptr<Payload> payload) {
  payload->from_memory = true;
  std::lock_guard lock(mutex_);
  add(std::move(payload));
}

// With the lock held.
void Spool::add(std::unique_ptr<Payload> payload) {
  pending_bytes_ += payload->charge.held();
  pending_records_ += payload->unsettled;
  pending_.push_back(std::move(payload));
  changed_.notify_all();
}

// One that is being written is settled by keep_copies().
void Spool::cancel(uint64_t number) {
  std::lock_guard lock(mutex_);
  auto copy = std::find_if(pending_.begin(), pending_.end(),
                           [&](const auto& payload) { return payload->copy_of == number; });
  if (copy == pending_.end()) return;
  pending_bytes_ -= std::min(pending_bytes_, (*copy)->charge.held());
  pending_records_ -= (*copy)->unsettled;
  pending_.erase(copy);
  room_.notify_all();
}

void Spool::set_when_full(WhenFull when_full) {
  std::lock_guard lock(mutex_);
  when_full_ = when_full;
  room_.notify_all();
  changed_.notify_all();
}

WhenFull Spool::when_full() const {
  std::lock_guard lock(mutex_);
  return when_full_;
}

void Spool::put_last(std::unique_ptr<Payload> payload) {
  std::lock_guard lock(mutex_);
  if (payload->spool_end != 0) {
    ReadBack* mine = find_read_back(payload->spool_end);
    bool again = mine->only_memory && payload->unsettled > 0;
    mine->unsettled = payload->unsettled;
    mine->in_memory = again;
    advance();
    changed_.notify_all();
    if (!again) return;  // it never left the disk
  }
  payload->given_up = true;
  add(std::move(payload));
}

void Spool::settled(uint64_t end) {
  std::lock_guard lock(mutex_);
  settle_read_back(end);
  changed_.notify_all();
}

// With the lock held, as all of these.
Spool::ReadBack* Spool::find_read_back(uint64_t end) {
  auto found = std::find_if(read_back_.begin(), read_back_.end(),
                            [&](const ReadBack& one) { return one.end == end; });
  WAYBILL_CHECK(found != read_back_.end(), "a payload came back that this spool has not read");
  return &*found;
}

void Spool::settle_read_back(uint64_t end) {
  find_read_back(end)->unsettled = 0;
  advance();
}

// Passes what is settled without a gap.
void Spool::advance() {
  while (!read_back_.empty() && read_back_.front().unsettled == 0) {
    settled_ = std::max(settled_, read_back_.front().end);
    read_back_.pop_front();
  }
}

// Those on disk, or on the way there, that are not settled. Fewer than stand behind the cursor:
// what is settled, or lost, before something that is not will be seen again by who comes next.
uint64_t Spool::records() const {
  uint64_t records = pending_records_ + unread_;
  for (const ReadBack& one : read_back_) records += one.only_memory ? 0 : one.unsettled;
  return records;
}

void Spool::wake() {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Spool::stop_reading() {
  {
    std::lock_guard lock(mutex_);
    reading_ = false;
    changed_.notify_all();
  }
  reader_.spool_changed();
}

void Spool::release() {
  std::lock_guard lock(mutex_);
  released_ = true;
  room_.notify_all();
}

void Spool::retire() {
  std::lock_guard lock(mutex_);
  retired_ = true;
}

bool Spool::idle() const {
  std::lock_guard lock(mutex_);
  return pending_records_ == 0 && (unread_ == 0 || !reading_);
}

uint64_t Spool::left() const {
  std::lock_guard lock(mutex_);
  return left_;
}

void Spool::finish() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    finishing_ = true;
    reading_ = false;
    changed_.notify_all();
    room_.notify_all();
  }
  thread_.join();
}

}  // namespace waybill::delivery
