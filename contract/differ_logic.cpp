// SPDX-License-Identifier: Apache-2.0
// Keywords that put schemas together.
#include <fmt/format.h>

#include <algorithm>

#include "contract/differ.h"

namespace waybill::contract {

namespace {

std::vector<const Node*> listed(const Node* list) {
  std::vector<const Node*> all;
  for (const Node* one = list != nullptr ? list->first : nullptr; one; one = one->next) {
    all.push_back(one);
  }
  return all;
}

}  // namespace

void Differ::all_of(const Node* a, const View& va, const View& vb) {
  auto before = listed(va.at(Keyword::kAllOf)), after = listed(vb.at(Keyword::kAllOf));
  if (before.size() == after.size()) {
    // Whatever is not as it was stands where it stood, usually.
    bool moved = false;
    for (size_t i = 0; i < before.size() && !moved; ++i) {
      moved = !implies(before[i], after[i]) &&
              std::any_of(before.begin(), before.end(),
                          [&](const Node* other) { return implies(other, after[i]); });
    }
    if (!moved) {
      for (size_t i = 0; i < before.size(); ++i) schema(before[i], after[i]);
      return;
    }
  }
  for (const Node* one : after) {
    bool implied = std::any_of(before.begin(), before.end(),
                               [&](const Node* other) { return implies(other, one); });
    if (!implied) adds(a, one);
  }
  for (const Node* one : before) {
    bool kept = std::any_of(after.begin(), after.end(),
                            [&](const Node* other) { return same(one, other); });
    if (!kept) removed(*one, "this is no longer asked as it was");
  }
}

void Differ::any_of(const Node* a, const View& va, const View& vb) {
  const Node* list = vb.at(Keyword::kAnyOf);
  auto before = listed(va.at(Keyword::kAnyOf)), after = listed(list);
  if (before.empty() && after.empty()) return;
  if (after.empty()) {
    return removed(*va.at(Keyword::kAnyOf), "no choice among alternatives is asked any more");
  }
  auto fits_some = [&](const Node* one) {
    return std::any_of(after.begin(), after.end(),
                       [&](const Node* other) { return implies(one, other); });
  };
  if (before.empty()) {
    if (fits_some(a)) return say_new(Impact::kCompatible, *list, "alternatives, one of which fits");
    return say_new(Impact::kBreaking, *list, "one of these alternatives must fit now");
  }
  bool changed = before.size() != after.size();
  // Whether all that is left stood there before: then something was taken away.
  bool fewer =
      after.size() < before.size() && std::all_of(after.begin(), after.end(), [&](const Node* one) {
        return std::any_of(before.begin(), before.end(),
                           [&](const Node* other) { return same(other, one); });
      });
  for (size_t i = 0; i < before.size(); ++i) {
    if (!changed) changed = !same(before[i], after[i]);
    if (fits_some(before[i])) continue;
    if (fewer) {
      say_old(Impact::kBreaking, *before[i], "this alternative is gone");
    } else {
      say_old(Impact::kUnknown, *before[i], "what fits this alternative may fit none now");
    }
  }
  // What fits more alternatives has more of its members looked at, but not if they were narrowed.
  if (changed) {
    say_new(unevaluated_ ? Impact::kUnknown : Impact::kCompatible, *list,
            "other alternatives than before");
  }
}

void Differ::one_of(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kOneOf);
  const Node* b = vb.at(Keyword::kOneOf);
  if (a == nullptr && b == nullptr) return;
  if (b == nullptr) return removed(*a, "no choice among alternatives is asked any more");
  if (a == nullptr) {
    return say_new(Impact::kBreaking, *b, "exactly one of these alternatives must fit now");
  }
  auto before = listed(a), after = listed(b);
  // Each has its like among the others; whatever is left over is a change.
  bool like = before.size() == after.size();
  for (size_t i = 0; i < before.size() && like; ++i) {
    auto found = std::find_if(after.begin(), after.end(),
                              [&](const Node* other) { return same(before[i], other); });
    like = found != after.end();
    if (like) after.erase(found);
  }
  if (!like) {
    say_new(Impact::kUnknown, *b, "other alternatives: what fitted one may fit none or two now");
  }
}

void Differ::negation(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kNot);
  const Node* b = vb.at(Keyword::kNot);
  if (a == nullptr && b == nullptr) return;
  if (b == nullptr) return say_old(Impact::kCompatible, *a, "this is allowed now");
  if (a == nullptr) return say_new(Impact::kBreaking, *b, "this is forbidden now");
  if (!same(a, b)) say_new(Impact::kUnknown, *b, "something else is forbidden now");
}

void Differ::conditional(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kIf);
  const Node* b = vb.at(Keyword::kIf);
  if (a == nullptr && b == nullptr) return;
  if (b == nullptr) return removed(*a, "nothing depends on this condition any more");
  const Node* then_after = vb.at(Keyword::kThen);
  const Node* else_after = vb.at(Keyword::kElse);
  if (a == nullptr) {
    if (implies(nullptr, then_after) && implies(nullptr, else_after)) return;
    return say_new(Impact::kBreaking, *b, "something depends on this condition now");
  }
  if (!same(a, b)) return say_new(Impact::kUnknown, *b, "another condition");
  for (Keyword keyword : {Keyword::kThen, Keyword::kElse}) {
    const Node* before = va.at(keyword);
    const Node* after = vb.at(keyword);
    if (before != nullptr || after != nullptr) schema(before, after);
    if (before != nullptr && after == nullptr && unevaluated_) removed(*before, "this is gone");
  }
}

void Differ::unevaluated(const View& va, const View& vb, Keyword keyword) {
  const Node* a = va.at(keyword);
  const Node* b = vb.at(keyword);
  if (b == nullptr) {
    if (a != nullptr) say_old(Impact::kCompatible, *a, "what nothing looks at is allowed now");
    return;
  }
  if (a != nullptr ? same(a, b) : implies(nullptr, b)) return;
  if (a != nullptr && implies(a, b)) {
    return say_new(Impact::kCompatible, *b, "more is allowed of what nothing looks at");
  }
  bool closed = a == nullptr || b->is(JsonType::kFalse);
  say_new(closed ? Impact::kBreaking : Impact::kUnknown, *b,
          "what nothing looks at is held to something else");
}

}  // namespace waybill::contract
