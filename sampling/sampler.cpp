// SPDX-License-Identifier: Apache-2.0
#include "sampling/sampler.h"

#include <algorithm>

#include "config/options.h"
#include "core/canonical.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "sampling/hash.h"
#include "sampling/randomness.h"
#include "sampling/subject.h"

namespace waybill::sampling {

namespace {

using Outcome = Verdict::Outcome;
using Kind = Rule::Kind;

const char* words(Randomness::From from) {
  switch (from) {
    case Randomness::From::kTraceState: return "of the tracestate's rv";
    case Randomness::From::kTraceId: return "of the trace id's last 56 bits";
    case Randomness::From::kTraceHash:
      return "of the trace id, hashed as it is none that was drawn";
    case Randomness::From::kRequest: return "of the request id, as there is no trace";
    default: return "of the record's id, as there is no trace";
  }
}

}  // namespace

Sampler::Sampler(std::shared_ptr<const Rules> rules, size_t most_memory)
    : rules_(std::move(rules)) {
  RecorderSettings recorder = rules_->recorder();
  recorder.memory = std::min(recorder.memory, most_memory);
  if (recorder.memory > 0) recorder_ = std::make_unique<Recorder>(recorder);
  if (rules_->adaptive().target > 0) adaptive_ = std::make_unique<Adaptive>(rules_->adaptive());
  for (const Rule& rule : rules_->all()) {
    State& state = states_.emplace_back();
    if (rule.kind == Kind::kBurst) state.bursts = std::make_unique<Table<Burst>>(kKeys);
    if (rule.kind == Kind::kLimit) state.buckets = std::make_unique<Table<Bucket>>(kKeys);
    if (rule.kind == Kind::kDedupe) state.folder = std::make_unique<Folder>(rule.window_ns);
  }
}

Verdict Sampler::judge(Batch& batch, Record& record, const Identity& identity,
                       std::vector<std::string>* notes) {
  Verdict verdict;
  if (record.passed != nullptr) {
    if (notes != nullptr) notes->push_back("a record that passes through: was judged before");
    return verdict;
  }
  Subject subject{batch, record, identity, notes};
  // Of all records, that counts of templates are right.
  if (rules_->shows_templates() && record.message) (void)template_of(subject);
  for (size_t i = 0; i < states_.size() && verdict.outcome == Outcome::kSend; ++i) {
    const Rule& rule = rules_->all()[i];
    if (rule.when && !rule.when->matches(batch, record, identity, scratch_)) {
      subject.note(rule, "is not about it: {}", rule.when->text());
      continue;
    }
    if (passes(i, subject)) continue;
    verdict.rule = i;
    verdict.outcome = rule.kind == Kind::kDedupe ? Outcome::kFolded : Outcome::kSampled;
  }
  if (verdict.outcome == Outcome::kSend && adaptive_ && !passes_adaptive(subject)) {
    verdict.rule = states_.size();
    verdict.outcome = Outcome::kSampled;
  }
  if (recorder_) tell_recorder(subject, verdict);
  if (verdict.outcome == Outcome::kSend) {
    if (!states_.empty() || adaptive_) {
      double more = groups_.take(group_of(subject));
      if (more > 0 && notes != nullptr) {
        notes->push_back(fmt::format("stands for {:g} more that were kept back before it", more));
      }
      record.sample_rate = rate_text(subject.weight + more, batch.arena);
    }
    if (rules_->shows_templates()) show_template(subject);
  }
  verdict.new_template = subject.has_template && subject.found.is_new;
  return verdict;
}

bool Sampler::passes(size_t index, Subject& subject) {
  switch (rules_->all()[index].kind) {
    case Kind::kProbability: return passes_probability(rules_->all()[index], subject);
    case Kind::kBurst: return passes_burst(index, subject);
    case Kind::kLimit: return passes_limit(index, subject);
    default: return passes_dedupe(index, subject);
  }
}

// Why no probability may drop it; null: it may.
const char* Sampler::escape(Subject& subject) {
  if (subject.record.level >= Level::kError) return "an error";
  const auto& always = rules_->always();
  bool named = always && always->matches(subject.batch, subject.record, subject.identity, scratch_);
  if (named) return "what `always` names";
  if (!recorder_ || !recorder_->any_erred() || subject.trace_key() == 0) return nullptr;
  const bool erred = recorder_->erred(subject.trace_key(), subject.event_ns());
  return erred ? "a line of a trace that erred" : nullptr;
}

bool Sampler::passes_probability(const Rule& rule, Subject& subject) {
  if (subject.decided) {
    subject.note(rule, "says nothing: a probability before it has decided");
    return true;
  }
  subject.decided = true;
  if (const char* why = escape(subject)) {
    subject.note(rule, "keeps it: {} escapes probability", why);
    return true;
  }
  bool flagged = subject.record.trace_id && subject.record.trace_flags >= 0;
  if (rules_->follows_sampled_flag() && flagged) return passes_sampled_flag(rule, subject);
  Randomness randomness = randomness_of(subject.record);
  bool kept = randomness.value >= rule.threshold;
  if (kept) {
    subject.weight *= rate_of(rule.threshold);
    subject.threshold = rule.threshold;
  }
  subject.note(rule, "{} it: randomness {:014x} {}, threshold {:014x}", kept ? "keeps" : "drops",
               randomness.value, words(randomness.from), rule.threshold);
  return kept;
}

// The tracer has decided for the trace; how many it stands for is in its tracestate, or unknown.
bool Sampler::passes_sampled_flag(const Rule& rule, Subject& subject) {
  constexpr int kSampled = 1;
  bool kept = (subject.record.trace_flags & kSampled) != 0;
  if (kept && subject.record.tracestate) {
    OtelState state = otel_state(subject.record.tracestate.bytes());
    if (state.threshold) {
      subject.weight *= rate_of(*state.threshold);
      subject.threshold = *state.threshold;
    }
  }
  subject.note(rule, "{} it: the trace is {}sampled by its flags", kept ? "keeps" : "drops",
               kept ? "" : "not ");
  return kept;
}

// Intervals go by event time, of each key for itself, and never back; a clock that is ahead of
// ours counts as ours.
bool Sampler::passes_burst(size_t index, Subject& subject) {
  const Rule& rule = rules_->all()[index];
  const Templates::Found& found = template_of(subject);
  uint32_t group = group_of(subject);
  Burst& burst = states_[index].bursts->at(mix(found.id, group + 1), [&](Burst& gone) {
    if (gone.lines == 0) return;
    groups_.keep_back(gone.group, gone.last_ns, gone.weight, gone.lines, subject.batch.read_at);
  });
  int64_t now = subject.event_ns();
  if (!burst.begun || now >= burst.start_ns + rule.per_ns) {
    burst.begun = true;
    burst.start_ns = now;
    burst.count = 0;
    burst.group = group;
  }
  ++burst.count;
  auto behind = static_cast<int64_t>(burst.count) - rule.first;
  bool kept = behind <= 0 || (rule.then_every > 0 && behind % rule.then_every == 0);
  if (subject.notes != nullptr) {
    subject.note(
        rule, "{} it: number {} in {} like '{}', where the first {}{} are sent",
        kept ? "keeps" : "drops", burst.count, config::duration_text(rule.per_ns), found.text,
        rule.first,
        rule.then_every == 0 ? "" : fmt::format(" and then one of every {}", rule.then_every));
  }
  if (!kept) {
    burst.last_ns = now;
    ++burst.lines;
    burst.weight += subject.weight;
    return false;
  }
  subject.weight += burst.weight;
  burst.weight = 0;
  burst.lines = 0;
  return true;
}

bool Sampler::passes_limit(size_t index, Subject& subject) {
  const Rule& rule = rules_->all()[index];
  FieldValue value = rule.key->find(subject.batch, subject.record, subject.identity, scratch_);
  uint64_t key = value.kind == FieldValue::Kind::kMissing ? 0 : hash_of(value.text);
  // What had the place begins anew with a full bucket, should it come back.
  Bucket& bucket = states_[index].buckets->at(key, [](Bucket&) {});
  int64_t now = subject.event_ns();
  if (!bucket.begun) {
    bucket = {true, rule.capacity, now};
  } else if (now > bucket.last_ns) {
    double more = static_cast<double>(now - bucket.last_ns) * 1e-9 * rule.per_second;
    bucket.tokens = std::min(rule.capacity, bucket.tokens + more);
    bucket.last_ns = now;
  }
  bool kept = bucket.tokens >= 1;
  if (kept) bucket.tokens -= 1;
  subject.note(rule, "{} it: {} tokens left in the bucket of {} '{}'", kept ? "keeps" : "drops",
               static_cast<int64_t>(bucket.tokens), rule.key->text(), value.text);
  if (!kept) {
    groups_.keep_back(group_of(subject), now, subject.weight, 1, subject.batch.read_at);
  }
  return kept;
}

bool Sampler::passes_dedupe(size_t index, Subject& subject) {
  const Rule& rule = rules_->all()[index];
  const Record& record = subject.record;
  if (!record.message || record.message.empty()) {
    subject.note(rule, "is not about it: it has no message");
    return true;
  }
  uint64_t like = rule.similar ? template_of(subject).id : hash_of(record.message.bytes());
  // Equal characters count, not equal bytes; but what is escaped at all is so for a reason, and by
  // the same program in the same way.
  uint64_t key = mix(like, group_of(subject) + 1);
  Folder& folder = *states_[index].folder;
  bool folded =
      folder.fold(key, subject.event_ns(), subject.batch.read_at, subject.weight,
                  [&](Suppressed& suppressed) { fill(subject, suppressed, rule.similar); });
  subject.note(
      rule, "{}",
      folded ? "folds it: it was seen within the window" : "keeps it: the first one of its window");
  return !folded;
}

void Sampler::fill(Subject& subject, Suppressed& suppressed, bool similar) {
  const Record& record = subject.record;
  constexpr size_t kMostMessage = 512;
  suppressed.level = record.level;
  suppressed.severity = record.severity;
  suppressed.input = subject.input();
  suppressed.service = characters(record.service_name, subject.batch.arena);
  suppressed.logger = characters(record.logger, subject.batch.arena);
  suppressed.template_id = similar ? template_of(subject).id : 0;
  std::string_view message = similar ? std::string_view(template_of(subject).text)
                                     : characters(record.message, subject.batch.arena);
  suppressed.message = whole_characters(message, kMostMessage);
}

const Templates::Found& Sampler::template_of(Subject& subject) {
  if (!subject.has_template) {
    subject.found = templates_.find(subject.record.message);
    subject.has_template = true;
  }
  return subject.found;
}

uint32_t Sampler::group_of(Subject& subject) {
  if (!subject.has_group) {
    const Record& record = subject.record;
    subject.group = groups_.find(record.service_name.bytes(), record.level, subject.input());
    subject.has_group = true;
  }
  return subject.group;
}

// Behind the fields that are there, which move to the end of all for that.
void Sampler::show_template(Subject& subject) {
  Batch& batch = subject.batch;
  Record& record = subject.record;
  if (!record.message) return;
  const Templates::Found& found = template_of(subject);
  bool taken = false;
  for_each_context_member(batch, record, [&](const Member& member) {
    taken |= member.key.bytes() == "template" || member.key.bytes() == "template_id";
  });
  if (taken) return;
  auto first = static_cast<uint32_t>(batch.fields.size());
  for (uint32_t i = 0; i < record.field_count; ++i) {
    Field field = batch.fields[record.first_field + i];
    batch.fields.push_back(field);
  }
  auto add = [&](std::string_view key, std::string_view value) {
    batch.fields.push_back(
        Field{Text(key, TextForm::kClean), raw_text(value), JsonType::kString, false});
  };
  add("template", batch.arena.copy(found.text));
  add("template_id", template_id_text(found.id, batch.arena));
  record.first_field = first;
  record.field_count += 2;
}

size_t Sampler::take_released(Batch& batch, size_t most) {
  return recorder_ ? recorder_->release(batch, most) : 0;
}

bool Sampler::take_over(Sampler& other) {
  templates_ = std::move(other.templates_);
  bool adapts = adaptive_ && other.adaptive_;
  if (adapts && adaptive_->settings() == other.adaptive_->settings()) {
    adaptive_ = std::move(other.adaptive_);
  }
  bool records = recorder_ && other.recorder_;
  if (!records || recorder_->settings() != other.recorder_->settings()) return false;
  recorder_ = std::move(other.recorder_);
  return true;
}

SteadyTime Sampler::due() const {
  SteadyTime due = groups_.due();
  for (const State& state : states_) {
    if (state.folder) due = std::min(due, state.folder->due());
  }
  return due;
}

bool Sampler::take_due(Batch& batch, SteadyTime now) {
  size_t before = batch.records.size();
  auto write = [&](const Suppressed& suppressed) { writer_.append(batch, suppressed); };
  for (State& state : states_) {
    if (state.folder) state.folder->take_closed(now, write);
    if (state.bursts && now == SteadyTime::max()) end(*state.bursts);
  }
  groups_.take_old(now, write);
  return batch.records.size() > before;
}

// At the end nobody else stands for what a burst still keeps back.
void Sampler::end(Table<Burst>& bursts) {
  bursts.each([&](Burst& burst) {
    if (burst.lines == 0) return;
    groups_.keep_back(burst.group, burst.last_ns, burst.weight, burst.lines, SteadyTime::min());
    burst.lines = 0;
    burst.weight = 0;
  });
}

}  // namespace waybill::sampling
