// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/canonical.h"
#include "core/thread.h"
#include "lineage/record_id.h"
#include "lineage/trace_context.h"

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
    SteadyTime due = reader_->due();
    for (const Feeder& feeder : feeders_) due = std::min(due, feeder.due());
    std::optional<Work> work = queue_.pop_until(due);
    busy_since_.store(steady_nanos(), std::memory_order_relaxed);
    if (work && work->batch) {
      process(*work->batch);
      pool_.give(std::move(work->batch));
    } else if (work) {
      work->command();
    } else if (queue_.drained()) {
      break;
    }
    take_due(steady_now());
    seal_due(steady_now());
    busy_since_.store(0, std::memory_order_relaxed);
  }
  take_route(Route{});
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
  if (reader_) take_due(SteadyTime::max());
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
  contract_ = std::move(route.contract);
  clock_watch_ = std::make_unique<ClockWatch>(route.parse.default_zone);
}

void Pipeline::process(Batch& batch) {
  if (batch.sources.empty()) return;
  count_bytes(batch);
  FrameCursor cursor;
  while (cursor.chunk < batch.chunks.size()) {
    batch.clear_records();
    reader_->begin_slice(batch);
    uint64_t empty = frame(batch, cursor);
    reader_->read(batch, cursor.chunk < batch.chunks.size());
    finish(batch, empty);
  }
}

// What becomes of records, however they were made.
void Pipeline::finish(Batch& batch, uint64_t empty) {
  resolve(batch);
  count(batch, empty);
  if (contract_) {
    Withheld withheld = contract_->hold(batch, identity_);
    for (Feeder& feeder : feeders_) feeder.withhold(batch, withheld);
  }
  batch.recharge();
  for (Feeder& feeder : feeders_) feeder.add(batch, picks_, busy_since_);
}

void Pipeline::resolve(Batch& batch) {
  for (Record& record : batch.records) {
    lineage::resolve_trace(batch, record);
    if (record.passed == nullptr) {
      record.id = lineage::record_id(batch.source_of(record).nonce, record);
    }
    if (record.time_said) continue;
    // Read times rise by at least 1 ns a line, so that the order of a source's lines survives.
    last_read_ns_ = std::max(record.read_ns, last_read_ns_ + 1);
    record.time_ns = last_read_ns_;
    record.time_digits = 9;
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
  counts.lines = counts.records + counts.joined + empty;
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

void Pipeline::Feeder::add(const Batch& batch, std::vector<uint32_t>& picks,
                           std::atomic<int64_t>& busy_since) {
  if (batch.records.empty() || !takes(batch)) return;
  ledger->accept(batch.records.size());
  bool notes = output->outbox().keeps_notes();
  bool ticketed = false;  // whether the open payload holds this batch's ticket
  for (const Record& record : batch.records) {
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
    if (notes) open->note(batch, record);
    if (open->slices.size() >= output->limits.records || open->bytes >= output->limits.bytes) {
      seal(picks, busy_since);
    }
  }
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
