// SPDX-License-Identifier: Apache-2.0
#include "contract/differ.h"

#include <fmt/format.h>

#include <algorithm>

namespace waybill::contract {

namespace {

// Pairs of schemas that are looked at before it is given up: alternatives within alternatives are
// all held against each other.
constexpr size_t kMostSteps = 200'000;
// Schemas inside schemas, so that no recursion ends the process.
constexpr size_t kMostDepth = 600;

bool is_false(const Node* schema) { return schema != nullptr && schema->is(JsonType::kFalse); }

bool harmless(const std::vector<Change>& changes) {
  return std::all_of(changes.begin(), changes.end(),
                     [](const Change& one) { return one.impact == Impact::kCompatible; });
}

bool same_change(const Change& a, const Change& b) {
  return a.impact == b.impact && a.in_old == b.in_old && a.pointer == b.pointer &&
         a.file == b.file && a.what == b.what;
}

}  // namespace

Differ::Differ(DiffSide& before, DiffSide& after)
    : before_(before), after_(after), unevaluated_(after.uses_unevaluated()), out_(nullptr) {}

std::vector<Change> Differ::run() {
  std::vector<Change> changes;
  if (before_.text() == after_.text() && before_.alone() && after_.alone()) return changes;
  out_ = &changes;
  const Dialect before = before_.dialect(), after = after_.dialect();
  if (before.draft != after.draft || before.vocabularies != after.vocabularies) {
    say_new(Impact::kUnknown, after_.root(),
            "another draft or another meta-schema: keywords may mean something else");
  }
  schema(&before_.root(), &after_.root());
  if (exhausted_) {
    say_new(Impact::kUnknown, after_.root(),
            "too many alternatives to hold against each other: not all was compared");
  }
  std::vector<Change> once;
  for (Change& change : changes) {
    bool known = std::any_of(once.begin(), once.end(),
                             [&](const Change& other) { return same_change(change, other); });
    if (!known) once.push_back(std::move(change));
  }
  std::stable_sort(once.begin(), once.end(),
                   [](const Change& a, const Change& b) { return a.impact < b.impact; });
  return once;
}

void Differ::say_old(Impact impact, const Node& node, std::string what) {
  Change change = before_.place(node);
  change.impact = impact;
  change.what = std::move(what);
  out_->push_back(std::move(change));
}

void Differ::say_new(Impact impact, const Node& node, std::string what) {
  Change change = after_.place(node);
  change.impact = impact;
  change.what = std::move(what);
  out_->push_back(std::move(change));
}

// With unevaluated… somewhere, what nobody looks at any more is judged by that.
void Differ::removed(const Node& node, std::string what) {
  if (unevaluated_)
    what += "; what it looked at may be left to unevaluatedProperties or -Items now";
  say_old(unevaluated_ ? Impact::kUnknown : Impact::kCompatible, node, std::move(what));
}

bool Differ::step() {
  if (++steps_ > kMostSteps) exhausted_ = true;
  return !exhausted_;
}

std::vector<Change> Differ::tried(const Node* a, const Node* b) {
  std::vector<Change> changes;
  std::vector<Change>* told = std::exchange(out_, &changes);
  bool before = std::exchange(trying_, true);
  targets(a, b);
  trying_ = before;
  out_ = told;
  return changes;
}

bool Differ::implies(const Node* a, const Node* b) { return harmless(tried(a, b)) && !exhausted_; }

bool Differ::same(const Node* a, const Node* b) {
  size_t before = std::exchange(floor_, active_.size());
  bool nothing = tried(a, b).empty() && !exhausted_;
  floor_ = before;
  return nothing;
}

bool Differ::adds(const Node* a, const Node* b) {
  bool added = false;
  for (Change& change : tried(a, b)) {
    if (change.impact == Impact::kCompatible) continue;
    out_->push_back(std::move(change));
    added = true;
  }
  return added;
}

void Differ::schema(const Node* a, const Node* b) {
  if (!step()) return;
  if (is_false(a) && is_false(b)) return;
  if (is_false(b)) return say_new(Impact::kBreaking, *b, "nothing is allowed here any more");
  if (is_false(a)) {
    return say_old(Impact::kCompatible, *a, "nothing was allowed here, and now something is");
  }
  View va = before_.view(a), vb = after_.view(b);
  // A reference alone is what it leads to.
  bool a_refers = va.only_refers(), b_refers = vb.only_refers();
  if (a_refers || b_refers) {
    const Node* ta = a_refers ? before_.target(*va.at(Keyword::kRef)) : a;
    const Node* tb = b_refers ? after_.target(*vb.at(Keyword::kRef)) : b;
    bool lost = (a_refers && ta == nullptr) || (b_refers && tb == nullptr);
    if (!lost) return targets(ta, tb);
  }
  if (depth_ == kMostDepth) {
    exhausted_ = true;
    return;
  }
  ++depth_;
  keywords(a, va, vb);
  --depth_;
}

// Where a comparison may come back to itself.
void Differ::targets(const Node* a, const Node* b) {
  Pair pair{a, b};
  auto found = std::find(active_.begin(), active_.end(), pair);
  if (found != active_.end()) {
    if (static_cast<size_t>(found - active_.begin()) < floor_) {
      const Node& shown = b != nullptr ? *b : after_.root();
      say_new(Impact::kUnknown, shown, "refers to itself where it must not have changed");
    }
    return;
  }
  if (!trying_ && done_.contains(pair)) return;
  active_.push_back(pair);
  schema(a, b);
  active_.pop_back();
  if (!trying_) done_.insert(pair);
}

void Differ::references(const Node* a, const View& va, const View& vb) {
  const Node* ra = va.at(Keyword::kRef);
  const Node* rb = vb.at(Keyword::kRef);
  const Node* ta = ra != nullptr ? before_.target(*ra) : nullptr;
  const Node* tb = rb != nullptr ? after_.target(*rb) : nullptr;
  if ((ra != nullptr && ta == nullptr) || (rb != nullptr && tb == nullptr)) {
    say_new(Impact::kUnknown, rb != nullptr ? *rb : after_.root(), "a reference leads nowhere");
  } else if (ra != nullptr && rb != nullptr) {
    targets(ta, tb);
  } else if (rb != nullptr) {
    adds(a, tb);
  } else if (ra != nullptr) {
    removed(*ra, "a reference is gone");
  }
  const Node* da = va.at(Keyword::kDynamicRef);
  const Node* db = vb.at(Keyword::kDynamicRef);
  if (db != nullptr) {
    say_new(Impact::kUnknown, *db, "$dynamicRef: where it leads depends on the way to it");
  } else if (da != nullptr) {
    removed(*da, "a $dynamicRef is gone");
  }
}

void Differ::keywords(const Node* a, const View& va, const View& vb) {
  references(a, va, vb);
  types(va, vb);
  values(va, vb);
  bounds(va, vb, true);
  bounds(va, vb, false);
  multiple(va, vb);
  for (Keyword keyword : {Keyword::kMinLength, Keyword::kMaxLength, Keyword::kMinProperties,
                          Keyword::kMaxProperties, Keyword::kMinItems, Keyword::kMaxItems}) {
    count(va, vb, keyword);
  }
  pattern(va, vb);
  format(va, vb);
  required(va, vb);
  dependent_required(va, vb);
  properties(va, vb);
  if (const Node* na = va.at(Keyword::kPropertyNames), *nb = vb.at(Keyword::kPropertyNames);
      na != nullptr || nb != nullptr) {
    schema(na, nb);
  }
  dependent_schemas(va, vb);
  items(va, vb);
  contains(va, vb);
  unique(va, vb);
  all_of(a, va, vb);
  any_of(a, va, vb);
  one_of(va, vb);
  negation(va, vb);
  conditional(va, vb);
  unevaluated(va, vb, Keyword::kUnevaluatedItems);
  unevaluated(va, vb, Keyword::kUnevaluatedProperties);
}

}  // namespace waybill::contract
