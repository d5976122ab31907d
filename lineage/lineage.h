// SPDX-License-Identifier: Apache-2.0
// Lineage: the stage that says which trace a record belongs to. What the line itself says comes
// first (trace_context.h); then what the same source last said of the same request; then, if asked,
// an id derived from the request id, or a random one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/batch.h"
#include "core/ledger.h"
#include "lineage/trace_context.h"
#include "lineage/trace_table.h"

namespace waybill::lineage {

// What tells that two lines of a source are of one request.
enum class Key : uint8_t { kRequestId, kCorrelationId, kThread };
constexpr size_t kKeyCount = 3;
std::string_view key_name(Key key);

enum class Generate : uint8_t { kOff, kRequest, kRun };

struct LineageSettings {
  std::vector<Key> inherit = {Key::kRequestId, Key::kCorrelationId};  // the first that helps counts
  Duration ttl = std::chrono::seconds(30);  // of event time, since a key's last line
  size_t max_keys = 65536;
  bool derive = false;     // from the request id
  std::string derive_key;  // bytes; empty: the hash has no key
  Generate generate = Generate::kOff;
  std::vector<std::string> baggage;  // see resolve_trace()
  bool operator==(const LineageSettings&) const = default;
};

// The trace id of a request id, the same in every process: the first 16 bytes of its SHA-256, or of
// its HMAC-SHA-256 where there is a key, as hex (docs/lineage.md has test vectors).
TraceDigits derived_trace_id(std::string_view request_id, std::string_view key);

// The trace of this run of the program: random, drawn once.
TraceDigits run_trace_id();
// A W3C traceparent of the run's trace, sampled, with a span id that is drawn anew each time.
std::string run_traceparent();

// What became of a record, for who explains it.
struct Outcome {
  Findings findings;                // of its own line
  std::optional<Key> inherited_by;  // where its trace_origin is kInherited
  std::optional<Key> ambiguous;     // this key of it had more than one trace
  std::optional<Key> expired;       // the trace of this key was too long ago
};

// Lines of a source must come in their order. One thread at a time. Nothing is allocated per line
// once it is warm.
class Lineage {
 public:
  explicit Lineage(LineageSettings settings);
  const LineageSettings& settings() const { return settings_; }

  // The record's time stands already.
  Outcome resolve(Batch& batch, Record& record);

  // The same in two steps, for lines that wait in between for what others say: what the line itself
  // says, which is remembered, and then what it gets from others.
  Findings begin(Batch& batch, Record& record);
  void end(Batch& batch, Record& record, Outcome& outcome);
  // Whether, between the two, the record has a key of which no trace is known.
  bool may_inherit_later(Batch& batch, const Record& record);

  // Since the last call; the gauges as they are now.
  LineageCounts take_counts();
  size_t bytes() const { return table_.bytes(); }

 private:
  enum class Found : uint8_t { kNothing, kTrace, kAmbiguous, kExpired };
  struct Moment {
    uint64_t scope = 0;
    int64_t event_ns = 0;
  };

  bool wants_keys(const Record& record) const;
  Moment moment_of(const Batch& batch, const Record& record);
  TraceKey key_of(uint8_t kind, std::string_view text, uint64_t scope) const;
  std::string_view text_of(Batch& batch, const Record& record, Key key) const;
  void learn(Batch& batch, const Record& record, const Moment& moment);
  void inherit(Batch& batch, Record& record, const Moment& moment, Outcome& outcome);
  Found look(const TraceKey& key, const Record& record, const Moment& moment, Remembered*& found);
  void follow_thread(Batch& batch, Record& record, const Moment& moment, Outcome& outcome);
  void make(Batch& batch, Record& record, const Moment& moment, bool ambiguous);
  bool within(int64_t a, int64_t b) const;
  static void give(Batch& batch, Record& record, const Remembered& found, TraceOrigin origin);

  const LineageSettings settings_;
  bool by_thread_ = false;
  const uint64_t seed_;  // of hashes: nobody can choose keys that meet in one bucket
  TraceTable table_;
  LineageCounts counts_;
  uint64_t evicted_before_ = 0;

  // Of the source of the last record.
  uint64_t source_number_ = 0;
  uint64_t source_scope_ = 0;
  bool one_program_ = true;  // a file, a child: whatever its lines say, they are of one program
  int64_t* clock_ = nullptr;
  std::unordered_map<uint64_t, int64_t> clocks_;  // event time of a scope's last line that had one
};

}  // namespace waybill::lineage
