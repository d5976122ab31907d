// SPDX-License-Identifier: Apache-2.0
// Keywords about members and elements.
#include <fmt/format.h>

#include <algorithm>

#include "contract/differ.h"
#include "contract/pattern.h"

namespace waybill::contract {

// Which schemas a member is held to.
struct Differ::Objects {
  explicit Objects(const View& view) {
    auto read = [](const Node* map, Names& into) {
      for (const Node* one = map != nullptr ? map->first : nullptr; one; one = one->next) {
        into.emplace(one->key, one);
      }
    };
    read(view.at(Keyword::kProperties), properties);
    read(view.at(Keyword::kPatternProperties), patterns);
    for (const auto& [pattern, schema] : patterns) {
      auto made = Pattern::make(pattern);
      if (made) compiled.push_back({pattern, schema, std::move(*made)});
    }
    additional = view.at(Keyword::kAdditionalProperties);
  }
  bool any() const { return !properties.empty() || !patterns.empty() || additional != nullptr; }

  struct Part {
    const Node* schema = nullptr;
    std::string_view pattern = {};  // by which it holds; empty: by the name, or as all others
    bool by_name = false;
  };
  // Empty: any value will do.
  std::vector<Part> parts(std::string_view name) const {
    std::vector<Part> all;
    auto found = properties.find(name);
    if (found != properties.end()) all.push_back({found->second, {}, true});
    for (const Compiled& one : compiled) {
      if (one.matcher->matches(name)) all.push_back({one.schema, one.pattern, false});
    }
    if (all.empty() && additional != nullptr) all.push_back({additional, {}, false});
    return all;
  }

