// SPDX-License-Identifier: Apache-2.0
#include "contract/compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "contract/exact_text.h"
#include "contract/proven.h"

namespace waybill::contract {

Result<SharedProgram> Compiler::run(const Resource& root) {
  schema_at(*root.root, Keyword::kNone);
  do {
    compile_pending();
  } while (goes_on() && anchor_pending());
  if (options_.whole && goes_on()) {
    for (const Node* node : std::vector(registry_.schemas())) {
      if (registry_.resource_of(*node).document == root.document) schema_at(*node, Keyword::kNone);
    }
    do {
      compile_pending();
    } while (goes_on() && anchor_pending());
  }
  if (faults_.empty()) find_cycle();
  if (!faults_.empty()) return faults_.front();
  shorten();
  prove_slots(*program_);
  return SharedProgram(program_);
}

uint32_t Compiler::schema_at(const Node& node, Keyword place) {
  auto [found, fresh] = schemas_.emplace(&node, static_cast<uint32_t>(program_->schemas.size()));
  if (!fresh) return found->second;
  Schema& schema = program_->schemas.emplace_back();
  const Resource& resource = registry_.resource_of(node);
  schema.resource = resource.index;
  schema.place = place;
  nodes_.push_back(&node);
  if (entered_.size() <= resource.index) entered_.resize(resource.index + 1);
  entered_[resource.index] = true;
  pending_.push_back(found->second);
  return found->second;
}

void Compiler::compile_pending() {
  while (!pending_.empty() && goes_on()) {
    uint32_t index = pending_.front();
    pending_.pop_front();
    compile(index);
  }
}

void Compiler::compile(uint32_t index) {
  const Node& node = *nodes_[index];
  auto first = static_cast<uint32_t>(program_->instructions.size());
  if (node.is(JsonType::kFalse)) {
    emit(Op::kFail, Keyword::kNone, 0);
  } else if (node.is(JsonType::kObject)) {
    compile_keywords(node);
  } else if (!node.is(JsonType::kTrue)) {
    complain(node, "a schema must be an object, true or false");
  }
  Schema& schema = program_->schemas[index];
  schema.first = first;
  schema.count = static_cast<uint32_t>(program_->instructions.size()) - first;
  schema.flat = true;
  for (uint32_t i = first; i < program_->instructions.size(); ++i) {
    schema.tracks |= program_->instructions[i].op >= Op::kUnevaluatedItems;
    schema.flat &= program_->instructions[i].op <= Op::kFormat;
  }
}

void Compiler::compile_keywords(const Node& node) {
  resource_ = &registry_.resource_of(node);
  here_.fill(nullptr);
  for (const Node* member = node.first; member != nullptr; member = member->next) {
    auto keyword = keyword_of(member->key, resource_->dialect);
    if (keyword) here_[static_cast<size_t>(*keyword)] = member;
  }
  reference(Keyword::kRef);
  if (resource_->dialect.draft == Draft::k07 && at(Keyword::kRef) != nullptr) return;
  types();
  choices(Keyword::kEnum);
  choices(Keyword::kConst);
  for (Keyword keyword : {Keyword::kMinimum, Keyword::kExclusiveMinimum, Keyword::kMaximum,
                          Keyword::kExclusiveMaximum}) {
    bound(keyword);
  }
  multiple();
  length(Keyword::kMinLength);
  length(Keyword::kMaxLength);
  pattern();
  format();
  object_rules();
  array_rules();
  reference(Keyword::kDynamicRef);
  schema_list(Keyword::kAllOf, Op::kAllOf);
  schema_list(Keyword::kAnyOf, Op::kAnyOf);
  schema_list(Keyword::kOneOf, Op::kOneOf);
  if (auto schema = schema_of(Keyword::kNot)) emit(Op::kNot, Keyword::kNot, *schema);
  conditional();
  if (auto schema = schema_of(Keyword::kUnevaluatedItems)) {
    emit(Op::kUnevaluatedItems, Keyword::kUnevaluatedItems, *schema);
  }
  if (auto schema = schema_of(Keyword::kUnevaluatedProperties)) {
    emit(Op::kUnevaluatedProperties, Keyword::kUnevaluatedProperties, *schema);
  }
}

void Compiler::reference(Keyword keyword) {
  const Node* node = at(keyword);
  if (node == nullptr) return;
  if (!node->is(JsonType::kString)) {
    return complain(*node, fmt::format("{} must be a string", keyword_name(keyword)));
  }
  auto target = registry_.resolve(*resource_, *node);
  if (!target) return complain(std::move(target).error());
  uint32_t schema = schema_at(*target->node, keyword);
  auto dynamic = target->resource->dynamic_anchors.find(target->anchor);
  bool moves = keyword == Keyword::kDynamicRef && !target->anchor.empty() &&
               dynamic != target->resource->dynamic_anchors.end();
  if (!moves) return emit(Op::kRef, keyword, schema);
  auto name = dynamic_names_.emplace(target->anchor, dynamic_names_.size()).first->second;
  emit(Op::kDynamicRef, keyword, schema, name);
}

// Fills the table of what $dynamicRef finds, for the names and resources so far. Whether that asked
// for schemas that were not there yet.
bool Compiler::anchor_pending() {
  program_->dynamic_names = static_cast<uint32_t>(dynamic_names_.size());
  program_->dynamic_anchors.clear();
  if (dynamic_names_.empty()) return !pending_.empty();
  for (uint32_t i = 0; i < registry_.resources(); ++i) {
    if (i >= entered_.size() || !entered_[i]) continue;
    for (const auto& [name, node] : registry_.resource(i).dynamic_anchors) {
      auto number = dynamic_names_.find(name);
      if (number == dynamic_names_.end()) continue;
      program_->dynamic_anchors.push_back({i, number->second, schema_at(*node, Keyword::kNone)});
    }
  }
  std::sort(program_->dynamic_anchors.begin(), program_->dynamic_anchors.end(),
            [](const auto& a, const auto& b) {
              return std::pair(a.resource, a.name) < std::pair(b.resource, b.name);
            });
  return !pending_.empty();
}

// Where a $dynamicRef leads to, if it leads to the same place from everywhere.
uint32_t Compiler::only_target(const Instruction& code) const {
  for (const Program::DynamicAnchor& one : program_->dynamic_anchors) {
    if (one.name == code.b && one.schema != code.a) return kNone;
  }
  return code.a;
}

// The schemas that this one holds the same value to, whatever the value is.
std::vector<uint32_t> Compiler::same_value(const Schema& schema) const {
  std::vector<uint32_t> others;
  auto add = [&](uint32_t other) {
    if (other != kNone) others.push_back(other);
  };
  for (uint32_t i = 0; i < schema.count; ++i) {
    const Instruction& code = program_->instructions[schema.first + i];
    switch (code.op) {
      case Op::kRef:
      case Op::kNot: add(code.a); break;
      case Op::kDynamicRef: add(only_target(code)); break;
      case Op::kAllOf:
      case Op::kAnyOf:
      case Op::kOneOf:
        for (uint32_t k = 0; k < code.b; ++k) add(program_->lists[code.a + k]);
        break;
      case Op::kIf: add(code.a), add(code.b), add(code.c); break;
      case Op::kObject: {
        const ObjectRules& rules = program_->objects[code.a];
        for (uint32_t k = 0; k < rules.dependencies; ++k) {
          add(program_->dependencies[rules.first_dependency + k].schema);
        }
        break;
      }
      default: break;
    }
  }
  return others;
}

// A depth-first search over same_value(): who comes back to an open schema would never end.
void Compiler::find_cycle() {
  enum Colour : uint8_t { kNew, kOpen, kDone };
  struct Frame {
    std::vector<uint32_t> others;
    size_t next = 0;
  };
  std::vector<Colour> colours(program_->schemas.size(), kNew);
  for (uint32_t start = 0; start < colours.size(); ++start) {
    if (colours[start] != kNew) continue;
    std::vector<uint32_t> path{start};
    std::vector<Frame> frames{{same_value(program_->schemas[start])}};
    colours[start] = kOpen;
    while (!path.empty()) {
      Frame& frame = frames.back();
      if (frame.next == frame.others.size()) {
        colours[path.back()] = kDone;
        path.pop_back();
        frames.pop_back();
        continue;
      }
      uint32_t other = frame.others[frame.next++];
      if (colours[other] == kOpen) return complain_of_cycle(path, other);
      if (colours[other] == kDone) continue;
      colours[other] = kOpen;
      path.push_back(other);
      frames.push_back({same_value(program_->schemas[other])});
    }
  }
}

void Compiler::complain_of_cycle(const std::vector<uint32_t>& path, uint32_t back) {
  std::string way;
  auto at = std::find(path.begin(), path.end(), back);
  constexpr ptrdiff_t kMostShown = 5;
  for (auto step = at; step != path.end() && step - at < kMostShown; ++step) {
    way += fmt::format("#{} → ", Document::pointer_of(*nodes_[*step]));
  }
  if (path.end() - at > kMostShown) way += "… → ";
  complain(*nodes_[path.back()],
           fmt::format("a reference cycle that never ends: {}#{}: let one of them be about a part "
                       "of the value",
                       way, Document::pointer_of(*nodes_[back])));
}

// Notes which schemas are flat but for the `not` of flat ones, and are run like those; and with
// each property whose schema is but a type which types those are.
void Compiler::shorten() {
  std::vector<bool> flat;
  for (const Schema& schema : program_->schemas) flat.push_back(schema.flat);
  for (Schema& schema : program_->schemas) {
    const Instruction* code = program_->instructions.data() + schema.first;
    schema.flat = std::all_of(code, code + schema.count, [&](const Instruction& one) {
      return one.op <= Op::kFormat || (one.op == Op::kNot && flat[one.a]);
    });
  }
  for (PropertyRule& rule : program_->properties) {
    if (rule.schema == kNone) continue;
    const Schema& schema = program_->schemas[rule.schema];
    if (schema.count != 1) continue;
    const Instruction& code = program_->instructions[schema.first];
    if (code.op == Op::kType) rule.types = code.a & ~kIntegerBit;
  }
}

std::string_view Compiler::keep(std::string_view text) {
  return *program_->names.emplace_back(std::make_unique<std::string>(text));
}

}  // namespace waybill::contract
