// SPDX-License-Identifier: Apache-2.0
#include "sampling/recorder.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "sampling/held_record.h"

namespace waybill::sampling {

namespace {

// One line never takes more than this part of all.
constexpr size_t kLargestPart = 4;
// Sources that have no lines here, and are kept in case that they have some soon.
constexpr size_t kIdleSources = 64;

}  // namespace

Recorder::Recorder(const RecorderSettings& settings)
    : settings_(settings),
      capacity_(settings.memory & ~(kHeldAlign - 1)),
      // Not touched before it is used: a recorder that holds little costs little.
      ring_(new char[capacity_ + kPadding]),
      heads_(std::bit_ceil(2 * std::max<size_t>(1, settings.max_traces)), kNone) {
  std::memset(ring_.get() + capacity_, 0, kPadding);
}

uint64_t Recorder::key_of(const Record& record) {
  std::string_view id;
  if (record.trace_id.size == 32 && record.trace_origin != TraceOrigin::kGenerated) {
    id = record.trace_id.bytes();
  } else if (record.request_id) {
    id = record.request_id.bytes();
  }
  return id.empty() ? 0 : XXH3_64bits(id.data(), id.size()) | 1;
}

Recorder::Entry& Recorder::entry(uint64_t at) {
  return *std::launder(reinterpret_cast<Entry*>(ring_.get() + at));
}

// ---- traces ----

uint32_t Recorder::find(uint64_t key) const {
  uint32_t trace = heads_[key & (heads_.size() - 1)];
  while (trace != kNone && traces_[trace].key != key) trace = traces_[trace].chain;
  return trace;
}

// Where there are as many as there may be, the one that was not heard of longest goes.
uint32_t Recorder::find_or_make(uint64_t key) {
  uint32_t trace = find(key);
  if (trace != kNone) {
    touch(trace);
    return trace;
  }
  if (free_.empty() && traces_.size() >= settings_.max_traces) {
    uint32_t gone = oldest_;
    drop_lines(gone, Eviction::kTraces);
    forget(gone);
  }
  if (free_.empty()) {
    trace = static_cast<uint32_t>(traces_.size());
    traces_.emplace_back();
  } else {
    trace = free_.back();
    free_.pop_back();
  }
  Trace& made = traces_[trace];
  made = {};
  made.key = key;
  uint32_t& head = heads_[key & (heads_.size() - 1)];
  made.chain = std::exchange(head, trace);
  link_newest(trace);
  return trace;
}

void Recorder::unlink(uint32_t trace) {
  Trace& of = traces_[trace];
  (of.older == kNone ? oldest_ : traces_[of.older].newer) = of.newer;
  (of.newer == kNone ? newest_ : traces_[of.newer].older) = of.older;
}

void Recorder::link_newest(uint32_t trace) {
  Trace& of = traces_[trace];
  of.older = newest_;
  of.newer = kNone;
  (newest_ == kNone ? oldest_ : traces_[newest_].newer) = trace;
  newest_ = trace;
}

void Recorder::touch(uint32_t trace) {
  if (trace == newest_) return;
  unlink(trace);
  link_newest(trace);
}

// It has no lines.
void Recorder::forget(uint32_t trace) {
  unlink(trace);
  uint32_t* link = &heads_[traces_[trace].key & (heads_.size() - 1)];
  while (*link != trace) link = &traces_[*link].chain;
  *link = traces_[trace].chain;
  erred_ -= traces_[trace].erred ? 1 : 0;
  free_.push_back(trace);
}

bool Recorder::erred(uint64_t key, int64_t time_ns) {
  uint32_t trace = find(key);
  if (trace == kNone || !traces_[trace].erred) return false;
  Trace& of = traces_[trace];
  if (time_ns - of.last_ns > settings_.max_age_ns) {
    of.erred = false;
    --erred_;
    if (of.lines == 0) forget(trace);
    return false;
  }
  of.last_ns = std::max(of.last_ns, time_ns);
  touch(trace);
  return true;
}

// ---- lines ----

// It does not wait any more. Its bytes are free when those of all older ones are.
void Recorder::settle(Entry& line) {
  line.trace = kNone;
  --lines_;
  bytes_ -= line.size;
  if (--sources_[line.source].lines == 0) ++idle_sources_;
}

void Recorder::drop_lines(uint32_t trace, Eviction why) {
  Trace& of = traces_[trace];
  for (uint64_t at = of.first; at != kNowhere; at = entry(at).next) settle(entry(at));
  counts_.evicted[static_cast<size_t>(why)] += std::exchange(of.lines, 0);
  of.first = of.last = kNowhere;
}

// Those at the beginning that no error could want any more.
void Recorder::drop_old(uint32_t trace, int64_t before_ns) {
  Trace& of = traces_[trace];
  while (of.first != kNowhere && entry(of.first).time_ns < before_ns) {
    Entry& line = entry(of.first);
    settle(line);
    of.first = line.next;
    --of.lines;
    ++counts_.evicted[static_cast<size_t>(Eviction::kAge)];
  }
  if (of.first == kNowhere) of.last = kNowhere;
}

void Recorder::evict_oldest(int64_t time_ns, SteadyTime read_at, uint32_t source) {
  Entry& line = entry(tail_);
  if (line.trace != kNone) {
    // What was too old anyway does not mean that there is too little room.
    bool old = read_at - line.read_at > Duration(settings_.max_age_ns) ||
               (line.source == source && time_ns - line.time_ns > settings_.max_age_ns);
    ++counts_.evicted[static_cast<size_t>(old ? Eviction::kAge : Eviction::kBytes)];
    uint32_t trace = line.trace;
    Trace& of = traces_[trace];
    of.first = line.next;
    settle(line);
    if (--of.lines == 0) {
      of.last = kNowhere;
      if (!of.erred) forget(trace);
    }
  }
  tail_ += line.size;
  --entries_;
  if (wrapped_ && tail_ == end_) {
    tail_ = 0;
    wrapped_ = false;
  }
}

// So that `size` bytes can be written at head_. False: it is too large.
bool Recorder::make_room(size_t size, int64_t time_ns, SteadyTime read_at, uint32_t source) {
  if (size > capacity_ / kLargestPart) return false;
  while (true) {
    if (entries_ == 0) {
      head_ = tail_ = 0;
      wrapped_ = false;
    }
    uint64_t end = wrapped_ ? tail_ : capacity_;
    if (end - head_ >= size) return true;
    if (wrapped_) {
      evict_oldest(time_ns, read_at, source);
    } else {
      end_ = head_;
      head_ = 0;
      wrapped_ = true;
    }
  }
}

bool Recorder::hold(uint64_t key, const Batch& batch, const Record& record, int64_t time_ns) {
  end_release();
  const size_t size = sizeof(Entry) + held_size(batch, record);
  const uint32_t source = source_of(batch.sources[record.source]);
  if (!make_room(size, time_ns, batch.read_at, source)) return false;
  uint32_t trace = find_or_make(key);
  drop_old(trace, time_ns - settings_.max_age_ns);
  Trace& of = traces_[trace];
  auto* made = new (ring_.get() + head_) Entry;
  made->time_ns = time_ns;
  made->read_at = batch.read_at;
  made->size = static_cast<uint32_t>(size);
  made->trace = trace;
  made->source = source;
  write_held(batch, record, ring_.get() + head_ + sizeof(Entry));
  (of.last == kNowhere ? of.first : entry(of.last).next) = head_;
  of.last = head_;
  ++of.lines;
  ++lines_;
  bytes_ += size;
  ++entries_;
  if (sources_[source].lines++ == 0) --idle_sources_;
  head_ += size;
  return true;
}

size_t Recorder::trigger(uint64_t key, int64_t time_ns) {
  end_release();
  uint32_t trace = find_or_make(key);
  Trace& of = traces_[trace];
  of.last_ns = of.erred ? std::max(of.last_ns, time_ns) : time_ns;
  erred_ += of.erred ? 0 : 1;
  of.erred = true;
  releasing_ = std::exchange(of.first, kNowhere);
  of.last = kNowhere;
  release_from_ns_ = time_ns - settings_.max_age_ns;
  return std::exchange(of.lines, 0);
}

size_t Recorder::release(Batch& batch, size_t most) {
  size_t appended = 0;
  while (releasing_ != kNowhere && appended < most) {
    Entry& line = entry(releasing_);
    if (line.time_ns < release_from_ns_) {
      ++counts_.evicted[static_cast<size_t>(Eviction::kAge)];
    } else {
      const std::shared_ptr<const Source>& source = sources_[line.source].source;
      auto there = std::find(batch.sources.begin(), batch.sources.end(), source);
      auto place = static_cast<uint32_t>(there - batch.sources.begin());
      if (there == batch.sources.end()) batch.sources.push_back(source);
      read_held(ring_.get() + releasing_ + sizeof(Entry), batch, place);
      ++appended;
      ++counts_.released;
    }
    settle(line);
    releasing_ = line.next;
  }
  return appended;
}

// Whoever does not ask for what is released lets go of it.
void Recorder::end_release() {
  for (; releasing_ != kNowhere; releasing_ = entry(releasing_).next) {
    settle(entry(releasing_));
    ++counts_.evicted[static_cast<size_t>(Eviction::kChanged)];
  }
}

void Recorder::clear(Eviction why) {
  end_release();
  while (oldest_ != kNone) {
    uint32_t trace = oldest_;
    drop_lines(trace, why);
    forget(trace);
  }
  entries_ = 0;
}

// Few files at a time have lines here; those of others are let go once there are many.
uint32_t Recorder::source_of(const std::shared_ptr<const Source>& source) {
  if (last_source_ != kNone && sources_[last_source_].source == source) return last_source_;
  auto found = source_index_.find(source.get());
  if (found != source_index_.end()) return last_source_ = found->second;
  if (idle_sources_ > kIdleSources) {
    for (uint32_t i = 0; i < sources_.size(); ++i) {
      Place& place = sources_[i];
      if (place.lines > 0 || !place.source) continue;
      source_index_.erase(place.source.get());
      place.source.reset();
      free_sources_.push_back(i);
    }
    idle_sources_ = 0;
  }
  if (free_sources_.empty()) {
    free_sources_.push_back(static_cast<uint32_t>(sources_.size()));
    sources_.emplace_back();
  }
  uint32_t made = free_sources_.back();
  free_sources_.pop_back();
  sources_[made] = {source, 0};
  ++idle_sources_;
  source_index_.emplace(source.get(), made);
  return last_source_ = made;
}

size_t Recorder::memory() const {
  return capacity_ + kPadding + traces_.capacity() * sizeof(Trace) +
         (heads_.capacity() + free_.capacity()) * sizeof(uint32_t);
}

Recorder::Counts Recorder::take_counts() { return std::exchange(counts_, Counts{}); }

}  // namespace waybill::sampling
