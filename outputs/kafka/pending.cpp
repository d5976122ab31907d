// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/pending.h"

#include <algorithm>

#include "core/check.h"

namespace waybill::outputs::kafka {

namespace {

// A part of so many is none any more.
constexpr size_t kLargestPart = 10'000;

constexpr uint32_t kMostFailuresAtEnd = 2;

}  // namespace

Topic& Pending::topic(const std::string& name) {
  std::unique_ptr<Topic>& place = topics_[name];
  if (!place) {
    place = std::make_unique<Topic>();
    place->name = name;
    order_.push_back(place.get());
  }
  return *place;
}

size_t Pending::size_of(const Entry& entry) {
  return entry.lot->flight->payload->slices[entry.slice].size;
}

void Pending::add(std::unique_ptr<delivery::Payload> payload) {
  auto flight = std::make_unique<Flight>();
  flight->payload = std::move(payload);
  const delivery::Payload& all = *flight->payload;
  std::vector<Lot*> of_group(all.group_count);
  std::vector<size_t> sizes(all.group_count);
  for (const delivery::Slice& slice : all.slices) sizes[slice.group] += slice.settled ? 0 : 1;
  for (uint32_t group = 0; group < all.group_count; ++group) {
    if (sizes[group] == 0) continue;
    Lot& lot = flight->lots.emplace_back();
    lot.flight = flight.get();
    lot.topic = &topic(all.groups[group].head);
    lot.entries.reserve(sizes[group]);
    lot.topic->lots.push_back(&lot);
    of_group[group] = &lot;
  }
  for (uint32_t i = 0; i < all.slices.size(); ++i) {
    if (all.slices[i].settled) continue;
    Lot& lot = *of_group[all.slices[i].group];
    lot.entries.push_back({&lot, i});
    ++lot.open;
    ++flight->open;
    ++lot.topic->waiting;
    lot.topic->waiting_bytes += all.slices[i].size;
  }
  flights_.push_back(std::move(flight));
}

void Pending::hurry() {
  hurried_ = true;
  for (Topic* topic : order_) topic->not_before = SteadyTime::min();
}

Entry* Pending::next(SteadyTime now) {
  for (size_t i = 0; i < order_.size(); ++i) {
    Topic& topic = *order_[turn_ % order_.size()];
    if (!topic.ready() || (topic.held() && now < topic.not_before)) {
      ++turn_;
      continue;
    }
    while (topic.lots.front()->open == 0) topic.lots.pop_front();
    for (Lot* lot : topic.lots) {
      while (lot->next < lot->entries.size()) {
        if (lot->entries[lot->next].state == Lot::State::kWaiting) return &lot->entries[lot->next];
        ++lot->next;
      }
    }
    WAYBILL_CHECK(false, "a record that waits stands in a lot");
  }
  return nullptr;
}

void Pending::sent(Entry& entry, SteadyTime now) {
  Topic& topic = *entry.lot->topic;
  entry.state = Lot::State::kOut;
  if (entry.lot->flight->began == SteadyTime{}) entry.lot->flight->began = now;
  const size_t size = size_of(entry);
  --topic.waiting;
  topic.waiting_bytes -= size;
  ++topic.out;
  ++topic.sent;
  ++out_;
  out_bytes_ += size;
}

void Pending::done(Entry& entry, bool delivered) {
  Topic& topic = *entry.lot->topic;
  const size_t size = size_of(entry);
  if (entry.state == Lot::State::kOut) {
    --topic.out;
    --out_;
    out_bytes_ -= size;
  } else {
    --topic.waiting;
    topic.waiting_bytes -= size;
  }
  const bool was_out = entry.state == Lot::State::kOut;
  entry.state = Lot::State::kDone;
  --entry.lot->open;
  --entry.lot->flight->open;
  if (delivered) topic.taken_at = ++count_;
  if (delivered && !topic.stopped) {
    topic.trouble = Topic::Trouble::kNone;
    topic.failures = 0;
    topic.hopeless = false;
    topic.backoff.reset();
  }
  if (was_out && topic.out == 0) reported(topic);
}

// It waits again, where it did.
void Pending::back(Entry& entry) {
  if (entry.state != Lot::State::kOut) return;
  Topic& topic = *entry.lot->topic;
  const size_t size = size_of(entry);
  entry.state = Lot::State::kWaiting;
  auto place = static_cast<size_t>(&entry - entry.lot->entries.data());
  entry.lot->next = std::min(entry.lot->next, place);
  --topic.out;
  ++topic.waiting;
  topic.waiting_bytes += size;
  --out_;
  out_bytes_ -= size;
}

void Pending::failed(Entry& entry, Topic::Trouble trouble, SteadyTime now) {
  Topic& topic = *entry.lot->topic;
  back(entry);
  // Of many that fail together the first one tells.
  if (!topic.stopped || trouble > topic.trouble) {
    if (!topic.stopped) ++topic.failures;
    topic.failed_at = count_;
    topic.trouble = trouble;
    topic.not_before =
        now + (trouble == Topic::Trouble::kMisconfigured ? delivery::Backoff::kMisconfigured
                                                         : topic.backoff.next());
    if (hurried_ && topic.failures < kMostFailuresAtEnd) topic.not_before = now;
    topic.hopeless = hurried_ && topic.failures >= kMostFailuresAtEnd;
  }
  topic.stopped = true;
  if (topic.out == 0) reported(topic);
}

void Pending::again(Entry& entry) {
  Topic& topic = *entry.lot->topic;
  back(entry);
  topic.stopped = true;
  if (topic.out == 0) reported(topic);
}

bool Pending::refused(Entry& entry) {
  Topic& topic = *entry.lot->topic;
  if (entry.state == Lot::State::kOut && topic.at_once == 1) return true;
  ++topic.refused;
  again(entry);
  return false;
}

// All that was out is reported: the next part may go.
void Pending::reported(Topic& topic) {
  if (topic.refused > 0) {
    topic.at_once = std::max<size_t>(1, std::min(topic.at_once, topic.refused) / 2);
  } else if (topic.at_once != Topic::kNoLimit && !topic.stopped) {
    topic.at_once = topic.at_once >= kLargestPart ? Topic::kNoLimit : topic.at_once * 2;
  }
  topic.sent = topic.refused = 0;
  topic.stopped = false;
}

void Pending::all_again() {
  for (auto& flight : flights_) {
    for (Lot& lot : flight->lots) {
      for (Entry& entry : lot.entries) {
        if (entry.state == Lot::State::kOut) again(entry);
      }
    }
  }
}

std::vector<Buffer> Pending::leave_bytes() {
  std::vector<Buffer> left;
  for (auto& flight : flights_) {
    for (const Lot& lot : flight->lots) {
      const bool any_out =
          std::any_of(lot.entries.begin(), lot.entries.end(),
                      [](const Entry& one) { return one.state == Lot::State::kOut; });
      if (!any_out) continue;
      Buffer& bytes = flight->payload->buffer(flight->payload->slices[lot.entries[0].slice].group);
      Buffer copy;
      copy.append(bytes.view());
      copy.swap(bytes);
      left.push_back(std::move(copy));
    }
  }
  return left;
}

std::vector<Lot*> Pending::held_up() {
  std::vector<Lot*> lots;
  if (flights_.empty()) return lots;
  for (Lot& lot : flights_.front()->lots) {
    if (lot.open == 0) continue;
    const Topic& topic = *lot.topic;
    const bool others_go = std::any_of(order_.begin(), order_.end(), [&](const Topic* other) {
      return !other->held() && other->taken_at > topic.failed_at;
    });
    if (topic.trouble != Topic::Trouble::kMisconfigured || topic.out > 0 || !others_go) return {};
    lots.push_back(&lot);
  }
  return lots;
}

void Pending::move(Lot& lot, const std::string& name) {
  Topic& from = *lot.topic;
  Topic& to = topic(name);
  for (const Entry& entry : lot.entries) {
    if (entry.state != Lot::State::kWaiting) continue;
    const size_t size = size_of(entry);
    --from.waiting;
    from.waiting_bytes -= size;
    ++to.waiting;
    to.waiting_bytes += size;
  }
  std::erase(from.lots, &lot);
  lot.topic = &to;
  to.lots.push_front(&lot);  // none is older
}

std::unique_ptr<Flight> Pending::take_finished() {
  auto place = std::find_if(flights_.begin(), flights_.end(),
                            [](const auto& flight) { return flight->open == 0; });
  if (place == flights_.end()) return nullptr;
  std::unique_ptr<Flight> flight = std::move(*place);
  flights_.erase(place);
  for (Lot& lot : flight->lots) std::erase(lot.topic->lots, &lot);
  return flight;
}

std::unique_ptr<delivery::Payload> Pending::take_any() {
  WAYBILL_CHECK(out_ == 0, "what is under way cannot be taken");
  if (flights_.empty()) return nullptr;
  std::unique_ptr<Flight> flight = std::move(flights_.front());
  flights_.pop_front();
  for (Lot& lot : flight->lots) {
    for (const Entry& entry : lot.entries) {
      if (entry.state != Lot::State::kWaiting) continue;
      --lot.topic->waiting;
      lot.topic->waiting_bytes -= flight->payload->slices[entry.slice].size;
    }
    std::erase(lot.topic->lots, &lot);
  }
  return std::move(flight->payload);
}

size_t Pending::bytes(bool with_held) const {
  size_t all = out_bytes_;
  for (const Topic* topic : order_) {
    if (with_held || !topic->held()) all += topic->waiting_bytes;
  }
  return all;
}

bool Pending::any_held() const {
  return std::any_of(order_.begin(), order_.end(),
                     [](const Topic* topic) { return topic->held() && topic->waiting > 0; });
}

bool Pending::only_hopeless() const {
  if (out_ != 0 || flights_.empty()) return false;
  return std::all_of(order_.begin(), order_.end(),
                     [](const Topic* topic) { return topic->waiting == 0 || topic->hopeless; });
}

SteadyTime Pending::due() const {
  SteadyTime earliest = SteadyTime::max();
  for (const Topic* topic : order_) {
    if (topic->held() && topic->ready()) earliest = std::min(earliest, topic->not_before);
  }
  return earliest;
}

}  // namespace waybill::outputs::kafka
