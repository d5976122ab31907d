// SPDX-License-Identifier: Apache-2.0
// Recorder: the flight recorder. Lines that sampling kept back wait here for their trace to err;
// then they are sent, too. Bounded in bytes, traces and age.
//
// Counts stay right: what is sent from here stands for nothing (`sample_rate` 0), as lines that
// were kept stand for it. From the error on all of a trace is sent and stands for itself alone,
// whatever the verdict by probability would have been: so nothing is counted twice, and nothing is
// missing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/batch.h"

namespace waybill::sampling {

struct RecorderSettings {
  size_t memory = 0;       // bytes of lines; 0: there is no recorder
  int64_t max_age_ns = 0;  // of event time, between a line and the error
  size_t max_traces = 0;   // that have lines waiting, or erred lately
  bool operator==(const RecorderSettings&) const = default;
};

// Why a line that waited does not any more, but for its being sent.
enum class Eviction : uint8_t {
  kBytes,    // room was needed for newer ones
  kTraces,   // its trace was the one that had not been heard of longest
  kAge,      // it was too old
  kChanged,  // a reload changed what it would have been sent to
};
constexpr std::array<std::string_view, 4> kEvictionNames = {"bytes", "traces", "age", "changed"};

// One thread at a time. Lines are in one ring of memory, the oldest go first. Allocates nothing per
// line once warm.
class Recorder {
 public:
  struct Counts {
    std::array<uint64_t, kEvictionNames.size()> evicted{};  // lines
    uint64_t released = 0;
    uint64_t evicted_total() const { return evicted[0] + evicted[1] + evicted[2] + evicted[3]; }
  };

  explicit Recorder(const RecorderSettings& settings);
  Recorder(Recorder&&) = delete;

  // What a verdict by trace goes by: the trace, unless it was generated for a run, else the request
  // id. 0: neither is there, and the recorder has nothing to do with the record.
  static uint64_t key_of(const Record& record);

  // Whether the trace erred and a line of it came at `time_ns` at the latest max_age behind the
  // last one; that is remembered as the last one then.
  bool erred(uint64_t key, int64_t time_ns);
  // Copies the record. False: it is too large to be held. Ends what read_released() gave out.
  bool hold(uint64_t key, const Batch& batch, const Record& record, int64_t time_ns);
  // The trace errs at `time_ns`. Its lines are let go of, for release(). How many there are.
  size_t trigger(uint64_t key, int64_t time_ns);
  // Appends to `batch` up to `most` of the lines that the last trigger() wants sent, in their
  // order. How many. Their texts are valid until the next hold().
  size_t release(Batch& batch, size_t most);
  // Lets go of all lines.
  void clear(Eviction why);
  // Whether erred() may say yes of any trace.
  bool any_erred() const { return erred_ > 0; }

  // Lines that wait; their bytes; traces that have some, or erred.
  uint64_t lines() const { return lines_; }
  size_t bytes() const { return bytes_; }
  size_t traces() const { return traces_.size() - free_.size(); }
  // What it holds of the process's memory.
  size_t memory() const;
  // Since the last call.
  Counts take_counts();
  const RecorderSettings& settings() const { return settings_; }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint64_t kNowhere = ~uint64_t{0};

  // In the ring, in front of each line.
  struct Entry {
    uint64_t next = kNowhere;  // the next line of the trace
    int64_t time_ns = 0;
    SteadyTime read_at{};
    uint32_t size = 0;       // with this
    uint32_t trace = kNone;  // kNone: it does not wait any more
    uint32_t source = 0;
  };
  struct Trace {
    uint64_t key = 0;
    uint64_t first = kNowhere, last = kNowhere;  // its lines
    uint32_t lines = 0;
    bool erred = false;
    int64_t last_ns = 0;                    // of the last line since it erred
    uint32_t chain = kNone;                 // the next one of the same head
    uint32_t older = kNone, newer = kNone;  // by when something was heard of it
  };
  struct Place {
    std::shared_ptr<const Source> source;
    uint64_t lines = 0;
  };

  Entry& entry(uint64_t at);
  uint32_t find(uint64_t key) const;
  uint32_t find_or_make(uint64_t key);
  void touch(uint32_t trace);
  void unlink(uint32_t trace);
  void link_newest(uint32_t trace);
  void forget(uint32_t trace);
  void drop_lines(uint32_t trace, Eviction why);
  void drop_old(uint32_t trace, int64_t before_ns);
  void settle(Entry& line);
  void end_release();
  bool make_room(size_t size, int64_t time_ns, SteadyTime read_at, uint32_t source);
  void evict_oldest(int64_t time_ns, SteadyTime read_at, uint32_t source);
  uint32_t source_of(const std::shared_ptr<const Source>& source);

  RecorderSettings settings_;
  size_t capacity_;
  std::unique_ptr<char[]> ring_;
  uint64_t head_ = 0, tail_ = 0;  // where the next entry goes; the oldest one
  uint64_t end_ = 0;              // behind the last entry before the ring began anew
  bool wrapped_ = false;          // newer entries are in front of older ones
  size_t entries_ = 0;            // in the ring, waiting or not
  uint64_t lines_ = 0;
  size_t bytes_ = 0;

  std::vector<Trace> traces_;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> heads_;
  uint32_t oldest_ = kNone, newest_ = kNone;
  size_t erred_ = 0;  // traces

  std::vector<Place> sources_;
  std::unordered_map<const Source*, uint32_t> source_index_;
  std::vector<uint32_t> free_sources_;
  uint32_t last_source_ = kNone;
  size_t idle_sources_ = 0;

  uint64_t releasing_ = kNowhere;  // the next line to be sent
  int64_t release_from_ns_ = 0;
  Counts counts_;
};

}  // namespace waybill::sampling
