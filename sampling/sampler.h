// SPDX-License-Identifier: Apache-2.0
// Sampler: which records are worth sending, by the rules of one config.
//
// A record goes through the rules in their order until one of them keeps it back. What is sent
// carries in `sample_rate` how many it stands for; counts by service and level, weighted by it,
// come out as if all had been sent: exactly so for bursts, limits and dedupe, whose kept-back
// records the next one, or a `suppressed N` record, stands for. Behind the rules comes the
// probability that adapts; what is kept back waits in the flight recorder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/identity.h"
#include "sampling/adaptive.h"
#include "sampling/folder.h"
#include "sampling/groups.h"
#include "sampling/recorder.h"
#include "sampling/rules.h"
#include "sampling/table.h"
#include "sampling/templates.h"

namespace waybill::sampling {

struct Verdict {
  enum class Outcome : uint8_t {
    kSend,
    kSampled,  // kept back by a probability, a burst or a limit
    kFolded,   // kept back by dedupe
  };
  Outcome outcome = Outcome::kSend;
  size_t rule = 0;            // that kept it back: for Rules::name_of()
  bool new_template = false;  // the first of its template
  bool held = false;          // kept back, and waits in the flight recorder
  // Its trace erred with it: so many lines that waited are to be sent in front of it, see
  // take_released().
  size_t releases = 0;
};

// One thread at a time. Allocates nothing per record once warm.
class Sampler {
 public:
  // `most_memory`: bytes that its flight recorder may have, whatever the rules say.
  explicit Sampler(std::shared_ptr<const Rules> rules, size_t most_memory = SIZE_MAX);

  // Records that pass through are sent as they are: they were judged where they were made.
  // `notes`: takes a line for each rule, saying what it did and why; else null.
  Verdict judge(Batch& batch, Record& record, const Identity& identity,
                std::vector<std::string>* notes = nullptr);

  // When take_due() has something to write at the latest; max(): never.
  SteadyTime due() const;
  // Appends to `batch`, which holds nothing else, records that stand for what was kept back, as
  // far as that is due; with max(), all of it. Whether there are any.
  bool take_due(Batch& batch, SteadyTime now);

  // Appends to `batch` up to `most` lines that the last verdict releases, in their order; their
  // texts are valid until the next judge(). How many.
  size_t take_released(Batch& batch, size_t most);

  // What outlives a change of rules: templates, and where their settings are the same what the
  // probability that adapts and the recorder know. `other` is not used any more. Whether the
  // recorder's lines came over; else there are none.
  bool take_over(Sampler& other);
  // Lines that wait are let go of: nobody is to get them any more.
  void forget_lines() {
    if (recorder_) recorder_->clear(Eviction::kChanged);
  }

  const Rules& rules() const { return *rules_; }
  Templates& templates() { return templates_; }
  Adaptive* adaptive() { return adaptive_.get(); }  // null: there is none
  Recorder* recorder() { return recorder_.get(); }  // null: there is none

 private:
  struct Subject;  // the record under judgement
  struct Burst {
    bool begun = false;
    int64_t start_ns = 0, last_ns = 0;
    uint64_t count = 0;  // in the interval
    uint64_t lines = 0;  // kept back since the last that was sent
    double weight = 0;   // that those stood for
    uint32_t group = 0;
  };
  struct Bucket {
    bool begun = false;
    double tokens = 0;
    int64_t last_ns = 0;
  };
  // The state of one rule; of its kind alone.
  struct State {
    std::unique_ptr<Table<Burst>> bursts;
    std::unique_ptr<Table<Bucket>> buckets;
    std::unique_ptr<Folder> folder;
  };
  static constexpr size_t kKeys = 4096;  // that a rule has state for

  bool passes(size_t index, Subject& subject);
  bool passes_probability(const Rule& rule, Subject& subject);
  bool passes_sampled_flag(const Rule& rule, Subject& subject);
  bool passes_burst(size_t index, Subject& subject);
  bool passes_limit(size_t index, Subject& subject);
  bool passes_dedupe(size_t index, Subject& subject);
  bool passes_adaptive(Subject& subject);
  const char* escape(Subject& subject);
  void tell_recorder(Subject& subject, Verdict& verdict);
  void hold(Subject& subject, Verdict& verdict);
  bool may_release(const Subject& subject);
  const Templates::Found& template_of(Subject& subject);
  uint32_t group_of(Subject& subject);
  void fill(Subject& subject, Suppressed& suppressed, bool similar);
  void show_template(Subject& subject);
  void end(Table<Burst>& bursts);

  std::shared_ptr<const Rules> rules_;
  std::vector<State> states_;  // one for each rule
  Templates templates_;
  Groups groups_;
  SuppressedWriter writer_;
  std::unique_ptr<Adaptive> adaptive_;
  std::unique_ptr<Recorder> recorder_;
  // Errors that were not sent themselves and released lines, in that second.
  int64_t release_second_ = -1;
  size_t releases_ = 0;
  std::string scratch_;
};

}  // namespace waybill::sampling
