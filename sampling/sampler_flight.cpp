// SPDX-License-Identifier: Apache-2.0
// Of the sampler: the probability that adapts, and what the flight recorder is told.
#include <algorithm>
#include <cmath>

#include "config/options.h"
#include "core/canonical.h"
#include "sampling/randomness.h"
#include "sampling/sampler.h"
#include "sampling/subject.h"

namespace waybill::sampling {

namespace {

using Outcome = Verdict::Outcome;
// An error that is not sent itself, because so many are like it, has its lines sent all the same:
// but a storm of them must not send all that sampling kept back.
constexpr size_t kMostReleases = 100;  // a second
constexpr int64_t kSecondNs = 1'000'000'000;

}  // namespace

// What passed the rules reached their threshold: of the rest of all randomness it takes a part.
bool Sampler::passes_adaptive(Subject& subject) {
  const Record& record = subject.record;
  const char* why = escape(subject);
  Adaptive::Share share = adaptive_->offer(service_of(record, subject.identity).bytes(),
                                           record.line.size(), why != nullptr, subject.event_ns());
  const std::string_view name = rules_->name_of(states_.size());
  if (why != nullptr) {
    subject.note(name, "keeps it: {} escapes probability", why);
    return true;
  }
  const double space = static_cast<double>(kSpace - subject.threshold);
  const auto kept_space = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::llround(space * std::min(share.probability, 1.0))));
  const uint64_t threshold = kSpace - std::min(kept_space, kSpace - subject.threshold);
  bool kept = threshold == 0 || randomness_of(record).value >= threshold;
  if (subject.notes != nullptr) {
    auto text = [](double bytes) { return config::bytes_text(std::llround(bytes)); };
    subject.note(name, "{} it: probability {:.4g}, as {} of a target of {} come a second",
                 kept ? "keeps" : "drops", share.probability, text(share.bytes_per_second),
                 text(adaptive_->settings().target));
  }
  if (kept) subject.weight *= space / static_cast<double>(kSpace - threshold);
  return kept;
}

// What was kept back waits; an error has sent what waits of its trace.
void Sampler::tell_recorder(Subject& subject, Verdict& verdict) {
  constexpr std::string_view kName = "recorder";
  const bool error = subject.record.level >= Level::kError;
  if (verdict.outcome == Outcome::kSampled && !error) return hold(subject, verdict);
  if (!error) return;
  if (subject.trace_key() == 0) {
    return subject.note(kName, "has nothing of it: the error names neither trace nor request");
  }
  if (verdict.outcome != Outcome::kSend && !may_release(subject)) {
    return subject.note(kName,
                        "sends nothing: {} errors of this second that were kept back had their "
                        "lines sent",
                        kMostReleases);
  }
  verdict.releases = recorder_->trigger(subject.trace_key(), subject.event_ns());
  subject.note(kName, "sends {}; what comes of the trace from now on escapes probability",
               verdict.releases == 0 ? "nothing, as no line of this trace waits"
               : verdict.releases == 1
                   ? "the line of this trace that waited"
                   : fmt::format("the {} lines of this trace that waited", verdict.releases));
}

void Sampler::hold(Subject& subject, Verdict& verdict) {
  constexpr std::string_view kName = "recorder";
  if (subject.trace_key() == 0) {
    return subject.note(kName, "does not hold it: it names neither trace nor request");
  }
  if (rules_->shows_templates()) show_template(subject);
  // Those of its kind that were sent stand for it; by this rate `source` says who sent it.
  Record& record = subject.record;
  const std::string_view rate = std::exchange(record.sample_rate, "0");
  verdict.held = recorder_->hold(subject.trace_key(), subject.batch, record, subject.event_ns());
  record.sample_rate = rate;
  subject.note(kName, "{}",
               verdict.held ? "holds it: it is sent should its trace err"
                            : "does not hold it: it is too large for that");
}

bool Sampler::may_release(const Subject& subject) {
  const int64_t second = subject.event_ns() / kSecondNs;
  if (second != release_second_) releases_ = 0;
  release_second_ = second;
  return ++releases_ <= kMostReleases;
}

}  // namespace waybill::sampling
