// SPDX-License-Identifier: Apache-2.0
// Family: the series of one metric, by the values of its labels.
//
// What would be too much is counted, and under `other`: a value of a label beyond the metric's
// max_values, and a combination of values beyond its max_series or the budget that all metrics
// share. So records are never lost to a sum, and memory is bounded whatever comes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/batch.h"
#include "core/identity.h"
#include "metrics/definition.h"

namespace waybill::metrics {

// How many series all metrics may have together, besides one `other` and those without labels.
// Any thread.
class SeriesBudget {
 public:
  void set_limit(size_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  bool take() {
    if (used_.fetch_add(1, std::memory_order_relaxed) < limit_.load(std::memory_order_relaxed)) {
      return true;
    }
    used_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void give(size_t series) { used_.fetch_sub(series, std::memory_order_relaxed); }

 private:
  std::atomic<size_t> used_{0};
  std::atomic<size_t> limit_{0};
};

// A record that stands for those that were counted: the way from a number to a trace.
struct Exemplar {
  std::array<char, 32> trace_id{};  // lower-case hex
  std::array<char, 16> span_id{};   // the same
  bool has_span = false;
  bool given = false;  // else there is none
  double value = 0;
  int64_t time_ns = 0;  // since the epoch, not before
};

struct Series {
  double total = 0;                 // of a counter; of a histogram the sum of what was observed
  std::vector<uint64_t> counts;     // of a histogram: in each bucket alone, the last is +Inf
  std::vector<Exemplar> exemplars;  // the last one of each bucket; of a counter, one
};

// What a family holds at a moment.
struct Snapshot {
  struct Row {
    std::vector<std::string> values;  // of the labels, in their order; empty: the field was missing
    Series series;
  };
  std::shared_ptr<const Definition> definition;
  std::vector<Row> rows;    // sorted by their values
  uint64_t overflowed = 0;  // records that are counted under an `other` for want of room
  uint64_t skipped = 0;     // records about which it is, with nothing to add or observe in them
};

class Family {
 public:
  // `budget` may be shared with others.
  Family(std::shared_ptr<const Definition> definition, std::shared_ptr<SeriesBudget> budget);
  ~Family();
  Family(Family&&) = delete;

  // Counts `records`, which are of the batch. One thread at a time; allocates for new series alone,
  // once warm. What has to be said, once in a family's life: that labels have more values than
  // there is room for. Empty mostly.
  std::string count(const Batch& batch, std::span<const Record> records, const Identity& identity);

  // Any thread.
  Snapshot snapshot() const;
  const Definition& definition() const { return *definition_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <typename Value>
  using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

  void count(const Batch& batch, const Record& record, const Identity& identity);
  void read_labels(const Batch& batch, const Record& record, const Identity& identity);
  Series& series();
  Series& new_series();
  Series& add(const std::string& key);
  bool fold_values();
  void note_overflow(std::string_view why);

  const std::shared_ptr<const Definition> definition_;
  const std::shared_ptr<SeriesBudget> budget_;
  const std::string all_other_;  // the key of what has no room

  mutable std::mutex mutex_;  // guards what follows
  Map<Series> series_;        // by key: the values of the labels, each ended by kEnd
  uint64_t overflowed_ = 0, skipped_ = 0;

  // Of the counting thread alone.
  size_t taken_ = 0;         // of the budget
  std::vector<Set> values_;  // that each label has had
  std::string key_, folded_, route_, scratch_;
  bool notice_given_ = false;
  std::string notice_;
};

}  // namespace waybill::metrics
