// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline.h"

#include <pthread.h>

#include <algorithm>

#include "core/canonical.h"
#include "core/log.h"
#include "core/thread.h"
#include "lineage/record_id.h"

namespace waybill::daemon {

namespace {

int64_t steady_nanos() { return Duration(steady_now().time_since_epoch()).count(); }

}  // namespace

Pipeline::Pipeline(ByteBudget& budget, BatchPool& pool, Ledger& ledger)
    : budget_(budget), pool_(pool), ledger_(ledger) {}

Pipeline::~Pipeline() {
  close();
  join();
}

Result<void> Pipeline::start(Route route) {
  take_route(std::move(route));
  if (auto started = start_thread(thread_, [this] { run(); }); !started) return started;
  pthread_setname_np(thread_.native_handle(), "pipeline");
  return {};
}

void Pipeline::submit(std::unique_ptr<Batch> batch) {
  queue_.push_anyway(Work{std::move(batch), nullptr});
}

Duration Pipeline::busy_for() const {
  int64_t since = busy_since_.load(std::memory_order_relaxed);
  return since == 0 ? Duration::zero() : steady_now().time_since_epoch() - Duration(since);
}

void Pipeline::reroute(Route route, std::function<void()> done) {
  auto shared = std::make_shared<Route>(std::move(route));
  queue_.push_anyway(Work{nullptr, [this, shared, done = std::move(done)] {
                            take_route(std::move(*shared));
                            done();
                          }});
}

void Pipeline::close() { queue_.close(); }

void Pipeline::join() {
  if (thread_.joinable()) thread_.join();
}

void Pipeline::run() {
  while (true) {
    SteadyTime due = std::min(reader_->due(), hold_.due());
    if (sampling_) due = std::min(due, sampling_->due());
    for (const Feeder& feeder : feeders_) due = std::min(due, feeder.due());
    std::optional<Work> work = queue_.pop_until(due);
    busy_since_.store(steady_nanos(), std::memory_order_relaxed);
    if (work && work->batch) {
      process(std::move(work->batch));
    } else if (work) {
      work->command();
    } else if (queue_.drained()) {
      break;
    }
    finish_held(steady_now());
    take_due(steady_now());
    send_suppressed(steady_now());
    seal_due(steady_now());
    busy_since_.store(0, std::memory_order_relaxed);
  }
  Route none;
  none.redaction_print = redaction_print_;
  take_route(std::move(none));
}

// What has waited long enough for a line that did not come.
void Pipeline::take_due(SteadyTime now) {
  if (reader_->due() > now) return;
  if (!due_batch_) due_batch_ = std::make_unique<Batch>(budget_);
  due_batch_->reset(0);
  while (reader_->take_due(*due_batch_, now)) {
    finish(*due_batch_, 0);
    due_batch_->reset(0);
  }
}

void Pipeline::seal_due(SteadyTime now) {
  for (Feeder& feeder : feeders_) {
    if (feeder.due() <= now) feeder.seal(picks_, busy_since_);
  }
}

// Feeders of outputs that stay keep what they have gathered.
void Pipeline::take_route(Route route) {
  finish_held(SteadyTime::max());
  if (reader_) take_due(SteadyTime::max());
  send_suppressed(SteadyTime::max());
  take_sampling(route);
  std::vector<Feeder> next;
  for (auto& output : route.outputs) {
    auto same = std::find_if(feeders_.begin(), feeders_.end(),
                             [&](const Feeder& feeder) { return feeder.output == output; });
    if (same != feeders_.end()) {
      next.push_back(std::move(*same));
      feeders_.erase(same);
    } else {
      next.push_back(Feeder{output, nullptr, &ledger_.output(output->name)});
    }
  }
  for (Feeder& gone : feeders_) {
    gone.seal(picks_, busy_since_);
    gone.output->outbox().close();
  }
  feeders_ = std::move(next);
  identity_ = std::move(route.identity);
  reader_ = std::make_unique<parsers::EventReader>(route.parse, route.formats, budget_);
  // What is remembered of traces outlives a reload that leaves their rules as they are.
  if (!lineage_ || lineage_->settings() != route.lineage) {
    lineage_ = std::make_unique<lineage::Lineage>(std::move(route.lineage));
  }
  source_identities_ = {};
  if (!service_cap_ || service_cap_->most() != route.most_services) {
    service_cap_ = std::make_unique<ServiceCap>(route.most_services);
  }
  redaction_ = std::move(route.redaction);
  redaction_print_ = route.redaction_print;
  contract_ = std::move(route.contract);
  metrics_ = std::move(route.metrics);
  clock_watch_ = std::make_unique<ClockWatch>(route.parse.default_zone);
}

void Pipeline::process(std::unique_ptr<Batch> batch) {
  if (!batch->sources.empty()) {
    count_bytes(*batch);
    FrameCursor cursor;
    if (ChildHold::concerns(*batch) && !lineage_->settings().inherit.empty() &&
        process_child(batch, cursor)) {
      return;
    }
    while (cursor.chunk < batch->chunks.size()) {
      batch->clear_records();
      reader_->begin_slice(*batch);
      uint64_t empty = frame(*batch, cursor);
      reader_->read(*batch, cursor.chunk < batch->chunks.size());
      finish(*batch, empty);
    }
  }
  pool_.give(std::move(batch));
}

// All of a child's batch at once, as it may have to wait. True: it does. False: what `cursor` has
// not come to is left to do.
bool Pipeline::process_child(std::unique_ptr<Batch>& batch, FrameCursor& cursor) {
  batch->clear_records();
  reader_->begin_slice(*batch);
  uint64_t empty = 0;
  while (cursor.chunk < batch->chunks.size() && batch->records.size() < ChildHold::kMostRecords) {
    empty += frame(*batch, cursor);
  }
  bool whole = cursor.chunk == batch->chunks.size();
  reader_->read(*batch, !whole);
  bool unknown = false;
  for (Record& record : batch->records) {
    stamp(*batch, record);
    lineage_->begin(*batch, record);
  }
  for (const Record& record : batch->records) {
    unknown = unknown || lineage_->may_inherit_later(*batch, record);
  }
  if (hold_.arrived(*batch, unknown) && whole) {
    batch->recharge();
    hold_.put(std::move(batch), empty, steady_now());
    return true;
  }
  finish_held(whole ? steady_now() : SteadyTime::max());
  for (Record& record : batch->records) {
    lineage::Outcome outcome;
    lineage_->end(*batch, record, outcome);
  }
  send(*batch, empty);
  return false;
}

// What waited long enough for a child's other stream.
void Pipeline::finish_held(SteadyTime now) {
  while (true) {
    ChildHold::Held held = hold_.take(now);
    if (!held.batch) return;
    for (Record& record : held.batch->records) {
      lineage::Outcome outcome;
      lineage_->end(*held.batch, record, outcome);
    }
    send(*held.batch, held.empty);
    pool_.give(std::move(held.batch));
  }
}

// What becomes of records, however they were made.
void Pipeline::finish(Batch& batch, uint64_t empty) {
  resolve(batch);
  send(batch, empty);
}

void Pipeline::send(Batch& batch, uint64_t empty) {
  source_identities_.fill(batch, identity_);
  if (uint64_t refused = service_cap_->hold(batch)) ledger_.count_refused_services(refused);
  lineage_charge_.set(lineage_->bytes());
  if (redaction_) redaction_->redact(batch);
  count(batch, empty);
  if (metrics_) metrics_->count(batch, identity_);
  if (contract_) {
    Withheld withheld = contract_->hold(batch, identity_);
    for (Feeder& feeder : feeders_) feeder.withhold(batch, withheld);
  }
  batch.recharge();
  if (sampling_) {
    send_sampled(batch);
  } else {
    send_some(batch, 0, batch.records.size());
  }
}

// The record's id, and its time if it says none: read times rise by at least 1 ns a line, so that
// the order of a source's lines survives.
void Pipeline::stamp(const Batch& batch, Record& record) {
  if (record.passed == nullptr) {
    record.id = lineage::record_id(batch.source_of(record).nonce, record);
  }
  if (record.time_said) return;
  last_read_ns_ = std::max(record.read_ns, last_read_ns_ + 1);
  record.time_ns = last_read_ns_;
  record.time_digits = 9;
}

void Pipeline::resolve(Batch& batch) {
  for (Record& record : batch.records) {
    stamp(batch, record);
    lineage_->resolve(batch, record);
  }
}

void Pipeline::count_bytes(const Batch& batch) {
  InputCounts counts;
  for (const Chunk& chunk : batch.chunks) {
    counts.bytes += chunk.size + chunk.truncated_bytes;
    counts.truncated_bytes += chunk.truncated_bytes;
    counts.truncated_lines += chunk.truncated_bytes > 0 ? 1 : 0;
  }
  ledger_.input(batch.sources.front()->input).post(counts);
}

// All entries of one input at once, so that its ledger balances whenever somebody looks.
void Pipeline::count(Batch& batch, uint64_t empty) {
  InputCounts counts;
  counts.clock_skew = clock_watch_->mark(batch);
  if (auto advice = clock_watch_->advise(batch)) spdlog::warn("{}", *advice);
  counts.records = batch.records.size();
  counts.empty = empty;
  for (const Record& record : batch.records) counts.joined += record.lines - 1;
  auto discarded = reader_->take_discarded();
  counts.joined += discarded.pieces;
  counts.empty += discarded.empty;
  counts.lines = counts.records + counts.joined + counts.empty;
  counts.truncated_lines = discarded.lines;
  counts.truncated_bytes = discarded.bytes;
  std::array<uint64_t, 6> origins{};
  std::string_view format;
  uint64_t same_format = 0;
  for (const Record& record : batch.records) {
    counts.repaired_lines += record.marks.repaired ? 1 : 0;
    counts.duplicate_keys += record.marks.duplicate_keys;
    ++origins[static_cast<size_t>(record.trace_origin)];
    if (record.format.data() != format.data()) {
      if (same_format > 0) counts.formats[format] += same_format;
      format = record.format;
      same_format = 0;
    }
    ++same_format;
  }
  if (same_format > 0) counts.formats[format] += same_format;
  ledger_.input(batch.sources.front()->input).post(counts);
  ledger_.count_trace_origins(origins);
  ledger_.count_lineage(lineage_->take_counts());
  count_levels(batch);
}

// Most batches speak of one service; a batch that changes service with every line costs a look-up
// a line.
void Pipeline::count_levels(const Batch& batch) {
  std::array<uint64_t, kLevelCount> levels{};
  Text service;
  bool any = false;
  for (const Record& record : batch.records) {
    Text own = service_of(record, identity_);
    if (any && own.bytes() != service.bytes()) {
      ledger_.count_levels(service.bytes(), levels);
      levels.fill(0);
    }
    service = own;
    any = true;
    ++levels[static_cast<size_t>(record.level)];
  }
  if (any) ledger_.count_levels(service.bytes(), levels);
}

SteadyTime Pipeline::Feeder::due() const {
  if (!open || open->slices.empty()) return SteadyTime::max();
  return open->oldest + output->limits.delay;
}

bool Pipeline::Feeder::takes(const Batch& batch) const {
  const std::string& only = batch.sources.front()->only_output;
  return only.empty() || only == output->name;
}

// What the contract keeps from the outputs stands in the ledger of each.
void Pipeline::Feeder::withhold(const Batch& batch, const Withheld& withheld) {
  if (withheld.records() == 0 || !takes(batch)) return;
  ledger->accept(withheld.records());
  if (withheld.dropped > 0) ledger->dropped(DropReason::kSchemaViolation, withheld.dropped);
  if (withheld.quarantined > 0) ledger->dead_lettered(withheld.quarantined);
}

void Pipeline::Feeder::add(const Batch& batch, std::span<const Record> records, Kind kind,
                           const Identity& identity, std::vector<uint32_t>& picks,
                           std::atomic<int64_t>& busy_since) {
  if (records.empty() || !takes(batch)) return;
  switch (kind) {
    case Kind::kRead: ledger->accept(records.size()); break;
    case Kind::kSynthetic: ledger->accept_synthetic(records.size()); break;
    case Kind::kReleased: take_back(records.size()); break;
  }
  bool ticketed = false;  // whether the open payload holds this batch's ticket
  uint64_t filtered = 0;
  for (const Record& record : records) {
    if (output->when && !output->when->matches(batch, record, identity, scratch)) {
      ++filtered;
      continue;
    }
    hand_over(batch, record, ticketed);
    if (open->slices.size() >= output->limits.records || open->bytes >= output->limits.bytes) {
      seal(picks, busy_since);
    }
  }
  if (filtered > 0) ledger->filtered(filtered);
}

void Pipeline::Feeder::hand_over(const Batch& batch, const Record& record, bool& ticketed) {
  if (!open) {
    open = output->outbox().take();
    ticketed = false;
  }
  if (!ticketed) {
    bool held = !open->tickets.empty() && open->tickets.back() == batch.ticket;
    for (const TicketRef& kept : batch.kept_tickets) {
      const std::vector<TicketRef>& all = open->tickets;
      if (std::find(all.begin(), all.end(), kept) == all.end()) open->tickets.push_back(kept);
    }
    if (batch.ticket && !held) open->tickets.push_back(batch.ticket);
    if (open->slices.empty() || batch.read_at < open->oldest) open->oldest = batch.read_at;
    ticketed = true;
  }
  output->append(batch, record, *open);
  if (!batch.ticket && batch.kept_tickets.empty()) ++open->unticketed;
  if (output->outbox().keeps_notes()) open->note(batch, record);
}

void Pipeline::Feeder::seal(std::vector<uint32_t>& picks, std::atomic<int64_t>& busy_since) {
  if (!open || open->slices.empty()) return;
  size_t count = open->slices.size();
  while (picks.size() < count) picks.push_back(static_cast<uint32_t>(picks.size()));
  // What comes back from the disk is composed then.
  if (!output->outbox().goes_to_spool()) {
    output->compose(*open, {picks.data(), count}, open->body);
  }
  open->recharge();
  // Waiting for a backend is no fault of this thread.
  busy_since.store(0, std::memory_order_relaxed);
  output->outbox().push(std::move(open));
  busy_since.store(steady_nanos(), std::memory_order_relaxed);
}

}  // namespace waybill::daemon
