// SPDX-License-Identifier: Apache-2.0
#include "lineage/lineage.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "core/json_text.h"
#include "core/sha256.h"
#include "core/source.h"
#include "lineage/hex.h"

namespace waybill::lineage {

namespace {

constexpr size_t kMostClocks = 4096;
constexpr int64_t kNoTime = INT64_MIN;
// Beside the values of Key: traces that were made for a request id.
constexpr uint8_t kMade = kKeyCount;

uint64_t hash_of(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

uint64_t random_number() {
  Id128 id = random_id();
  uint64_t number = 0;
  std::memcpy(&number, id.data(), sizeof number);
  return number;
}

// Where ids hold: a file with all its generations, a child with both its streams, a peer.
uint64_t scope_of(const Source& source, bool& one_program) {
  one_program = !source.path.empty() || !source.stream.empty();
  if (!source.path.empty()) return hash_of(source.path, hash_of(source.input, 1));
  if (!source.stream.empty()) return hash_of(source.input, 2);
  return hash_of({reinterpret_cast<const char*>(&source.number), sizeof source.number}, 3);
}

TraceDigits digits_of(const Id128& id) {
  TraceDigits digits;
  write_hex(id, digits.data());
  return digits;
}

bool names_trace(TraceOrigin origin) {
  return origin == TraceOrigin::kField || origin == TraceOrigin::kText;
}

}  // namespace

std::string_view key_name(Key key) {
  constexpr std::array<std::string_view, kKeyCount> names = {"request_id", "correlation_id",
                                                             "thread"};
  return names[static_cast<size_t>(key)];
}

TraceDigits derived_trace_id(std::string_view request_id, std::string_view key) {
  Digest digest = key.empty() ? sha256(request_id) : hmac_sha256(key, request_id);
  Id128 id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return digits_of(id);
}

TraceDigits run_trace_id() {
  static const TraceDigits id = digits_of(random_id());
  return id;
}

std::string run_traceparent() {
  TraceDigits trace = run_trace_id();
  TraceDigits span = digits_of(random_id());
  return "00-" + std::string(view(trace)) + "-" + std::string(span.data(), 16) + "-01";
}

Lineage::Lineage(LineageSettings settings)
    : settings_(std::move(settings)),
      by_thread_(std::find(settings_.inherit.begin(), settings_.inherit.end(), Key::kThread) !=
                 settings_.inherit.end()),
      seed_(random_number()),
      table_(settings_.max_keys, settings_.ttl) {}

LineageCounts Lineage::take_counts() {
  LineageCounts counts = counts_;
  counts.evicted = table_.evicted() - evicted_before_;
  counts.keys = table_.size();
  counts.bytes = table_.bytes();
  evicted_before_ = table_.evicted();
  counts_ = LineageCounts();
  return counts;
}

Outcome Lineage::resolve(Batch& batch, Record& record) {
  Outcome outcome;
  outcome.findings = begin(batch, record);
  end(batch, record, outcome);
  return outcome;
}

Findings Lineage::begin(Batch& batch, Record& record) {
  Findings findings = resolve_trace(batch, record, settings_.baggage);
  for (uint32_t bits = findings.refused; bits != 0; bits &= bits - 1) {
    ++counts_.refused[static_cast<size_t>(__builtin_ctz(bits))];
  }
  if (record.trace_id && names_trace(record.trace_origin) && wants_keys(record)) {
    learn(batch, record, moment_of(batch, record));
  }
  return findings;
}

void Lineage::end(Batch& batch, Record& record, Outcome& outcome) {
  if (record.passed != nullptr) return;
  bool thread = by_thread_ && record.thread;
  if ((!record.trace_id || thread) && wants_keys(record)) {
    Moment moment = moment_of(batch, record);
    if (!record.trace_id) inherit(batch, record, moment, outcome);
    if (!record.trace_id) make(batch, record, moment, outcome.ambiguous.has_value());
    if (thread) follow_thread(batch, record, moment, outcome);
  }
  if (!record.trace_id && settings_.generate == Generate::kRun) {
    TraceDigits id = run_trace_id();
    record.trace_id = Text(batch.arena.copy(view(id)), TextForm::kClean);
    record.trace_origin = TraceOrigin::kGenerated;
  }
  if (outcome.inherited_by) outcome.ambiguous = outcome.expired = std::nullopt;
  counts_.ambiguous += outcome.ambiguous ? 1 : 0;
  counts_.expired += outcome.expired ? 1 : 0;
}

bool Lineage::may_inherit_later(Batch& batch, const Record& record) {
  if (record.trace_id || record.passed != nullptr || !wants_keys(record)) return false;
  Moment moment = moment_of(batch, record);
  for (Key key : settings_.inherit) {
    if (key == Key::kThread) continue;
    std::string_view text = text_of(batch, record, key);
    if (text.empty()) continue;
    const Remembered* found = table_.find(key_of(static_cast<uint8_t>(key), text, moment.scope));
    if (found != nullptr && within(moment.event_ns, found->seen_ns)) return false;
  }
  return true;
}

bool Lineage::wants_keys(const Record& record) const {
  if (settings_.inherit.empty() && !settings_.derive && settings_.generate != Generate::kRequest) {
    return false;
  }
  return record.request_id || record.correlation_id || (by_thread_ && record.thread);
}

// The time of a line that has none is that of the line before it: a backlog is read in seconds.
Lineage::Moment Lineage::moment_of(const Batch& batch, const Record& record) {
  const Source& source = batch.source_of(record);
  if (source.number != source_number_ || clock_ == nullptr) {
    source_number_ = source.number;
    source_scope_ = scope_of(source, one_program_);
    if (clocks_.size() >= kMostClocks) clocks_.clear();
    clock_ = &clocks_.try_emplace(source_scope_, kNoTime).first->second;
  }
  Moment moment{source_scope_, record.time_ns};
  if (record.time_said) {
    *clock_ = record.time_ns;
  } else if (*clock_ != kNoTime) {
    moment.event_ns = *clock_;
  }
  // What gathers lines of many programs: the same id of two of them is two ids.
  bool syslog = record.format.starts_with("syslog");
  if (!one_program_ || syslog) moment.scope = hash_of(record.service_name.bytes(), moment.scope);
  if (syslog) moment.scope = hash_of(record.logger.bytes(), moment.scope);
  return moment;
}

TraceKey Lineage::key_of(uint8_t kind, std::string_view text, uint64_t scope) const {
  uint64_t seed = seed_ ^ (scope + kind) * 0x9E3779B97F4A7C15u;
  XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
  return {hash.low64, hash.high64};
}

// Empty where the record has none, or one that says so.
std::string_view Lineage::text_of(Batch& batch, const Record& record, Key key) const {
  const Text& text = key == Key::kRequestId       ? record.request_id
                     : key == Key::kCorrelationId ? record.correlation_id
                                                  : record.thread;
  if (!text) return {};
  std::string_view characters = waybill::characters(text, batch.arena);
  bool none = key == Key::kThread ? characters.empty() : says_no_id(characters);
  return none ? std::string_view() : characters;
}

bool Lineage::within(int64_t a, int64_t b) const {
  // Times of lines are whatever somebody wrote: their difference may be no number.
  int64_t apart = 0;
  if (__builtin_sub_overflow(a, b, &apart) || apart == INT64_MIN) return false;
  return (apart < 0 ? -apart : apart) <= settings_.ttl.count();
}

// Its keys belong to this trace from now on. Of two within the time limit neither is inherited
// until the older one is out of it.
void Lineage::learn(Batch& batch, const Record& record, const Moment& moment) {
  for (Key key : settings_.inherit) {
    if (key == Key::kThread) continue;
    std::string_view text = text_of(batch, record, key);
    if (text.empty()) continue;
    bool made = false;
    Remembered& place =
        table_.put(key_of(static_cast<uint8_t>(key), text, moment.scope), record.read_ns, made);
    bool fresh = !made && within(moment.event_ns, place.seen_ns);
    bool other = fresh && std::memcmp(place.trace_id.data(), record.trace_id.data, 32) != 0;
    if (other) place.other_ns = place.seen_ns;
    if (!fresh) place.other_ns = Remembered::kNever;
    place.seen_ns = fresh ? std::max(place.seen_ns, moment.event_ns) : moment.event_ns;
    std::memcpy(place.trace_id.data(), record.trace_id.data, 32);
    place.trace_flags = record.trace_flags;
    place.origin = record.trace_origin;
  }
}

Lineage::Found Lineage::look(const TraceKey& key, const Record& record, const Moment& moment,
                             Remembered*& found) {
  found = table_.find(key);
  if (found == nullptr || found->origin == TraceOrigin::kNone) return Found::kNothing;
  found->read_ns = record.read_ns;
  if (!within(moment.event_ns, found->seen_ns)) return Found::kExpired;
  if (found->other_ns != Remembered::kNever && within(moment.event_ns, found->other_ns)) {
    return Found::kAmbiguous;
  }
  found->seen_ns = std::max(found->seen_ns, moment.event_ns);
  return Found::kTrace;
}

void Lineage::give(Batch& batch, Record& record, const Remembered& found, TraceOrigin origin) {
  record.trace_id = Text(batch.arena.copy(view(found.trace_id)), TextForm::kClean);
  record.trace_flags = found.trace_flags;
  record.trace_origin = origin;
}

void Lineage::inherit(Batch& batch, Record& record, const Moment& moment, Outcome& outcome) {
  for (Key key : settings_.inherit) {
    if (key == Key::kThread) continue;
    std::string_view text = text_of(batch, record, key);
    if (text.empty()) continue;
    Remembered* found = nullptr;
    switch (look(key_of(static_cast<uint8_t>(key), text, moment.scope), record, moment, found)) {
      case Found::kNothing: break;
      case Found::kAmbiguous: outcome.ambiguous = key; break;
      case Found::kExpired: outcome.expired = key; break;
      case Found::kTrace:
        give(batch, record, *found, TraceOrigin::kInherited);
        outcome.inherited_by = key;
        return;
    }
  }
}

// A thread works on one request at a time: its lines without a request id are of the one that it
// was last seen with, until there is any other. A request id that no trace is known of ends it,
// too.
void Lineage::follow_thread(Batch& batch, Record& record, const Moment& moment, Outcome& outcome) {
  std::string_view thread = text_of(batch, record, Key::kThread);
  if (thread.empty()) return;
  std::string_view request = text_of(batch, record, Key::kRequestId);
  TraceKey key = key_of(static_cast<uint8_t>(Key::kThread), thread, moment.scope);
  if (!record.trace_id && request.empty()) {
    Remembered* found = nullptr;
    switch (look(key, record, moment, found)) {
      case Found::kTrace:
        give(batch, record, *found, TraceOrigin::kInherited);
        outcome.inherited_by = Key::kThread;
        break;
      case Found::kExpired: outcome.expired = Key::kThread; break;
      default: break;
    }
    return;
  }
  bool made = false;
  Remembered& place = table_.put(key, record.read_ns, made);
  place.seen_ns = moment.event_ns;
  place.origin = record.trace_id ? record.trace_origin : TraceOrigin::kNone;
  if (!record.trace_id) return;
  std::memcpy(place.trace_id.data(), record.trace_id.data, 32);
  place.trace_flags = record.trace_flags;
}

// A trace for a request id that there is none of: by its hash, or at random for as long as it is
// remembered. A key that means several traces gets no other at random.
void Lineage::make(Batch& batch, Record& record, const Moment& moment, bool ambiguous) {
  bool random = settings_.generate == Generate::kRequest && !settings_.derive && !ambiguous;
  if (!settings_.derive && !random) return;
  std::string_view request = text_of(batch, record, Key::kRequestId);
  if (request.empty()) return;
  TraceOrigin origin = settings_.derive ? TraceOrigin::kDerived : TraceOrigin::kGenerated;
  TraceKey key = key_of(kMade, request, moment.scope);
  Remembered* found = nullptr;
  // What is derived is the same for ever.
  Found known = look(key, record, moment, found);
  if (known == Found::kTrace || (settings_.derive && known == Found::kExpired)) {
    return give(batch, record, *found, origin);
  }
  bool made = false;
  Remembered& place = table_.put(key, record.read_ns, made);
  place.seen_ns = moment.event_ns;
  place.origin = origin;
  place.trace_flags = -1;
  place.trace_id =
      settings_.derive ? derived_trace_id(request, settings_.derive_key) : digits_of(random_id());
  give(batch, record, place, origin);
}

}  // namespace waybill::lineage
