// SPDX-License-Identifier: Apache-2.0
// RecordView: a record as a Value, without writing it as JSON.
//
// What a schema sees of a record is its canonical form (docs/ARCHITECTURE.md, "The record") but for
// what we give it ourselves: never `id`, `source`, `resource`, `sample_rate`, `schema_errors`. And
// what the line or the config said, not what was filled in: no `timestamp` where the line had no
// time, no trace that was inherited, derived or generated. A value that could not be converted
// stands at its canonical path as it came (`level: "banana"`), no longer in the context.
#pragma once

#include <array>
#include <vector>

#include "contract/value.h"
#include "core/arena.h"
#include "core/batch.h"
#include "core/canonical.h"
#include "core/identity.h"
#include "core/record.h"

namespace waybill::contract {

// Under which keys a line may have what belongs to a canonical one.
class CanonicalNames {
 public:
  struct Name {
    std::string_view key;        // as a line has it: "severity"
    std::string_view canonical;  // of kSlotNames: "level"
  };
  explicit CanonicalNames(const std::vector<Name>& names);
  // The canonical keys themselves.
  static const CanonicalNames& own();

  // Empty: the key means no canonical one.
  std::string_view find(Text key) const {
    Slot slot = slot_of(key);
    return slot == Slot::kNone ? std::string_view() : slot_name(slot);
  }
  Slot slot_of(Text key) const {
    // Size, first and last letter tell most of them.
    if (key.size >= kSizes || (letters_[key.size] >> (key.data[0] & 31) & 1) == 0 ||
        (ends_[key.size] >> (key.data[key.size - 1] & 31) & 1) == 0) {
      return Slot::kNone;
    }
    return look_up(key);
  }

 private:
  static constexpr size_t kSizes = 32;
  static constexpr size_t kBuckets = 1024;  // a power of two, several times as many as names
  static size_t bucket_of(std::string_view key) {
    auto at = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(key[i])); };
    return (key.size() * 37 + at(0) * 5 + at(key.size() / 2) * 17 + at(key.size() - 1) * 101) %
           kBuckets;
  }
  Slot look_up(Text key) const;

  std::array<uint32_t, kSizes> letters_{}, ends_{};  // by size: which letters begin and end one
  std::vector<Name> names_;
  std::vector<Slot> slots_;                  // of each name
  std::array<uint8_t, kBuckets> buckets_{};  // index of a name + 1; 0: free
};

// One per thread: keeps its memory between records.
class RecordView {
 public:
  explicit RecordView(const CanonicalNames& names = CanonicalNames::own()) : names_(names) {}
  RecordView(const RecordView&) = delete;
  RecordView& operator=(const RecordView&) = delete;

  // Valid until the next call, and as long as the batch and the identity. What has to be written
  // (times, keys that clash) goes to the arena. `time_unseen`: of a program that never looks at a
  // timestamp of ours (Program::time_unseen); then none is written.
  Value of(const Batch& batch, const Record& record, const Identity& identity, Arena& arena,
           bool time_unseen = false);
  const CanonicalNames& names() const { return names_; }
  // Of the last view: for the validator's limits.
  size_t size() const {
    return used_ + record_->token_count + record_->field_count + record_->line.size() / 64;
  }

 private:
  struct Top final : Listing {
    using Listing::set;
  };
  // Listed only when a schema looks into it.
  struct Context final : Listing {
    explicit Context(RecordView& owner) : owner_(owner) {}
    using Listing::forget;
    void list() const override;
    RecordView& owner_;
  };
  void add(Slot slot, const Value& value, bool ours = false) {
    entries_[used_++] = {Text(slot_name(slot), TextForm::kClean), value, slot, ours};
    there_ |= slot_bit(slot);
  }
  void add(Slot slot, Text text, bool ours = false) {
    if (text) add(slot, Value::string(text), ours);
  }
  Text time_text();
  void add_trace();
  void add_error();
  void add_unconverted();
  bool is_there(Slot slot) const { return (there_ & slot_bit(slot)) != 0; }
  bool is_in_context(const Member& member) const;

  const CanonicalNames& names_;
  const Batch* batch_ = nullptr;
  const Record* record_ = nullptr;
  Arena* arena_ = nullptr;

  Top top_, error_;
  Context context_{*this};
  std::array<Entry, kSlots> entries_;
  std::array<Entry, 5> error_entries_;
  std::vector<Entry> context_entries_;
  int64_t second_ = -1;                 // since the epoch, of the text behind it; -1: of none
  std::array<char, 20> second_text_{};  // "2026-01-02T03:04:05."
  size_t used_ = 0;                     // of entries_
  uint32_t there_ = 0;                  // slots of those, as bits
  // Those from here to there came out of the context.
  size_t unconverted_ = 0, names_end_ = 0;
};

}  // namespace waybill::contract
