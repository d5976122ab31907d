// SPDX-License-Identifier: Apache-2.0
// Pipeline: the thread between inputs and outputs. All CPU work happens here, batch by batch:
//
//   frame → join and parse → lineage → redact → contract → sample → encode for each output
//
// It owns the order of the stages and nothing else: each is a function of its own folder.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/batch.h"
#include "core/bounded_queue.h"
#include "core/identity.h"
#include "core/ledger.h"
#include "daemon/child_hold.h"
#include "daemon/clock_watch.h"
#include "daemon/contract_stage.h"
#include "daemon/metrics_stage.h"
#include "daemon/redaction_stage.h"
#include "daemon/sampling_stage.h"
#include "daemon/service_cap.h"
#include "lineage/lineage.h"
#include "lineage/source_identity.h"
#include "outputs/output.h"
#include "parsers/event_reader.h"

namespace waybill::daemon {

// How far framing has come within a batch.
struct FrameCursor {
  size_t chunk = 0;
  uint32_t at = 0;  // bytes of that chunk done
};

// Records that are worked on at a time: their memory stays small, and in the cache, however short
// the lines of a batch are.
constexpr size_t kSliceRecords = 512;

// Cuts lines off the batch's chunks, from `cursor` on, and makes a record of each that is not
// empty: line, offset, source, read_ns, time_ns, marks.truncated_bytes. Line ends ("\n", "\r\n")
// are no part of a line; a line of blanks alone counts as empty. A message is one line, without
// the line ends and NULs at its end. They go behind the records that are there. Stops at the end of
// the batch or when it has made kSliceRecords. Returns how many lines were empty.
uint64_t frame(Batch& batch, FrameCursor& cursor);

// What the pipeline does with records, for one config. Swapped as a whole on reload.
struct Route {
  Identity identity;
  parsers::Settings parse;
  std::vector<std::string> formats;
  std::vector<std::shared_ptr<outputs::Output>> outputs;  // started
  lineage::LineageSettings lineage = {};
  size_t most_services = 1000;   // that lines may name
  uint64_t redaction_print = 0;  // redaction::Rules::fingerprint(): of another one, something else
                                 // is redacted
  std::shared_ptr<ContractStage> contract = {};    // null: no record is judged
  std::shared_ptr<RedactionStage> redaction = {};  // null: nothing is redacted
  std::shared_ptr<SamplingStage> sampling = {};    // null: everything is sent
  std::shared_ptr<MetricsStage> metrics = {};      // null: nothing is counted for the config
};

class Pipeline {
 public:
  // Batches that wait in front of the pipeline: enough to keep it busy, few enough to stay small.
  static constexpr size_t kQueueDepth = 8;

  Pipeline(ByteBudget& budget, BatchPool& pool, Ledger& ledger);
  ~Pipeline();
  Pipeline(Pipeline&&) = delete;

  // ---- main thread ----
  // An Error when there is no thread to be had.
  Result<void> start(Route route);
  // Whether inputs should wait; then on_room is called once there is room again.
  bool full() { return queue_.full(); }
  // Queues a batch, even when full: what has been read must go on.
  void submit(std::unique_ptr<Batch> batch);
  void on_room(std::function<void()> callback) { queue_.on_room(std::move(callback)); }
  // From the batch after those submitted so far on, `route` holds. What outputs of the old one
  // have not been given yet is given to them first; outputs that are in both keep their queues,
  // and the outboxes of those that are not are closed. `done` is called on the pipeline thread.
  void reroute(Route route, std::function<void()> done);
  // How long it has been at work on one batch without waiting for an output: a thread that hangs.
  Duration busy_for() const;
  // No more batches: what was submitted is worked off, every output gets what is due, and the
  // outboxes are closed.
  void close();
  void join();

 private:
  // One output and the payload that is being filled for it.
  struct Feeder {
    std::shared_ptr<outputs::Output> output;
    std::unique_ptr<delivery::Payload> open;
    OutputLedger* ledger = nullptr;
    std::string scratch = {};  // of the output's condition

    bool takes(const Batch& batch) const;
    void withhold(const Batch& batch, const Withheld& withheld);
    void leave_out(const Batch& batch, const SampledOut& out, sampling::Counts& counts);
    void settle_sampled(uint64_t records, sampling::Counts& counts) const;
    void take_back(uint64_t records) const;
    enum class Kind : uint8_t {
      kRead,       // records that came in
      kSynthetic,  // of our own making
      kReleased,   // that sampling had held
    };
    // `records` are some of the batch's.
    void add(const Batch& batch, std::span<const Record> records, Kind kind,
             const Identity& identity, std::vector<uint32_t>& picks,
             std::atomic<int64_t>& busy_since);
    void hand_over(const Batch& batch, const Record& record, bool& ticketed);
    void seal(std::vector<uint32_t>& picks, std::atomic<int64_t>& busy_since);
    SteadyTime due() const;
  };
  struct Work {
    std::unique_ptr<Batch> batch;
    std::function<void()> command;
  };

  void run();
  void process(std::unique_ptr<Batch> batch);
  bool process_child(std::unique_ptr<Batch>& batch, FrameCursor& cursor);
  void finish_held(SteadyTime now);
  void count_bytes(const Batch& batch);
  void finish(Batch& batch, uint64_t empty);
  void stamp(const Batch& batch, Record& record);
  void resolve(Batch& batch);
  void send(Batch& batch, uint64_t empty);
  void count(Batch& batch, uint64_t empty);
  void count_levels(const Batch& batch);
  void take_route(Route route);
  void seal_due(SteadyTime now);
  void take_due(SteadyTime now);
  void send_suppressed(SteadyTime now);
  void send_some(const Batch& batch, size_t from, size_t to);
  void send_sampled(Batch& batch);
  void send_released(const Batch& behind);
  void take_sampling(Route& route);
  bool same_outputs(const Route& route) const;

  ByteBudget& budget_;
  BatchPool& pool_;
  Ledger& ledger_;
  BoundedQueue<Work> queue_{kQueueDepth};

  // Pipeline thread only, but for start().
  Identity identity_;
  std::unique_ptr<parsers::EventReader> reader_;
  std::unique_ptr<Batch> due_batch_;  // for events that waited for a line that did not come
  std::unique_ptr<ClockWatch> clock_watch_;
  std::unique_ptr<lineage::Lineage> lineage_;
  lineage::SourceIdentities source_identities_;
  std::unique_ptr<ServiceCap> service_cap_;
  ChildHold hold_;
  ByteCharge lineage_charge_{budget_};
  std::shared_ptr<RedactionStage> redaction_;
  uint64_t redaction_print_ = 0;
  std::shared_ptr<ContractStage> contract_;
  std::shared_ptr<SamplingStage> sampling_;
  std::shared_ptr<MetricsStage> metrics_;
  std::unique_ptr<Batch> suppressed_;  // for records that stand for what was not sent
  std::unique_ptr<Batch> released_;    // for records that sampling held
  std::vector<Feeder> feeders_;
  std::vector<uint32_t> picks_;  // 0, 1, 2, …
  WallNanos last_read_ns_ = 0;

  // Steady nanoseconds when the present work began; 0 while idle or waiting for an output's queue.
  std::atomic<int64_t> busy_since_{0};
  std::thread thread_;
};

}  // namespace waybill::daemon
