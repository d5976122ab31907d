// SPDX-License-Identifier: Apache-2.0
#include "daemon/sampling_stage.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/log.h"

namespace waybill::daemon {

using Outcome = sampling::Verdict::Outcome;

namespace {

// What is known is told a moment after it changed, so that a line costs nothing of it.
constexpr Duration kTellAfter = std::chrono::milliseconds(500);
constexpr Duration kSaveEvery = std::chrono::minutes(1);
constexpr size_t kTopTemplates = 20;
// Lines that are released at a time: their memory stays small.
constexpr size_t kSliceLines = 512;

// Behind the templates in their file: the fingerprint of the redaction that they were learned
// under.
constexpr size_t kFingerprint = sizeof(uint64_t);

std::string with_fingerprint(std::string bytes, uint64_t redaction) {
  char tail[kFingerprint];
  std::memcpy(tail, &redaction, sizeof tail);
  return bytes.append(tail, sizeof tail);
}

}  // namespace

SamplingStage::SamplingStage(std::shared_ptr<const sampling::Rules> rules, uint64_t redaction,
                             sampling::Counts& counts, ByteBudget& budget, const TemplateFile* file)
    // A quarter of all memory at most may lie and wait.
    : sampler_(std::move(rules), budget.limit() / 4),
      redaction_(redaction),
      counts_(counts),
      charge_(budget),
      file_(sampler_.rules().finds_templates() ? file : nullptr),
      of_rules_(sampler_.rules().all().size() + 1),
      tells_(sampler_.rules().finds_templates() || sampler_.adaptive() != nullptr) {}

void SamplingStage::begin() {
  saved_changes_ = sampler_.templates().changes();
  if (file_ != nullptr) load();
}

void SamplingStage::load() {
  Result<std::string> bytes = file_->load();
  if (bytes && bytes->empty()) return;
  Result<void> done = bytes ? Result<void>() : Result<void>(bytes.error());
  if (bytes && bytes->size() >= kFingerprint) {
    uint64_t redaction = 0;
    std::memcpy(&redaction, bytes->data() + bytes->size() - kFingerprint, kFingerprint);
    bytes->resize(bytes->size() - kFingerprint);
    done = sampler_.templates().decode(*bytes);
    if (done && redaction != redaction_) {
      learn_anew();
      return;
    }
  } else if (bytes) {
    done = Error{Action::kDrop, "it ends too soon"};
  }
  if (!done) {
    spdlog::warn("{} cannot be used: {}; message templates are learned anew", file_->path(),
                 done.error().what);
  }
  saved_changes_ = sampler_.templates().changes();
}

// Words of templates are of messages that were redacted by other rules.
bool SamplingStage::learn_anew() {
  if (sampler_.templates().size() == 0) return false;
  sampler_.templates() = sampling::Templates();
  spdlog::info("`redact` has changed: message templates are learned anew");
  saved_changes_ = UINT64_MAX;  // what the file has must not stay
  save(true);
  return true;
}

void SamplingStage::forget(const TemplateFile& file, uint64_t redaction) {
  Result<std::string> bytes = file.load();
  uint64_t learned_under = 0;
  if (!bytes || bytes->size() < kFingerprint) return;
  std::memcpy(&learned_under, bytes->data() + bytes->size() - kFingerprint, kFingerprint);
  if (learned_under == redaction) return;
  if (auto done = file.save("", true); !done) {
    spdlog::error("{} was learned under another `redact`, and cannot be emptied: {}", file.path(),
                  done.error().what);
  }
}

uint64_t SamplingStage::take_over(SamplingStage& other, bool outputs_stay) {
  const bool same_redaction = redaction_ == other.redaction_;
  if (!outputs_stay || !same_redaction) other.sampler_.forget_lines();
  if (!same_redaction && other.learn_anew()) other.tell_templates();
  // Nobody will write them later.
  if (other.file_ && !file_) other.save(true);
  const bool same = sampler_.take_over(other.sampler_);
  if (!same) other.sampler_.forget_lines();
  if (file_ && !other.file_ && sampler_.templates().size() == 0) {
    begin();
  } else {
    saved_changes_ = other.saved_changes_;
  }
  save_at_ = other.save_at_;
  SampledOut out;
  (same ? *this : other).post(out);
  if (tells_) tell_at_ = steady_now();
  return out.evicted;
}

uint64_t SamplingStage::end(bool same_redaction) {
  sampler_.forget_lines();
  if (!same_redaction) learn_anew();
  SampledOut out;
  post(out);
  tell_templates();
  save(true);
  return out.evicted;
}

SampledOut SamplingStage::sample(Batch& batch, SampleCursor& cursor, const Identity& identity) {
  SampledOut out;
  cursor.releases = false;
  while (cursor.next < batch.records.size() && !cursor.releases) {
    Record& record = batch.records[cursor.next];
    sampling::Verdict verdict = sampler_.judge(batch, record, identity);
    new_templates_ += verdict.new_template ? 1 : 0;
    // What is released is older than the record.
    cursor.releases = verdict.releases > 0;
    cursor.ready = cursor.kept;
    if (verdict.outcome == Outcome::kSend) {
      if (cursor.kept != cursor.next) batch.records[cursor.kept] = record;
      ++cursor.kept;
    } else {
      ++(verdict.outcome == Outcome::kFolded ? out.folded : out.sampled);
      out.held += verdict.held ? 1 : 0;
      ++of_rules_[verdict.rule];
    }
    ++cursor.next;
  }
  if (!cursor.releases) cursor.ready = cursor.kept;
  post(out);
  return out;
}

bool SamplingStage::take_released(Batch& batch) {
  return sampler_.take_released(batch, kSliceLines) > 0;
}

void SamplingStage::post(SampledOut& out) {
  if (new_templates_ > 0) counts_.post_new_templates(std::exchange(new_templates_, 0));
  if (out.records() > 0) {
    for (size_t i = 0; i < of_rules_.size(); ++i) {
      if (of_rules_[i] > 0) counts_.post(sampler_.rules().name_of(i), of_rules_[i]);
    }
    std::fill(of_rules_.begin(), of_rules_.end(), 0);
  }
  if (tells_ && tell_at_ == SteadyTime::max()) tell_at_ = steady_now() + kTellAfter;
  sampling::Recorder* recorder = sampler_.recorder();
  if (recorder == nullptr) return;
  const sampling::Recorder::Counts counts = recorder->take_counts();
  out.evicted = counts.evicted_total();
  charge_.set(recorder->memory());
  counts_.post_recorder(recorder->lines(), recorder->bytes(), recorder->traces(), counts);
}

void SamplingStage::tell(SteadyTime now) {
  if (tell_at_ > now) return;
  tell_at_ = SteadyTime::max();
  tell_templates();
  if (now >= save_at_) {
    save(false);
    save_at_ = steady_now() + kSaveEvery;
  }
  sampling::Adaptive* adaptive = sampler_.adaptive();
  if (adaptive == nullptr) return;
  sampling::Counts::Probabilities all;
  adaptive->each([&](const std::string& service, double probability) {
    all.emplace_back(service, probability);
  });
  counts_.set_probabilities(std::move(all));
}

void SamplingStage::tell_templates() {
  if (!sampler_.rules().finds_templates()) return;
  const sampling::Templates& known = sampler_.templates();
  counts_.set_templates(known.size(), known.top(kTopTemplates), known.newest());
}

void SamplingStage::save(bool durable) {
  const uint64_t changes = sampler_.templates().changes();
  if (file_ == nullptr || changes == saved_changes_) return;
  Result<void> done =
      file_->save(with_fingerprint(sampler_.templates().encode(), redaction_), durable);
  if (done) {
    saved_changes_ = changes;
  } else if (log_.add(steady_now(), 1) > 0) {
    spdlog::error("cannot keep {}: {}; after a restart they are learned anew", file_->path(),
                  done.error().what);
  }
}

}  // namespace waybill::daemon
