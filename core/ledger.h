// SPDX-License-Identifier: Apache-2.0
// The ledger: what became of every line, per input and per output, in records.
//
//   input:   lines = records + joined + empty
//   output:  records + recovered + synthetic
//              = delivered + filtered + sampled + folded + dropped(reason) + dead_lettered
//                + in_flight
//
// Both balance at every moment: an entry changes under its lock, all its sides together, once per
// batch. Any thread may post; snapshots are consistent.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/drop_reason.h"
#include "core/level.h"

namespace waybill {

struct InputCounts {
  uint64_t lines = 0;    // lines framed
  uint64_t records = 0;  // records made of them
  uint64_t joined = 0;   // lines that became part of another line's record
  uint64_t empty = 0;    // lines without a byte, or of blanks alone
  uint64_t bytes = 0;    // bytes read, line ends included
  // Apart: never read, so in no sum. Datagrams for kKernel, bytes for the others.
  std::array<uint64_t, kMissReasonCount> missed{};
  uint64_t lag_bytes = 0;    // a gauge: bytes of files not read yet
  uint64_t connections = 0;  // a gauge: those that are open
  uint64_t accepted = 0;     // connections so far
  uint64_t refused = 0;      // of these, the ones whose TLS handshake failed
  uint64_t broken = 0;       // of these, the ones closed as their framing broke
  uint64_t truncated_lines = 0, truncated_bytes = 0;
  uint64_t repaired_lines = 0;  // invalid UTF-8 or raw control characters replaced
  uint64_t duplicate_keys = 0;
  uint64_t clock_skew = 0;                       // records whose time is far off the read time
  std::map<std::string_view, uint64_t> formats;  // records by parser name (a constant)

  bool balanced() const { return lines == records + joined + empty; }
};

struct OutputCounts {
  uint64_t records = 0, recovered = 0, synthetic = 0;
  uint64_t delivered = 0, filtered = 0, sampled = 0, folded = 0, dead_lettered = 0;
  std::array<uint64_t, kDropReasonCount> dropped{};
  uint64_t in_flight = 0;

  uint64_t dropped_total() const;
  bool balanced() const {
    return records + recovered + synthetic ==
           delivered + filtered + sampled + folded + dropped_total() + dead_lettered + in_flight;
  }
};

// Latencies of requests, as a Prometheus histogram: counts per bucket (not cumulative).
struct Histogram {
  static constexpr std::array<double, 10> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1,
                                                     0.25,  0.5,  1,     2.5,  10};
  std::array<uint64_t, kBounds.size() + 1> counts{};
  double sum = 0;
  void observe(double seconds);
};

