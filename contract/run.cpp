// SPDX-License-Identifier: Apache-2.0
#include "contract/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace waybill::contract {

namespace {

// More of them make a memo dearer than what it saves.
constexpr uint32_t kMostDynamicNames = 4;

}  // namespace

bool Run::schema(uint32_t index, const Value& value, const Place& place, Evaluated seen) {
  const Schema& schema = program_.schemas[index];
  if (schema.count == 0) return true;
  if (!steps_.take(schema.count)) return false;
  if (schema.flat) return flat(schema, value, place);
  if (!keeps() || value.identity() == nullptr) return judge(schema, value, place, seen);
  Memo::Question asked = question(index, value);
  Memo::Answer known = scratch_.memo_.find(asked);
  // What is to be told, or evaluated, must be looked at.
  if (known == Memo::Answer::kInvalid && !collect_) return false;
  if (known == Memo::Answer::kValid && !seen) return true;
  bool valid = judge(schema, value, place, seen);
  if (!exhausted()) scratch_.memo_.keep(asked, valid);
  return valid;
}

bool Run::keeps() const {
  return steps_.left <= kept_below_ && program_.dynamic_names <= kMostDynamicNames;
}

Memo::Question Run::question(uint32_t schema, const Value& value) {
  uint64_t scope = value.text_size();
  for (uint32_t name = 0; name < program_.dynamic_names; ++name) {
    scope = mix_hash(scope, dynamic_target(name, kNone));
  }
  return {value.identity(), schema, scope};
}

bool Run::judge(const Schema& schema, const Value& value, const Place& place, Evaluated seen) {
  if (depth_ == scratch_.limits_.depth) {
    scratch_.too_deep_ = true;
    steps_.left = 0;
    return false;
  }
  ++depth_;
  auto& scope = scratch_.scope_;
  bool entered = program_.dynamic_names > 0 && (scope.empty() || scope.back() != schema.resource);
  if (entered) scope.push_back(schema.resource);
  bool container = value.is(JsonType::kObject) || value.is(JsonType::kArray);
  Evaluated own = schema.tracks && container ? open(value.count()) : seen;
  bool valid = true;
  const Instruction* code = program_.instructions.data() + schema.first;
  for (const Instruction* end = code + schema.count; code != end; ++code) {
    // Of what failed nothing counts as evaluated: to complain about the rest would mislead.
    if (!valid && code->op >= Op::kUnevaluatedItems) break;
    if (!instruction(*code, value, place, own)) valid = false;
    if (!valid && !goes_on()) break;
  }
  if (own.offset != seen.offset) {
    if (valid && seen) merge(own, seen);
    close(own);
  }
  if (entered) scope.pop_back();
  --depth_;
  return valid;
}

bool Run::instruction(const Instruction& code, const Value& value, const Place& place,
                      Evaluated seen) {
  switch (code.op) {
    case Op::kObject:
      return !value.is(JsonType::kObject) || object(program_.objects[code.a], value, place, seen);
    case Op::kArray:
      return !value.is(JsonType::kArray) || array(program_.arrays[code.a], value, place, seen);
    case Op::kRef: return schema(code.a, value, place, seen);
    case Op::kDynamicRef: return schema(dynamic_target(code.b, code.a), value, place, seen);
    case Op::kAllOf: return all_of(code, value, place, seen);
    case Op::kAnyOf: return any_of(code, value, place, seen);
    case Op::kOneOf: return one_of(code, value, place, seen);
    case Op::kNot:
      if (!branch(code.a, value, place, {})) return true;
      break;
    case Op::kIf: return conditional(code, value, place, seen);
    case Op::kUnevaluatedItems:
      return !value.is(JsonType::kArray) || unevaluated(code.a, value, place, seen);
    case Op::kUnevaluatedProperties:
      return !value.is(JsonType::kObject) || unevaluated(code.a, value, place, seen);
    default:
      if (scalar(code, value)) return true;
      break;
  }
  return wrong(place, code.keyword, [&] { return message(code, value); });
}

// A schema that may fail without harm: nobody is told, and then nothing counts as evaluated.
bool Run::branch(uint32_t index, const Value& value, const Place& place, Evaluated seen) {
  bool collect = std::exchange(collect_, false);
  bool valid;
  if (!seen) {
    valid = schema(index, value, place, seen);
  } else {
    Evaluated own = open(seen.words * 64);
    valid = schema(index, value, place, own);
    if (valid) merge(own, seen);
    close(own);
  }
  collect_ = collect;
  return valid;
}

bool Run::all_of(const Instruction& code, const Value& value, const Place& place, Evaluated seen) {
  bool valid = true;
  for (uint32_t i = 0; i < code.b; ++i) {
    if (schema(program_.lists[code.a + i], value, place, seen)) continue;
    valid = false;
    if (!goes_on()) break;
  }
  return valid;
}

bool Run::any_of(const Instruction& code, const Value& value, const Place& place, Evaluated seen) {
  bool valid = false;
  for (uint32_t i = 0; i < code.b && (!valid || seen); ++i) {
    valid |= branch(program_.lists[code.a + i], value, place, seen);
  }
  if (valid) return true;
  return wrong(place, code.keyword, [&] { return nearest(code, value, place); });
}

bool Run::one_of(const Instruction& code, const Value& value, const Place& place, Evaluated seen) {
  uint32_t first = kNone;
  for (uint32_t i = 0; i < code.b; ++i) {
    if (!branch(program_.lists[code.a + i], value, place, seen)) continue;
    if (first != kNone) {
      return wrong(place, code.keyword, [&] {
        return Told{"exactly one alternative to fit",
                    fmt::format("number {} and number {}", first + 1, i + 1)};
      });
    }
    first = i;
  }
  return first != kNone || wrong(place, code.keyword, [&] { return nearest(code, value, place); });
}

bool Run::conditional(const Instruction& code, const Value& value, const Place& place,
                      Evaluated seen) {
  uint32_t next = branch(code.a, value, place, seen) ? code.b : code.c;
  return next == kNone || schema(next, value, place, seen);
}

// The outermost schema resource on the way here that has the dynamic anchor.
uint32_t Run::dynamic_target(uint32_t name, uint32_t otherwise) {
  const auto& anchors = program_.dynamic_anchors;
  uint64_t looked = 0;
  uint32_t found = otherwise;
  for (uint32_t resource : scratch_.scope_) {
    ++looked;
    auto at = std::lower_bound(anchors.begin(), anchors.end(), std::pair(resource, name),
                               [](const Program::DynamicAnchor& one, const auto& wanted) {
                                 return std::pair(one.resource, one.name) < wanted;
                               });
    if (at == anchors.end() || at->resource != resource || at->name != name) continue;
    found = at->schema;
    break;
  }
  steps_.take(looked / 8);
  return found;
}

Evaluated Run::open(uint32_t count) {
  Evaluated own{static_cast<uint32_t>(scratch_.bits_.size()), (count + 63) / 64};
  steps_.take(own.words);
  scratch_.bits_.resize(own.offset + own.words);
  return own;
}

void Run::merge(Evaluated from, Evaluated into) {
  for (uint32_t i = 0; i < from.words; ++i) {
    scratch_.bits_[into.offset + i] |= scratch_.bits_[from.offset + i];
  }
}

std::string Place::pointer() const {
  if (up == nullptr) return {};
  std::string path = up->pointer();
  path += '/';
  if (index != kNone) return path + std::to_string(index);
  std::string scratch;
  for (char c : decoded(key, scratch)) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
  return path;
}

}  // namespace waybill::contract
