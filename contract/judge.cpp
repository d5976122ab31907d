// SPDX-License-Identifier: Apache-2.0
#include "contract/judge.h"

#include <algorithm>

#include "contract/document.h"
#include "core/buffer.h"
#include "core/json_text.h"
#include "core/utf8.h"

namespace waybill::contract {

namespace {

// Of one record.
constexpr size_t kMostRepairs = 64;
// Of one message: long values are cut already, long lists of what was expected are here.
constexpr size_t kMostBytes = 512;

bool is_there(const std::vector<Violation>& all, const Violation& wanted) {
  return std::any_of(all.begin(), all.end(), [&](const Violation& one) {
    return one.path == wanted.path && one.keyword == wanted.keyword &&
           one.missing == wanted.missing;
  });
}

// Of a member that is not there; null: it has none.
const DefaultRule* default_of(const Program& program, const Violation& violation) {
  if (violation.missing == kNone) return nullptr;
  for (const DefaultRule& one : program.defaults) {
    if (one.property == violation.missing) return &one;
  }
  return nullptr;
}

void append_text(Buffer& out, std::string_view key, std::string_view text) {
  out.append(key);
  std::string_view kept = whole_characters(text, kMostBytes);
  out.push_back('"');
  append_escaped(out, kept);
  if (kept.size() < text.size()) out.append("…");
  out.push_back('"');
}

}  // namespace

Judge::Judge(std::shared_ptr<const Contract> contract, const CanonicalNames& names,
             TimeReader times, bool passing)
    : contract_(std::move(contract)), times_(std::move(times)), passing_(passing), view_(names) {}

const Rule& Judge::rule_of(Text service) {
  std::string_view name = decoded(service, scratch_);
  if (last_ == nullptr || name != service_) {
    service_ = name;
    last_ = &contract_->rule_of(name);
  }
  return *last_;
}

Judgement Judge::judge(Batch& batch, Record& record, const Identity& identity) {
  Judgement judgement;
  judgement.rule = &rule_of(service_of(record, identity));
  judgement.service = service_;
  const Rule& rule = *judgement.rule;
  if (rule.program == nullptr || (record.passed != nullptr && !passing_)) return judgement;
  judgement.judged = true;
  record.schema_errors = {};
  repairs_.clear();
  Case at{batch, record, identity, rule};
  look(at);
  // A record that passes through does so unchanged.
  bool mend = rule.on_violation == OnViolation::kRepair && record.passed == nullptr;
  while (mend && !violations_.empty() && repairs_.size() < kMostRepairs) mend = repair(at);
  judgement.violations = violations_;
  judgement.repairs = repairs_;
  return judgement;
}

// Fills violations_.
void Judge::look(const Case& at) {
  const Program& program = *at.rule.program;
  Verdict verdict;
  if (!at.rule.on_line) {
    root_ = view_.of(at.batch, at.record, at.identity, at.batch.arena, program.time_unseen);
    verdict = validator_.explain(program, root_, view_.size(), violations_);
  } else if (at.record.token_count > 0) {
    // The parser has cut what it lifted; a schema sees it all the same.
    root_ = Value::of(at.record.json, *at.batch.tokens_of(at.record), Token::kDuplicate);
    size_t size = at.record.token_count + at.record.line.size() / 64;
    verdict = validator_.explain(program, root_, size, violations_);
  } else {
    root_ = {};
    violations_.assign(1, no_object());
    return;
  }
  if (verdict == Verdict::kLimit) {
    violations_.assign(1, {"", "limit", validator_.limit(), kNone, "", ""});
  }
}

// Tries to mend what is wrong, one thing after the other. Whether anything could be: then there may
// be more, as not all is told at once.
bool Judge::repair(const Case& at) {
  const std::vector<Violation> wrong = violations_;
  Mender mender(at.batch, at.record, view_.names(), at.rule.on_line);
  bool any = false;
  for (const Violation& violation : wrong) {
    if (is_there(violations_, violation)) any |= repair(at, mender, violation);
  }
  return any;
}

bool Judge::repair(const Case& at, Mender& mender, const Violation& violation) {
  if (violation.missing != kNone) {
    const Program& program = *at.rule.program;
    const DefaultRule* one = default_of(program, violation);
    if (one == nullptr) return false;
    std::string_view name = program.properties[one->property].name;
    if (!mender.add(violation.path, name, *one)) return false;
    return accept(at, mender, violation, {one->type, std::string(one->text)});
  }
  auto value = Mender::find(root_, violation.path);
  if (!value) return false;
  for (const Substitute& by : mender.candidates(violation, *value, times_)) {
    // The view is another one after each try.
    value = Mender::find(root_, violation.path);
    if (!value || !mender.replace(violation.path, *value, by)) continue;
    if (accept(at, mender, violation, by)) return true;
  }
  return false;
}

// Keeps what was done if the schema has nothing against it; else takes it back.
bool Judge::accept(const Case& at, Mender& mender, const Violation& violation,
                   const Substitute& by) {
  look(at);
  const Program& program = *at.rule.program;
  // Of a member that was added, what is wrong with itself and inside of it; but for what has a
  // default of its own, whose turn comes.
  std::string added = violation.path;
  bool adds = violation.missing != kNone;
  if (adds) append_step(added, program.properties[violation.missing].name);
  bool wrong = std::any_of(violations_.begin(), violations_.end(), [&](const Violation& other) {
    if (other.path == violation.path && other.missing == violation.missing) return true;
    std::string_view path = other.path;
    bool inside = adds && path.starts_with(added) &&
                  (path.size() == added.size() || path[added.size()] == '/');
    return inside && default_of(program, other) == nullptr;
  });
  if (wrong) {
    mender.undo();
    look(at);
    return false;
  }
  mender.keep();
  repairs_.push_back(violation);
  repairs_.back().message += "; made " + by.json();
  return true;
}

std::string_view Judge::json(Batch& batch, std::span<const Violation> violations) {
  if (violations.empty()) return {};
  Buffer out;
  for (const Violation& violation : violations) {
    append_text(out, out.empty() ? "[{\"path\":" : ",{\"path\":", violation.path);
    append_text(out, ",\"keyword\":", violation.keyword);
    append_text(out, ",\"message\":", violation.message);
    if (!violation.expected.empty()) {
      append_text(out, ",\"expected\":", violation.expected);
      append_text(out, ",\"got\":", violation.got);
    }
    out.push_back('}');
  }
  out.push_back(']');
  return batch.arena.copy(out.view());
}

}  // namespace waybill::contract