class InputLedger {
 public:
  explicit InputLedger(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

  // Adds every count of `more` but gauges, and what has a function of its own below.
  void post(const InputCounts& more);
  void missed(MissReason reason, uint64_t amount);
  void set_lag(uint64_t bytes);
  void connected();                // a connection was accepted and is open
  void disconnected();             // and is not any more
  void refused();                  // by its TLS handshake, before it is disconnected
  void broke_off(uint64_t bytes);  // its framing broke, with so many bytes unread
  InputCounts snapshot() const;

 private:
  const std::string name_;
  mutable std::mutex mutex_;
  InputCounts counts_;
};

// How an output is doing, in words for `waybill health` and /outputs.
enum class OutputState : uint8_t {
  kOk,
  kRetrying,       // the backend refuses or cannot be reached
  kMisconfigured,  // 401, 403, 404, TLS: somebody has to change something
};

struct OutputSnapshot {
  OutputCounts counts;
  uint64_t retries = 0;
  uint64_t requests = 0;
  Histogram request_seconds;
  uint64_t queue_records = 0;
  uint64_t queue_bytes = 0;
  uint64_t spool_records = 0;  // on disk, not settled
  uint64_t spool_bytes = 0;
  // Cut off the ends of spools. Apart: what was not written to its end was never in a run's count.
  uint64_t spool_torn_records = 0, spool_torn_bytes = 0;
  // Of those in flight, at the end of a run: neither delivered nor in a spool, but still where they
  // were read from.
  uint64_t read_again = 0;
  double oldest_undelivered_seconds = 0;
  OutputState state = OutputState::kOk;
  std::string problem;  // the last failure, while state is not kOk
};

class OutputLedger {
 public:
  explicit OutputLedger(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

  // Records that were handed to this output: they are in flight until settled.
  void accept(uint64_t records);
  // Records that were found in the spool at `path`: in flight again, but for those that an output
  // of this run has left there itself. What of these was not found is dropped.
  void recovered(const std::string& path, uint64_t records);
  // `bytes` of records that were being written to the spool at a crash were cut off: their inputs
  // were never told that they are safe.
  void spool_torn(uint64_t records, uint64_t bytes);
  // An output ends, and leaves records that are in flight in the spool at `path`.
  void left_in_spool(const std::string& path, uint64_t records);
  // An output ends, and leaves records that are in flight with their inputs, which read them again.
  void left_with_inputs(uint64_t records);
  // `records` of those in flight have been …
  void delivered(uint64_t records);
  void dropped(DropReason reason, uint64_t records);
  void dead_lettered(uint64_t records);
  void filtered(uint64_t records);  // not meant for this output: its `when` does not hold

  // Records that sampling keeps from this output, never handed to it: others stand for them by
  // their rate, or one that says how many were suppressed.
  void sampled_out(uint64_t sampled, uint64_t folded);
  // Records of our own making that were handed to this output: in flight until settled.
  void accept_synthetic(uint64_t records);

  void retried();
  void request_took(double seconds);
  void queue(uint64_t records, uint64_t bytes, SteadyTime oldest);  // a gauge; min() = none
  void spooled(uint64_t records, uint64_t bytes);                   // a gauge
  void state(OutputState state, std::string problem);
  OutputSnapshot snapshot() const;

 private:
  const std::string name_;
  mutable std::mutex mutex_;
  OutputSnapshot now_;
  SteadyTime oldest_{};
  std::map<std::string, uint64_t> left_;  // in spools, in flight, by path
};

// What lineage refused, and what became of its memory of traces.
struct LineageCounts {
  static constexpr size_t kCarriers = 16;
  std::array<uint64_t, kCarriers> refused{};  // values that are no ids, by lineage::Carrier
  uint64_t ambiguous = 0;  // lines that inherited nothing: their key had traces more than one
  uint64_t expired = 0;    // the same: the trace of their key was too long ago
  uint64_t evicted = 0;    // keys forgotten before their time, for want of room
  uint64_t keys = 0;       // a gauge: places of the memory that are in use
  uint64_t bytes = 0;      // a gauge: its size
};

// All of a process. Entries are added by name and never removed, so that counters survive a
// reload; addresses stay put.
class Ledger {
 public:
  InputLedger& input(std::string_view name);
  OutputLedger& output(std::string_view name);
  std::vector<InputLedger*> inputs() const;
  std::vector<OutputLedger*> outputs() const;

  // Records by service and level; at most kMaxServices services, the others under "other".
  static constexpr size_t kMaxServices = 100;
  void count_levels(std::string_view service, const std::array<uint64_t, kLevelCount>& records);
  std::map<std::string, std::array<uint64_t, kLevelCount>, std::less<>> levels() const;

  // What breaks schemas, by kind. A service has at most kMaxKinds of them, and the others under
  // keyword and path "other"; at most kMaxServices services, the others under "other".
  struct ViolationKind {
    std::string service, keyword, path;
    auto operator<=>(const ViolationKind&) const = default;
  };
  using ViolationCounts = std::map<ViolationKind, uint64_t>;
  static constexpr size_t kMaxKinds = 50;
  // Counts one; whether it is the first of its kind.
  bool count_violation(ViolationKind kind);
  ViolationCounts violations() const;
  // The same of what was mended.
  bool count_schema_repair(ViolationKind kind);
  ViolationCounts schema_repairs() const;
  // Records that went to the dead letters instead of to any output.
  void count_quarantined(uint64_t records);
  uint64_t quarantined() const;

  // Records whose own service name was one too many (`service.max_from_lines`).
  void count_refused_services(uint64_t records);
  uint64_t refused_services() const;

  // Records by where their trace id came from, indexed by TraceOrigin.
  void count_trace_origins(const std::array<uint64_t, 6>& records);
  std::array<uint64_t, 6> trace_origins() const;
  // Adds the counts, sets the gauges.
  void count_lineage(const LineageCounts& counts);
  LineageCounts lineage() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<InputLedger>> inputs_;
  std::vector<std::unique_ptr<OutputLedger>> outputs_;
  std::map<std::string, std::array<uint64_t, kLevelCount>, std::less<>> levels_;
  std::array<uint64_t, 6> trace_origins_{};
  LineageCounts lineage_;
  struct Kinds {
    ViolationCounts counts;
    std::map<std::string, size_t> services;  // how many kinds each has
    bool add(ViolationKind kind);
  };
  Kinds violations_, schema_repairs_;
  uint64_t quarantined_ = 0;
  uint64_t refused_services_ = 0;
};

}  // namespace waybill
