// SPDX-License-Identifier: Apache-2.0
#include "daemon/child_hold.h"

#include <algorithm>

namespace waybill::daemon {

ChildHold::Stream& ChildHold::stream_of(const Batch& batch) {
  uint64_t number = batch.sources.front()->number;
  for (Stream& stream : streams_) {
    if (stream.number == number) return stream;
    if (stream.number != 0) continue;
    stream = {number, batch.read_at, batch.read_at};
    return stream;
  }
  return streams_.back();
}

const ChildHold::Stream& ChildHold::other_than(const Stream& stream) const {
  return &stream == &streams_.front() ? streams_.back() : streams_.front();
}

bool ChildHold::arrived(const Batch& batch, bool unknown) {
  Stream& own = stream_of(batch);
  own.last_read = std::max(own.last_read, batch.read_at);
  // The lines of a stream stay in their order.
  bool behind = std::any_of(held_.begin(), held_.end(), [&](const Held& held) {
    return held.batch->sources.front()->number == own.number;
  });
  if (behind || !unknown) return behind;
  const Stream& other = other_than(own);
  SteadyTime heard = other.number != 0 ? other.last_read : own.first_read;
  return batch.read_at - heard <= kSilence && other.last_read <= batch.read_at;
}

void ChildHold::put(std::unique_ptr<Batch> batch, uint64_t empty, SteadyTime now) {
  records_ += batch->records.size();
  held_.push_back({std::move(batch), empty, now + kLongest});
}

SteadyTime ChildHold::due() const {
  return held_.empty() ? SteadyTime::max() : held_.front().until;
}

ChildHold::Held ChildHold::take(SteadyTime now) {
  if (held_.empty()) return {};
  const Batch& oldest = *held_.front().batch;
  const Stream& other = other_than(stream_of(oldest));
  bool passed = other.number != 0 && other.last_read > oldest.read_at;
  bool many = held_.size() > kMostBatches || records_ > kMostRecords;
  if (!passed && !many && due() > now) return {};
  Held taken = std::move(held_.front());
  held_.pop_front();
  records_ -= taken.batch->records.size();
  return taken;
}

}  // namespace waybill::daemon
