// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/spool.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace waybill::delivery {

namespace {

// What may wait to be written: enough to keep a disk busy.
constexpr size_t kPendingBytes = size_t{3} * 1024 * 1024;
constexpr Duration kPutPatience = std::chrono::seconds(1);

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
  spool->thread_ = std::thread([raw = spool.get()] { raw->run(); });
  return spool;
}

// ---- other threads ----

bool Spool::engaged() const {
  std::lock_guard lock(mutex_);
  return pending_records_ > 0 || unread_ > 0;
}

void Spool::put(std::unique_ptr<Payload> payload) {
  std::unique_lock lock(mutex_);
  auto has_room = [&] { return pending_bytes_ < kPendingBytes || released_ || finishing_; };
  SteadyTime patience = steady_now() + kPutPatience;
  while (!has_room()) {
    if (when_full_ == WhenFull::kBlock || !opened_) {
      room_.wait(lock);
    } else if (room_.wait_until(lock, patience) == std::cv_status::timeout && !has_room()) {
      lock.unlock();
      return drop(std::move(payload), DropReason::kQueueFull);
    }
  }
  pending_bytes_ += payload->charge.held();
  pending_records_ += payload->unsettled;
  pending_.push_back(std::move(payload));
  changed_.notify_all();
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
  pending_bytes_ += payload->charge.held();
  pending_records_ += payload->unsettled;
  pending_.push_back(std::move(payload));
  changed_.notify_all();
}

void Spool::settled(uint64_t end, uint64_t unsettled) {
  std::lock_guard lock(mutex_);
  for (ReadBack& one : read_back_) {
    if (one.end == end) one.settled = one.records - unsettled;
  }
  for (const ReadBack& one : read_back_) {
    if (!one.whole()) break;
    settled_ = std::max(settled_, one.end);
  }
  changed_.notify_all();
}

// Records that are settled, though the cursor has not moved behind them: another process would send
// them again. With the lock held.
uint64_t Spool::settled_ahead() const {
  uint64_t ahead = 0;
  for (const ReadBack& one : read_back_) ahead += one.settled;
  return ahead;
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

bool Spool::idle() const {
  std::lock_guard lock(mutex_);
  return pending_records_ == 0 && (unread_ == 0 || !reading_);
}

uint64_t Spool::records() const {
  std::lock_guard lock(mutex_);
  return pending_records_ + unsettled_ - std::min(unsettled_, settled_ahead());
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
