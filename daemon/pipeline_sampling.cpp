// SPDX-License-Identifier: Apache-2.0
// Of the pipeline: how sampling stands between a batch and the outputs.
#include <algorithm>

#include "daemon/pipeline.h"

namespace waybill::daemon {

void Pipeline::send_some(const Batch& batch, size_t from, size_t to) {
  std::span<const Record> records(batch.records.data() + from, to - from);
  for (Feeder& feeder : feeders_) {
    feeder.add(batch, records, Feeder::Kind::kRead, identity_, picks_, busy_since_);
  }
}

// What an error releases goes in front of it, and behind what came before it.
void Pipeline::send_sampled(Batch& batch) {
  SampleCursor cursor;
  size_t sent = 0;
  do {
    SampledOut out = sampling_->sample(batch, cursor, identity_);
    for (Feeder& feeder : feeders_) feeder.leave_out(batch, out, sampling_->counts());
    send_some(batch, sent, cursor.ready);
    sent = cursor.ready;
    if (cursor.releases) send_released(batch);
  } while (cursor.releases);
  send_suppressed(steady_now());
}

// They are settled for a batch of their own long ago. This one's ticket waits for them all the
// same, so that the error is read again when they were not delivered.
void Pipeline::send_released(const Batch& behind) {
  if (!released_) released_ = std::make_unique<Batch>(budget_);
  while (true) {
    released_->reset(0);
    if (!sampling_->take_released(*released_)) break;
    released_->read_at = behind.read_at;
    released_->ticket = behind.ticket;
    released_->keep(behind.kept_tickets);
    source_identities_.fill(*released_, identity_);
    released_->recharge();
    for (Feeder& feeder : feeders_) {
      feeder.add(*released_, released_->records, Feeder::Kind::kReleased, identity_, picks_,
                 busy_since_);
    }
  }
}

// What sampling kept back, and nothing that was sent stands for.
void Pipeline::send_suppressed(SteadyTime now) {
  if (!sampling_ || sampling_->due() > now) return;
  sampling_->tell(now);
  if (!suppressed_) suppressed_ = std::make_unique<Batch>(budget_);
  suppressed_->reset(0);
  suppressed_->read_at = steady_now();
  if (!sampling_->take_due(*suppressed_, now)) return;
  suppressed_->recharge();
  for (Feeder& feeder : feeders_) {
    feeder.add(*suppressed_, suppressed_->records, Feeder::Kind::kSynthetic, identity_, picks_,
               busy_since_);
  }
}

// Before the outputs change: what the old sampling held is theirs.
void Pipeline::take_sampling(Route& route) {
  std::shared_ptr<SamplingStage> next = std::move(route.sampling);
  uint64_t evicted = 0;
  if (sampling_ && next) {
    evicted = next->take_over(*sampling_, same_outputs(route));
  } else if (sampling_) {
    evicted = sampling_->end(route.redaction_print == redaction_print_);
  } else if (next) {
    next->begin();
  }
  if (sampling_) {
    for (Feeder& feeder : feeders_) feeder.settle_sampled(evicted, sampling_->counts());
  }
  sampling_ = std::move(next);
}

// Whether exactly the outputs that are there now get the same from it.
bool Pipeline::same_outputs(const Route& route) const {
  if (route.outputs.size() != feeders_.size()) return false;
  if (route.identity.service_name != identity_.service_name ||
      route.identity.resource_json != identity_.resource_json) {
    return false;
  }
  return std::all_of(feeders_.begin(), feeders_.end(), [&](const Feeder& feeder) {
    return std::find(route.outputs.begin(), route.outputs.end(), feeder.output) !=
           route.outputs.end();
  });
}

void Pipeline::Feeder::leave_out(const Batch& batch, const SampledOut& out,
                                 sampling::Counts& counts) {
  if (!takes(batch)) return;
  if (out.records() > 0) ledger->sampled_out(out.sampled, out.folded);
  settle_sampled(out.sampled - out.held + out.evicted, counts);
}

// What may still be sent is `sampled` in the ledger, and not in the metrics: those never fall.
void Pipeline::Feeder::settle_sampled(uint64_t records, sampling::Counts& counts) const {
  if (records > 0) counts.post_settled(ledger->name(), records);
}

// They count as never sampled, and as handed over now: the ledger balances in between.
void Pipeline::Feeder::take_back(uint64_t records) const {
  ledger->sampled_out(uint64_t{0} - records, 0);
  ledger->accept(records);
}

}  // namespace waybill::daemon