  struct Compiled {
    std::string_view pattern;
    const Node* schema;
    std::unique_ptr<Pattern> matcher;
  };
  Names properties, patterns;
  std::vector<Compiled> compiled;  // all patterns: the schemas have been compiled before
  const Node* additional = nullptr;
};

void Differ::properties(const View& va, const View& vb) {
  Objects a(va), b(vb);
  if (!a.any() && !b.any()) return;
  std::set<std::string_view> names;
  for (const auto* map : {&a.properties, &b.properties}) {
    for (const auto& [name, schema] : *map) names.insert(name);
  }
  for (std::string_view name : names) {
    if (step()) property(name, a, b);
  }
  pattern_properties(a, b);
  bool closed = b.additional != nullptr && b.additional->is(JsonType::kFalse);
  bool was_closed = a.additional != nullptr && a.additional->is(JsonType::kFalse);
  if (closed && !was_closed) {
    say_new(Impact::kBreaking, *b.additional, "other members are no longer allowed");
  } else if (a.additional != nullptr || b.additional != nullptr) {
    schema(a.additional, b.additional);
  }
  if (unevaluated_ && a.additional != nullptr && b.additional == nullptr) {
    removed(*a.additional, "additionalProperties is gone");
  }
}

void Differ::property(std::string_view name, const Objects& a, const Objects& b) {
  auto before = a.parts(name), after = b.parts(name);
  auto mine = a.properties.find(name);
  const Node* gone =
      mine != a.properties.end() && !b.properties.contains(name) ? mine->second : nullptr;
  if (gone != nullptr && unevaluated_) removed(*gone, "this member is no longer described");
  if (after.empty()) {
    if (gone != nullptr && !tried(gone, nullptr).empty()) {
      say_old(Impact::kCompatible, *gone, "no longer described: any value is allowed now");
    }
    return;
  }
  for (const Objects::Part& part : after) {
    // Both have the pattern: what it says now is held against what it said.
    if (!part.pattern.empty() && a.patterns.contains(part.pattern)) continue;
    bool nothing = part.schema->is(JsonType::kFalse);
    if (gone != nullptr && nothing && !before.front().schema->is(JsonType::kFalse)) {
      say_old(Impact::kBreaking, *gone, "this member is no longer allowed");
      continue;
    }
    if (before.empty()) {
      if (!implies(nullptr, part.schema)) {
        say_new(Impact::kUnknown, *part.schema,
                fmt::format("\"{}\" could have any value before: nobody breaks who does not send "
                            "it yet",
                            name));
      }
      continue;
    }
    if (before.size() == 1 && before.front().schema->is(JsonType::kFalse) && !nothing) {
      say_new(Impact::kCompatible, *part.schema, "this member is allowed now");
      continue;
    }
    auto enough = std::find_if(before.begin(), before.end(), [&](const Objects::Part& one) {
      return before.size() > 1 && implies(one.schema, part.schema);
    });
    schema((enough != before.end() ? enough : before.begin())->schema, part.schema);
  }
  // Where a name has lost one of several schemas, something is allowed that was not.
  for (const Objects::Part& part : before) {
    bool still = part.by_name ? b.properties.contains(name) : b.patterns.contains(part.pattern);
    if (before.size() > 1 && !still) say_old(Impact::kCompatible, *part.schema, "less is asked");
  }
}

void Differ::pattern_properties(const Objects& a, const Objects& b) {
  for (const auto& [pattern, after] : b.patterns) {
    auto before = a.patterns.find(pattern);
    if (before != a.patterns.end()) {
      schema(before->second, after);
      continue;
    }
    // Names that match may have been held to something else, or to nothing.
    bool open = implies(nullptr, after);
    say_new(open ? Impact::kCompatible : Impact::kUnknown, *after,
            "members whose names match are held to this now");
  }
  bool open = b.additional == nullptr || implies(nullptr, b.additional);
  for (const auto& [pattern, before] : a.patterns) {
    if (b.patterns.contains(pattern)) continue;
    if (open) {
      removed(*before, "members whose names match are no longer held to this");
    } else {
      say_old(Impact::kUnknown, *before, "members whose names match are held to something else");
    }
  }
}

void Differ::dependent_schemas(const View& va, const View& vb) {
  auto read = [](const View& view) {
    std::map<std::pair<std::string_view, Keyword>, const Node*> all;
    for (Keyword keyword : {Keyword::kDependentSchemas, Keyword::kDependencies}) {
      const Node* map = view.at(keyword);
      for (const Node* one = map != nullptr ? map->first : nullptr; one; one = one->next) {
        if (!one->is(JsonType::kArray)) all.emplace(std::pair(one->key, keyword), one);
      }
    }
    return all;
  };
  auto before = read(va), after = read(vb);
  for (const auto& [key, node] : after) {
    auto found = before.find(key);
    schema(found != before.end() ? found->second : nullptr, node);
  }
  for (const auto& [key, node] : before) {
    if (after.contains(key)) continue;
    removed(*node, fmt::format("nothing is asked beside \"{}\" any more", key.first));
  }
}

void Differ::items(const View& va, const View& vb) {
  struct Elements {
    explicit Elements(const View& view) {
      const Node* list = view.at(Keyword::kPrefixItems);
      rest = view.at(Keyword::kItems);
      if (list == nullptr && rest != nullptr && rest->is(JsonType::kArray)) {  // draft-07
        list = rest;
        rest = view.at(Keyword::kAdditionalItems);
      }
      for (const Node* one = list != nullptr ? list->first : nullptr; one; one = one->next) {
        prefix.push_back(one);
      }
    }
    const Node* at(size_t index) const { return index < prefix.size() ? prefix[index] : rest; }
    std::vector<const Node*> prefix;
    const Node* rest = nullptr;
  };
  Elements a(va), b(vb);
  for (size_t i = 0; i < std::max(a.prefix.size(), b.prefix.size()); ++i) {
    if (a.at(i) != nullptr || b.at(i) != nullptr) schema(a.at(i), b.at(i));
  }
  if (a.rest != nullptr || b.rest != nullptr) schema(a.rest, b.rest);
  if (!unevaluated_) return;
  if (a.prefix.size() > b.prefix.size() && b.rest == nullptr) {
    removed(*a.prefix[b.prefix.size()], "elements from here on are no longer described");
  }
  if (a.rest != nullptr && b.rest == nullptr) removed(*a.rest, "other elements are not described");
}

void Differ::contains(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kContains);
  const Node* b = vb.at(Keyword::kContains);
  if (a == nullptr && b == nullptr) return;
  if (b == nullptr) return removed(*a, "no element of a kind is asked for any more");
  const Decimal one("1"), zero("0");
  auto least = [&](const View& view) {
    const Node* node = view.at(Keyword::kMinContains);
    return node != nullptr ? Decimal(node->text) : one;
  };
  const Node* most_before = va.at(Keyword::kMaxContains);
  const Node* most_after = vb.at(Keyword::kMaxContains);
  if (a == nullptr) {
    if (compare(least(vb), zero) == 0 && most_after == nullptr) return;
    return say_new(Impact::kBreaking, *b, "elements of a kind are counted now");
  }
  if (!same(a, b)) {
    // More elements fit: good for the least number, not for the largest.
    bool fine = implies(a, b) && most_after == nullptr;
    say_new(fine ? Impact::kCompatible : Impact::kUnknown, *b, "another kind of elements counts");
  }
  if (auto order = compare(least(vb), least(va)); order != 0) {
    const Node* node = vb.at(Keyword::kMinContains);
    say_new(order > 0 ? Impact::kBreaking : Impact::kCompatible, node != nullptr ? *node : *b,
            "another least number of such elements");
  }
  if (most_after == nullptr) {
    if (most_before != nullptr) {
      say_old(Impact::kCompatible, *most_before, "there is no largest number of such elements now");
    }
    return;
  }
  bool wider =
      most_before != nullptr && compare(Decimal(most_after->text), Decimal(most_before->text)) >= 0;
  bool equal =
      most_before != nullptr && compare(Decimal(most_after->text), Decimal(most_before->text)) == 0;
  if (!equal) {
    say_new(wider ? Impact::kCompatible : Impact::kBreaking, *most_after,
            "another largest number of such elements");
  }
}

}  // namespace waybill::contract
