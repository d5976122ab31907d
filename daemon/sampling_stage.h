// SPDX-License-Identifier: Apache-2.0
// SamplingStage: the last one before the outputs, takes out of a batch what need not be sent.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "core/batch.h"
#include "core/byte_budget.h"
#include "core/identity.h"
#include "core/throttle.h"
#include "daemon/template_file.h"
#include "sampling/counts.h"
#include "sampling/sampler.h"

namespace waybill::daemon {

// Records that no output gets.
struct SampledOut {
  uint64_t sampled = 0;
  uint64_t folded = 0;
  uint64_t held = 0;     // of those sampled: may be sent yet
  uint64_t evicted = 0;  // of those held before: will not be
  uint64_t records() const { return sampled + folded; }
};

// How far sampling has come within a batch.
struct SampleCursor {
  size_t next = 0;        // the record that is judged next
  size_t kept = 0;        // so many are to be sent; they have moved to the front
  size_t ready = 0;       // so many of them may be sent now
  bool releases = false;  // take_released() has what is to be sent behind those that are ready
};

// Pipeline thread, but for the constructor. For one config.
class SamplingStage {
 public:
  // `counts`, `budget` and `file` outlive it; `file` is null where nothing is kept. `redaction`:
  // the fingerprint of the rules that records come redacted by. What was learned or held under
  // other ones is let go of: it may hold what must not leave now.
  SamplingStage(std::shared_ptr<const sampling::Rules> rules, uint64_t redaction,
                sampling::Counts& counts, ByteBudget& budget, const TemplateFile* file);

  // The first one of a run: takes up the templates that the last run left.
  void begin();
  // Follows `other`, which is not used any more. `outputs_stay`: all records that `other` held are
  // accounted for with the outputs that go on; else they are let go of. How many were.
  uint64_t take_over(SamplingStage& other, bool outputs_stay);
  // Nobody follows: lets go of lines that are held, and keeps the templates, unless what follows
  // redacts something else. How many lines these were.
  uint64_t end(bool same_redaction);

  // Judges records from the cursor on, to the end of the batch or to one that releases lines.
  SampledOut sample(Batch& batch, SampleCursor& cursor, const Identity& identity);
  // Appends some of the lines that were released to `batch`, which is empty. Whether there were
  // any.
  bool take_released(Batch& batch);

  // Where no rule finds templates: those in `file`, if they were learned under another redaction
  // than this one, are removed.
  static void forget(const TemplateFile& file, uint64_t redaction);

  // When take_due() or tell() has something at the latest; max(): never.
  SteadyTime due() const { return std::min(sampler_.due(), tell_at_); }
  // Fills `batch`, which is empty, with records that stand for others: those that are due at `now`,
  // all there are at max(). Whether there are any.
  bool take_due(Batch& batch, SteadyTime now) { return sampler_.take_due(batch, now); }
  // Tells the counts, and now and then the disk, what is known.
  void tell(SteadyTime now);
  sampling::Counts& counts() { return counts_; }

 private:
  void post(SampledOut& out);
  void tell_templates();
  void load();
  void save(bool durable);
  bool learn_anew();

  sampling::Sampler sampler_;
  const uint64_t redaction_;
  sampling::Counts& counts_;
  ByteCharge charge_;
  const TemplateFile* file_;
  std::vector<uint64_t> of_rules_;  // of one batch
  uint64_t new_templates_ = 0;      // of one batch
  const bool tells_;                // whether tell() has anything
  SteadyTime tell_at_ = SteadyTime::max(), save_at_{};
  uint64_t saved_changes_ = 0;
  Throttle log_{std::chrono::minutes(10)};
};

}  // namespace waybill::daemon
