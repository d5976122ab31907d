// SPDX-License-Identifier: Apache-2.0
// What a Joiner holds back until its next line or its time comes.
#include <algorithm>
#include <utility>

#include "parsers/multiline/stream.h"

namespace waybill::parsers::multiline {

namespace {

// A line that a container runtime has split: its next piece comes at once, or the runtime is dead.
constexpr Duration kPieceTimeout = std::chrono::seconds(5);
constexpr size_t kMostDue = 512;  // that are taken at a time

}  // namespace

// An event that was held back is whole: its record goes in front. `source` is the index of its
// source in the batch.
void Joiner::close_held(Stream& stream, Batch& batch, uint32_t source) {
  Event& event = stream.event;
  let_go(stream);
  front_.push_back(event.record);
  front_.back().source = source;
  batch.keep(event.tickets);
  event.tickets.clear();
  event.source.reset();
  fill(event, batch, front_.back(), front_wrappings_.emplace_back());
}

void Joiner::hold(Stream& stream, Batch& batch) {
  Event& event = stream.event;
  event.trace.settle();
  event.copy();
  event.end = nullptr;
  event.record = batch.records[event.index];
  event.source = batch.sources[event.record.source];
  event.read_at = batch.read_at;
  stream.open = false;
  stream.held = true;
  stream.held_at = held_.size();
  held_.push_back(&stream);
  touch(event, batch);
  removed_.push_back(event.index);
}

// It has lines of this batch, and waits for the next one from now on.
void Joiner::touch(Event& event, const Batch& batch) {
  event.end = nullptr;
  bool has = !event.tickets.empty() && event.tickets.back() == batch.ticket;
  if (batch.ticket && !has) event.tickets.push_back(batch.ticket);
  event.due = steady_now() + (event.partial ? kPieceTimeout : settings_.timeout);
  next_due_ = std::min(next_due_, event.due);
}

void Joiner::let_go(Stream& stream) {
  held_[stream.held_at] = held_.back();
  held_[stream.held_at]->held_at = stream.held_at;
  held_.pop_back();
  stream.held = false;
}

void Joiner::remove_held(Batch& batch) {
  if (removed_.empty()) return;
  std::sort(removed_.begin(), removed_.end());
  size_t next = 0;
  size_t out = 0;
  for (size_t i = 0; i < batch.records.size(); ++i) {
    if (next < removed_.size() && removed_[next] == i) {
      ++next;
      continue;
    }
    if (out != i) {
      batch.records[out] = batch.records[i];
      wrappings_[out] = wrappings_[i];
    }
    ++out;
  }
  batch.records.resize(out);
  wrappings_.resize(out);
}

bool Joiner::take_due(Batch& batch, SteadyTime now) {
  if (held_.empty()) return false;
  begin_slice(batch);
  std::vector<Stream*> due;
  next_due_ = SteadyTime::max();
  for (Stream* stream : held_) {
    const Event& event = stream->event;
    bool takes = event.due <= now && due.size() < kMostDue &&
                 (due.empty() || event.source->input == due.front()->event.source->input);
    if (takes) {
      due.push_back(stream);
    } else {
      next_due_ = std::min(next_due_, event.due);
    }
  }
  if (due.empty()) return false;
  // Letting one go moves others about.
  std::sort(due.begin(), due.end(), [](const Stream* a, const Stream* b) {
    return a->event.due != b->event.due ? a->event.due < b->event.due : a->held_at < b->held_at;
  });
  batch.read_at = SteadyTime::max();
  for (Stream* stream : due) {
    const Event& event = stream->event;
    auto place = std::find(batch.sources.begin(), batch.sources.end(), event.source);
    auto source = static_cast<uint32_t>(place - batch.sources.begin());
    if (place == batch.sources.end()) batch.sources.push_back(event.source);
    batch.read_at = std::min(batch.read_at, event.read_at);
    batch.read_ns = event.record.read_ns;
    close_held(*stream, batch, source);
  }
  batch.records = front_;
  wrappings_ = front_wrappings_;
  recharge();
  return true;
}

}  // namespace waybill::parsers::multiline
