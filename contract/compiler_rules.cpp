// SPDX-License-Identifier: Apache-2.0
// Keywords about objects and arrays, and those that put schemas together.
#include <fmt/format.h>

#include <bit>

#include "contract/compiler.h"
#include "contract/exact_text.h"
#include "core/json_text.h"

namespace waybill::contract {

namespace {

// JSON as records have it: on one line.
std::string without_blanks(std::string_view json) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && std::string_view(" \t\r\n").find(c) != std::string_view::npos) continue;
    out += c;
    if (quoted && c == '\\') out += json[++i];
  }
  return out;
}

}  // namespace

// Names get their indices as they come: what is required first, then what takes part in
// dependencies, then all others.
struct Compiler::Names {
  std::vector<std::string_view> all;
  std::vector<uint32_t> schemas;
  std::vector<DefaultRule> defaults;  // by index among these names
  std::unordered_map<std::string_view, uint32_t> index;

  uint32_t of(std::string_view name) {
    auto [found, fresh] = index.emplace(name, static_cast<uint32_t>(all.size()));
    if (fresh) {
      all.push_back(name);
      schemas.push_back(kNone);
    }
    return found->second;
  }
};

void Compiler::object_rules() {
  static constexpr Keyword kAbout[] = {Keyword::kMinProperties,     Keyword::kMaxProperties,
                                       Keyword::kRequired,          Keyword::kDependentRequired,
                                       Keyword::kDependencies,      Keyword::kDependentSchemas,
                                       Keyword::kPropertyNames,     Keyword::kProperties,
                                       Keyword::kPatternProperties, Keyword::kAdditionalProperties};
  bool any = false;
  for (Keyword keyword : kAbout) any |= at(keyword) != nullptr;
  if (!any) return;
  ObjectRules rules;
  Names names;
  rules.least = count_of(Keyword::kMinProperties).value_or(0);
  rules.most = count_of(Keyword::kMaxProperties).value_or(kNone);
  if (const Node* required = at(Keyword::kRequired)) {
    std::vector<std::string_view> list;
    if (!names_of(*required, "required", list)) return;
    for (std::string_view name : list) names.of(name);
  }
  rules.required = static_cast<uint32_t>(names.all.size());
  rules.first_dependency = static_cast<uint32_t>(program_->dependencies.size());
  for (Keyword keyword :
       {Keyword::kDependentRequired, Keyword::kDependencies, Keyword::kDependentSchemas}) {
    dependencies(rules, names, keyword);
  }
  rules.watched = static_cast<uint32_t>(names.all.size());
  rules.property_names = schema_of(Keyword::kPropertyNames).value_or(kNone);
  properties(rules, names);
  pattern_properties(rules);
  rules.additional = schema_of(Keyword::kAdditionalProperties).value_or(kNone);
  rules.plain = rules.patterns == 0 && rules.property_names == kNone;
  finish_names(rules, names);
  program_->objects.push_back(rules);
  emit(Op::kObject, Keyword::kProperties, static_cast<uint32_t>(program_->objects.size() - 1));
}

void Compiler::properties(ObjectRules&, Names& names) {
  const Node* map = object_of(Keyword::kProperties);
  if (map == nullptr) return;
  for (const Node* one = map->first; one != nullptr; one = one->next) {
    uint32_t index = names.of(one->key);
    names.schemas[index] = schema_at(*one, Keyword::kProperties);
    const Node* value = one->member("default");
    if (value == nullptr) continue;
    std::string json = without_blanks(registry_.resource_of(*value).document->text().substr(
        value->begin, value->end - value->begin));
    std::string member = fmt::format("{{{}:{}}}", json_string(shown_text(one->key)), json);
    // What is nested too deep for a record cannot be put into one.
    const Constant* kept = keep_object(std::move(member));
    if (kept == nullptr) continue;
    std::string_view text = keep(value->is(JsonType::kString) ? shown_text(value->text) : json);
    names.defaults.push_back({index, value->type, text, kept});
  }
}

void Compiler::pattern_properties(ObjectRules& rules) {
  rules.first_pattern = static_cast<uint32_t>(program_->property_patterns.size());
  const Node* map = object_of(Keyword::kPatternProperties);
  if (map == nullptr) return;
  for (const Node* one = map->first; one != nullptr; one = one->next) {
    auto made = pattern_of(one->key, *one);
    if (!made) return;
    program_->property_patterns.push_back({*made, schema_at(*one, Keyword::kPatternProperties)});
    ++rules.patterns;
  }
}

void Compiler::dependencies(ObjectRules& rules, Names& names, Keyword keyword) {
  const Node* map = object_of(keyword);
  if (map == nullptr) return;
  for (const Node* one = map->first; one != nullptr; one = one->next) {
    DependencyRule rule;
    rule.keyword = keyword;
    rule.name = names.of(one->key);
    bool list = keyword == Keyword::kDependentRequired ||
                (keyword == Keyword::kDependencies && one->is(JsonType::kArray));
    if (!list) {
      rule.schema = schema_at(*one, keyword);
    } else {
      std::vector<std::string_view> wanted;
      if (!names_of(*one, "a dependency", wanted)) return;
      rule.first = static_cast<uint32_t>(program_->lists.size());
      rule.count = static_cast<uint32_t>(wanted.size());
      for (std::string_view name : wanted) program_->lists.push_back(names.of(name));
    }
    program_->dependencies.push_back(rule);
    ++rules.dependencies;
  }
}

