// SPDX-License-Identifier: Apache-2.0
// What a Joiner holds back until its next line or its time comes.
#include <algorithm>
#include <utility>

#include "parsers/multiline/objects.h"
#include "parsers/multiline/stream.h"

namespace waybill::parsers::multiline {

namespace {

// A line that a container runtime has split: its next piece comes at once, or the runtime is dead.
constexpr Duration kPieceTimeout = std::chrono::seconds(5);
constexpr size_t kMostDue = 512;  // that are taken at a time
// Records of others that may stand between those of one trace.
constexpr uint32_t kLookBack = 8;

}  // namespace

// An event that was held back is whole: its record goes in front. `source` is the index of its
// source in the batch.
void Joiner::close_held(Stream& stream, Batch& batch, uint32_t source) {
  Event& event = stream.event;
  let_go(stream);
  batch.keep(event.tickets);
  event.tickets.clear();
  event.source.reset();
  if (!event.objects.empty()) return give_back_objects(event, batch, source);
  front_.push_back(event.record);
  front_.back().source = source;
  fill(event, batch, front_.back(), front_wrappings_.emplace_back());
}

void Joiner::hold(Stream& stream, Batch& batch) {
  Event& event = stream.event;
  event.trace.settle();
  event.copy();
  event.end = nullptr;
  stream.open = false;
  wait_for(stream, batch, batch.records[event.index]);
  removed_.push_back(event.index);
}

void Joiner::wait_for(Stream& stream, Batch& batch, const Record& first) {
  Event& event = stream.event;
  event.record = first;
  event.source = batch.sources[first.source];
  event.read_at = batch.read_at;
  stream.held = true;
  stream.held_at = held_.size();
  held_.push_back(&stream);
  touch(event, batch);
}

// Of a stream whose last line in the slice is an object: that, if it may be of a trace, and the
// frames before it with what they are below.
void Joiner::hold_objects(Stream& stream, Batch& batch) {
  if (stream.last_object == Event::kNoLine || !settings_.automatic) return;
  if (held_.size() >= kMostHeld || settings_.rules) return;
  if (!batch.source_of(batch.records[stream.last_object]).only_output.empty()) return;
  // In pieces, it is none by itself.
  if (batch.records[stream.last_object].lines != 1) return;
  ObjectSign sign = sign_of_object(wrappings_[stream.last_object].inside);
  stream.object_frames |= sign == ObjectSign::kFrame;
  if (sign == ObjectSign::kNone || (sign == ObjectSign::kHint && !stream.object_frames)) return;
  std::vector<uint32_t> places{stream.last_object};
  size_t bytes = batch.records[stream.last_object].line.size();
  for (uint32_t at = stream.last_object; sign == ObjectSign::kFrame && at-- > 0;) {
    if (places.size() == settings_.max_lines || places.back() - at > kLookBack) break;
    if (!is_of(stream, batch, at)) continue;
    std::string_view line = wrappings_[at].inside;
    if (batch.records[at].lines != 1 || look_at(line) != Look::kWhole || line[0] != '{') break;
    bytes += batch.records[at].line.size();
    if (bytes > settings_.max_bytes) break;
    sign = sign_of_object(line);
    places.push_back(at);
  }
  Event& event = stream.event;
  event.partial = false;
  event.metadata = 0;
  const Wrapping& last = wrappings_[stream.last_object];
  if (last.depth > 0) event.metadata = metadata_of(parser_.envelopes(last));
  std::reverse(places.begin(), places.end());
  for (uint32_t at : places) {
    const Record& record = batch.records[at];
    event.objects.push_back({record, std::string(record.line)});
    event.object_bytes += record.line.size();
    removed_.push_back(at);
  }
  wait_for(stream, batch, batch.records[places.front()]);
}

bool Joiner::is_of(const Stream& stream, const Batch& batch, size_t index) {
  return &stream_of(batch, batch.records[index], wrappings_[index]) == &stream;
}

// Whether the line is one more frame of what is held back; then it is there.
bool Joiner::append_object(Stream& stream, const Record& record, const Wrapping& wrapping,
                           Look look) {
  Event& event = stream.event;
  std::string_view line = wrapping.inside;
  if (look != Look::kWhole || line[0] != '{' || event.objects.size() >= settings_.max_lines ||
      event.object_bytes + record.line.size() > settings_.max_bytes) {
    return false;
  }
  if (wrapping.depth > 0 && metadata_of(parser_.envelopes(wrapping)) != event.metadata) {
    return false;
  }
  if (sign_of_object(line) != ObjectSign::kFrame) return false;
  stream.object_frames = true;
  event.objects.push_back({record, std::string(record.line)});
  event.object_bytes += record.line.size();
  if (!std::exchange(stream.touched, true)) touched_.emplace_back(&stream, record.source);
  return true;
}

void Joiner::give_back_objects(Event& event, Batch& batch, uint32_t source) {
  for (const Event::Object& object : event.objects) {
    Record& record = front_.emplace_back(object.record);
    record.source = source;
    record.line = batch.arena.copy(object.line, kPadding);
    front_wrappings_.push_back(parser_.unwrap(batch, record));
  }
  std::vector<Event::Object>().swap(event.objects);  // its room, too
  event.object_bytes = 0;
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