void Compiler::finish_names(ObjectRules& rules, const Names& names) {
  rules.first_name = static_cast<uint32_t>(program_->properties.size());
  rules.names = static_cast<uint32_t>(names.all.size());
  for (size_t i = 0; i < names.all.size(); ++i) {
    std::string_view name = keep(names.all[i]);
    program_->properties.push_back({name, hash_of(name), names.schemas[i], 0});
  }
  for (DefaultRule one : names.defaults) {
    one.property += rules.first_name;
    program_->defaults.push_back(one);
  }
  rules.first_slot = static_cast<uint32_t>(program_->slots.size());
  uint32_t slots = std::bit_ceil(rules.names * 2 + 1);
  rules.slot_mask = slots - 1;
  program_->slots.resize(program_->slots.size() + slots, kNone);
  uint32_t* table = program_->slots.data() + rules.first_slot;
  for (uint32_t i = 0; i < rules.names; ++i) {
    auto slot = static_cast<uint32_t>(program_->properties[rules.first_name + i].hash >> 32);
    while (table[slot & rules.slot_mask] != kNone) ++slot;
    table[slot & rules.slot_mask] = i;
  }
}

void Compiler::array_rules() {
  static constexpr Keyword kAbout[] = {Keyword::kMinItems,    Keyword::kMaxItems,
                                       Keyword::kUniqueItems, Keyword::kPrefixItems,
                                       Keyword::kItems,       Keyword::kContains};
  bool any = false;
  for (Keyword keyword : kAbout) any |= at(keyword) != nullptr;
  if (!any) return;
  ArrayRules rules;
  rules.least = count_of(Keyword::kMinItems).value_or(0);
  rules.most = count_of(Keyword::kMaxItems).value_or(kNone);
  if (const Node* unique = at(Keyword::kUniqueItems)) {
    if (!unique->is_boolean()) return complain(*unique, "uniqueItems must be true or false");
    rules.unique = unique->is(JsonType::kTrue);
  }
  items(rules);
  rules.contains = schema_of(Keyword::kContains).value_or(kNone);
  rules.least_contained = count_of(Keyword::kMinContains).value_or(1);
  rules.most_contained = count_of(Keyword::kMaxContains).value_or(kNone);
  program_->arrays.push_back(rules);
  emit(Op::kArray, Keyword::kItems, static_cast<uint32_t>(program_->arrays.size() - 1));
}

void Compiler::items(ArrayRules& rules) {
  bool old = resource_->dialect.draft == Draft::k07;
  const Node* items = at(Keyword::kItems);
  const Node* prefix = old ? items : at(Keyword::kPrefixItems);
  Keyword keyword = old ? Keyword::kItems : Keyword::kPrefixItems;
  if (!old && items != nullptr && items->is(JsonType::kArray)) {
    return complain(*items,
                    "items must be one schema in draft 2020-12: a list of them is prefixItems");
  }
  if (!old && prefix != nullptr && !prefix->is(JsonType::kArray)) {
    return complain(*prefix, "prefixItems must be an array of schemas");
  }
  bool list = prefix != nullptr && prefix->is(JsonType::kArray);
  if (list) {
    rules.first_prefix = static_cast<uint32_t>(program_->lists.size());
    rules.prefixes = prefix->count;
    for (const Node* one = prefix->first; one != nullptr; one = one->next) {
      program_->lists.push_back(schema_at(*one, keyword));
    }
  }
  if (!old || !list) {
    rules.rest = schema_of(Keyword::kItems).value_or(kNone);
  } else {
    rules.rest = schema_of(Keyword::kAdditionalItems).value_or(kNone);
  }
}

void Compiler::schema_list(Keyword keyword, Op op) {
  const Node* list = at(keyword);
  if (list == nullptr) return;
  if (!list->is(JsonType::kArray) || list->count == 0) {
    return complain(
        *list, fmt::format("{} must be an array of at least one schema", keyword_name(keyword)));
  }
  auto first = static_cast<uint32_t>(program_->lists.size());
  for (const Node* one = list->first; one != nullptr; one = one->next) {
    program_->lists.push_back(schema_at(*one, keyword));
  }
  emit(op, keyword, first, list->count);
}

void Compiler::conditional() {
  // Without `if` the others say nothing; without them it still evaluates.
  auto condition = schema_of(Keyword::kIf);
  auto then = schema_of(Keyword::kThen);
  auto otherwise = schema_of(Keyword::kElse);
  if (!condition) return;
  emit(Op::kIf, Keyword::kIf, *condition, then.value_or(kNone), otherwise.value_or(kNone));
}

const Node* Compiler::object_of(Keyword keyword) {
  const Node* node = at(keyword);
  if (node == nullptr || node->is(JsonType::kObject)) return node;
  complain(*node, fmt::format("{} must be an object", keyword_name(keyword)));
  return nullptr;
}

std::optional<uint32_t> Compiler::schema_of(Keyword keyword) {
  const Node* node = at(keyword);
  if (node == nullptr) return std::nullopt;
  return schema_at(*node, keyword);
}

bool Compiler::names_of(const Node& list, std::string_view what,
                        std::vector<std::string_view>& names) {
  bool right = list.is(JsonType::kArray);
  for (const Node* one = list.first; right && one != nullptr; one = one->next) {
    right = one->is(JsonType::kString);
    names.push_back(one->text);
  }
  if (!right) complain(list, fmt::format("{} must be an array of strings", what));
  return right;
}

}  // namespace waybill::contract
