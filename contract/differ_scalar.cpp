// SPDX-License-Identifier: Apache-2.0
// Keywords about one value by itself.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "contract/differ.h"
#include "contract/formats.h"
#include "contract/instance.h"
#include "contract/program.h"

namespace waybill::contract {

namespace {

constexpr std::pair<uint32_t, std::string_view> kTypeNames[] = {
    {1, "null"},    {2, "boolean"}, {4, "integer"}, {8, "number with a fraction"},
    {16, "string"}, {32, "array"},  {64, "object"}};
constexpr uint32_t kAnyType = 127;
constexpr size_t kMostShown = 5;  // values of an enum

uint32_t types_of(std::string_view name) {
  if (name == "number") return 4 | 8;
  for (const auto& [bit, known] : kTypeNames) {
    if (known == name) return bit;
  }
  return 0;
}

uint32_t types_of(const Node* type) {
  if (type == nullptr) return kAnyType;
  if (type->is(JsonType::kString)) return types_of(type->text);
  uint32_t all = 0;
  for (const Node* one = type->first; one != nullptr; one = one->next) all |= types_of(one->text);
  return all;
}

uint32_t type_of_value(const Node& value) {
  switch (value.type) {
    case JsonType::kNull: return 1;
    case JsonType::kFalse:
    case JsonType::kTrue: return 2;
    case JsonType::kNumber: return Decimal(value.text).is_integer() ? 4 : 8;
    case JsonType::kString: return 16;
    case JsonType::kArray: return 32;
    case JsonType::kObject: break;
  }
  return 64;
}

std::string names_of(uint32_t types) {
  std::string all;
  for (const auto& [bit, name] : kTypeNames) {
    if ((types & bit) != 0) all += fmt::format("{}{}", all.empty() ? "" : ", ", name);
  }
  return all;
}

// The values that `const` and `enum` leave; nothing: any.
struct Listed {
  const Node* keyword = nullptr;  // null: it is absent; an empty enum is not
  const Node* first = nullptr;
  bool one = false;  // `const`: no siblings
  const Node* next(const Node* at) const { return one ? nullptr : at->next; }
};
Listed constant_of(const DiffSide::View& view) {
  const Node* value = view.at(Keyword::kConst);
  return {value, value, true};
}
Listed enum_of(const DiffSide::View& view) {
  const Node* list = view.at(Keyword::kEnum);
  return {list, list != nullptr ? list->first : nullptr, false};
}
Listed listed(const DiffSide::View& view) {
  return view.at(Keyword::kConst) != nullptr ? constant_of(view) : enum_of(view);
}

// The values of a list, each found by what it is.
class ValueSet {
 public:
  // False: it is nested too deep.
  bool add(std::string_view json) {
    auto instance = std::make_unique<Instance>();
    if (!instance->read(json).empty()) return false;
    hashes_.push_back(hash_of(instance->value()));
    values_.push_back(std::move(instance));
    return true;
  }
  bool has(std::string_view json) {
    if (!wanted_.read(json).empty()) return false;
    uint64_t hash = hash_of(wanted_.value());
    for (size_t i = 0; i < values_.size(); ++i) {
      Steps steps{1'000'000};
      if (hashes_[i] == hash && equal(values_[i]->value(), wanted_.value(), steps)) return true;
    }
    return false;
  }

 private:
  std::vector<std::unique_ptr<Instance>> values_;
  std::vector<uint64_t> hashes_;
  Instance wanted_;
};

// How far down or up a number may be, by the tighter of two keywords.
struct Limit {
  const Node* node = nullptr;
  Decimal value;
  bool exclusive = false;
};
Limit limit_of(const DiffSide::View& view, bool lower) {
  const Node* with = view.at(lower ? Keyword::kMinimum : Keyword::kMaximum);
  const Node* without = view.at(lower ? Keyword::kExclusiveMinimum : Keyword::kExclusiveMaximum);
  if (without == nullptr) {
    return with != nullptr ? Limit{with, Decimal(with->text), false} : Limit{};
  }
  Limit exclusive{without, Decimal(without->text), true};
  if (with == nullptr) return exclusive;
  Limit inclusive{with, Decimal(with->text), false};
  auto order = compare(inclusive.value, exclusive.value);
  bool wider = lower ? order <= 0 : order >= 0;
  return wider ? exclusive : inclusive;
}

// Below zero: `a` leaves more room than `b`.
int tighter(const Limit& a, const Limit& b, bool lower) {
  auto order = compare(a.value, b.value);
  if (order == 0) return static_cast<int>(a.exclusive) - static_cast<int>(b.exclusive);
  return (order > 0) == lower ? 1 : -1;
}

std::string_view shown(std::string_view json) { return json.substr(0, 60); }

// The values of a list that are not in `others`, in words; empty: all are.
std::string absent(Listed values, const DiffSide& side, ValueSet& others) {
  std::string all;
  size_t count = 0;
  for (const Node* one = values.first; one != nullptr; one = values.next(one)) {
    std::string_view json = side.text_of(*one);
    if (others.has(json) || count++ >= kMostShown) continue;
    all += fmt::format("{}{}", all.empty() ? "" : ", ", shown(json));
  }
  return count > kMostShown ? fmt::format("{} and {} more", all, count - kMostShown) : all;
}

bool is_upper(Keyword keyword) {
  return keyword == Keyword::kMaxLength || keyword == Keyword::kMaxProperties ||
         keyword == Keyword::kMaxItems;
}

}  // namespace

void Differ::types(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kType);
  const Node* b = vb.at(Keyword::kType);
  uint32_t before = types_of(a), after = types_of(b);
  // Listed values have just the types that they have.
  uint32_t possible = 0;
  Listed values = listed(va);
  for (const Node* one = values.first; one != nullptr; one = values.next(one)) {
    possible |= type_of_value(*one);
  }
  uint32_t lost = (values.keyword != nullptr ? before & possible : before) & ~after;
  if (lost != 0) {
    say_new(Impact::kBreaking, *b, fmt::format("no longer allowed: {}", names_of(lost)));
  }
  uint32_t gained = after & ~before;
  if (gained == 0) return;
  std::string what = fmt::format("allowed now: {}", names_of(gained));
  if (b != nullptr) {
    say_new(Impact::kCompatible, *b, what);
  } else {
    say_old(Impact::kCompatible, *a, what);
  }
}

void Differ::values(const View& va, const View& vb) {
  Listed before = listed(va);
  for (Listed after : {constant_of(vb), enum_of(vb)}) {
    if (after.keyword == nullptr) continue;
    const Node& keyword = *after.keyword;
    if (before.keyword == nullptr) {
      say_new(Impact::kBreaking, keyword, "only listed values are allowed now");
      continue;
    }
    ValueSet old_set, new_set;
    bool read = true;
    for (const Node* one = before.first; one != nullptr; one = before.next(one)) {
      read &= old_set.add(before_.text_of(*one));
    }
    for (const Node* one = after.first; one != nullptr; one = after.next(one)) {
      read &= new_set.add(after_.text_of(*one));
    }
    if (!read) {
      say_new(Impact::kUnknown, keyword, "values that are nested too deep to be compared");
      continue;
    }
    std::string lost = absent(before, before_, new_set), gained = absent(after, after_, old_set);
    if (!lost.empty()) say_new(Impact::kBreaking, keyword, "no longer allowed: " + lost);
    if (!gained.empty()) say_new(Impact::kCompatible, keyword, "allowed now: " + gained);
  }
  for (Keyword keyword : {Keyword::kConst, Keyword::kEnum}) {
    const Node* gone = va.at(keyword);
    if (gone == nullptr || vb.at(keyword) != nullptr) continue;
    bool both = va.at(Keyword::kConst) != nullptr && va.at(Keyword::kEnum) != nullptr;
    if (!both && listed(vb).keyword != nullptr) continue;
    say_old(Impact::kCompatible, *gone, "other values are allowed now");
  }
}

void Differ::bounds(const View& va, const View& vb, bool lower) {
  Limit a = limit_of(va, lower), b = limit_of(vb, lower);
  std::string_view word = lower ? "smallest" : "largest";
  if (a.node == nullptr && b.node == nullptr) return;
  if (b.node == nullptr) {
    return say_old(Impact::kCompatible, *a.node, fmt::format("there is no {} number now", word));
  }
  if (a.node == nullptr) {
    return say_new(Impact::kBreaking, *b.node,
                   fmt::format("there is a {} number now: {}", word, b.node->text));
  }
  int order = tighter(a, b, lower);
  if (order == 0) return;
  say_new(order < 0 ? Impact::kBreaking : Impact::kCompatible, *b.node,
          fmt::format("the bound was {} {}, and is {} {}", a.node->key, a.node->text, b.node->key,
                      b.node->text));
}

void Differ::multiple(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kMultipleOf);
  const Node* b = vb.at(Keyword::kMultipleOf);
  if (b == nullptr) {
    if (a != nullptr) say_old(Impact::kCompatible, *a, "other numbers are allowed now");
    return;
  }
  if (a == nullptr) {
    return say_new(Impact::kBreaking, *b, fmt::format("only multiples of {} now", b->text));
  }
  Decimal before(a->text), after(b->text);
  if (compare(before, after) == 0) return;
  bool covered = Divisor(after).divides(before);
  say_new(covered ? Impact::kCompatible : Impact::kBreaking, *b,
          fmt::format("multiples of {} before, of {} now", a->text, b->text));
}

void Differ::count(const View& va, const View& vb, Keyword keyword) {
  const Node* a = va.at(keyword);
  const Node* b = vb.at(keyword);
  if (a == nullptr && b == nullptr) return;
  const bool upper = is_upper(keyword);
  Decimal zero("0");
  Decimal before = a != nullptr ? Decimal(a->text) : zero;
  Decimal after = b != nullptr ? Decimal(b->text) : zero;
  if (upper && a == nullptr) {
    return say_new(Impact::kBreaking, *b,
                   fmt::format("there is a largest number now: {}", b->text));
  }
  if (upper && b == nullptr) {
    return say_old(Impact::kCompatible, *a, "there is no largest number now");
  }
  auto order = compare(after, before);
  if (order == 0) return;
  Impact impact = (order < 0) == upper ? Impact::kBreaking : Impact::kCompatible;
  std::string what =
      fmt::format("was {}, is {}", a != nullptr ? a->text : "0", b != nullptr ? b->text : "0");
  if (b != nullptr) return say_new(impact, *b, what);
  say_old(impact, *a, what);
}

void Differ::pattern(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kPattern);
  const Node* b = vb.at(Keyword::kPattern);
  if (b == nullptr) {
    if (a != nullptr) say_old(Impact::kCompatible, *a, "other texts are allowed now");
  } else if (a == nullptr) {
    say_new(Impact::kBreaking, *b, "only texts of a pattern are allowed now");
  } else if (a->text != b->text) {
    say_new(Impact::kUnknown, *b, fmt::format("another pattern: it was {}", shown(a->text)));
  }
}

void Differ::format(const View& va, const View& vb) {
  const Node* a = va.at(Keyword::kFormat);
  const Node* b = vb.at(Keyword::kFormat);
  if (b == nullptr) {
    if (a != nullptr) say_old(Impact::kCompatible, *a, "other texts are allowed now");
    return;
  }
  bool asserted = after_.asserts_formats(*b);
  bool was_asserted = a != nullptr && before_.asserts_formats(*a);
  bool changed = a == nullptr || a->text != b->text;
  if (!changed && asserted == was_asserted) return;
  bool known = format_of(b->text).has_value();
  bool was_known = a != nullptr && format_of(a->text).has_value();
  if (!known || (!changed && !asserted)) {
    // Nothing is ever held to a format that is not known.
    if (was_known) say_new(Impact::kCompatible, *b, "other texts are allowed now");
  } else if (!asserted) {
    say_new(Impact::kUnknown, *b, "another format: a remark, unless formats are asserted");
  } else if (!was_known || !was_asserted) {
    say_new(Impact::kBreaking, *b, "only texts of a format are allowed now");
  } else {
    say_new(Impact::kUnknown, *b, fmt::format("another format: it was {}", shown(a->text)));
  }
}

void Differ::unique(const View& va, const View& vb) {
  auto holds = [](const Node* node) { return node != nullptr && node->is(JsonType::kTrue); };
  const Node* a = va.at(Keyword::kUniqueItems);
  const Node* b = vb.at(Keyword::kUniqueItems);
  if (holds(a) == holds(b)) return;
  if (holds(b)) return say_new(Impact::kBreaking, *b, "equal elements are no longer allowed");
  say_old(Impact::kCompatible, *a, "equal elements are allowed now");
}

void Differ::required(const View& va, const View& vb) {
  std::set<std::string_view> before, after;
  const Node* a = va.at(Keyword::kRequired);
  const Node* b = vb.at(Keyword::kRequired);
  for (const Node* one = a != nullptr ? a->first : nullptr; one != nullptr; one = one->next) {
    before.insert(one->text);
  }
  for (const Node* one = b != nullptr ? b->first : nullptr; one != nullptr; one = one->next) {
    after.insert(one->text);
    if (!before.contains(one->text)) {
      say_new(Impact::kBreaking, *one, fmt::format("\"{}\" is required now", one->text));
    }
  }
  for (const Node* one = a != nullptr ? a->first : nullptr; one != nullptr; one = one->next) {
    if (after.contains(one->text)) continue;
    say_old(Impact::kCompatible, *one, fmt::format("\"{}\" is no longer required", one->text));
  }
}

void Differ::dependent_required(const View& va, const View& vb) {
  // What is required beside what, by both.
  auto read = [](const View& view) {
    std::map<std::pair<std::string_view, std::string_view>, const Node*> all;
    for (Keyword keyword : {Keyword::kDependentRequired, Keyword::kDependencies}) {
      const Node* map = view.at(keyword);
      for (const Node* one = map != nullptr ? map->first : nullptr; one; one = one->next) {
        if (!one->is(JsonType::kArray)) continue;
        for (const Node* name = one->first; name != nullptr; name = name->next) {
          all.emplace(std::pair(one->key, name->text), name);
        }
      }
    }
    return all;
  };
  auto before = read(va), after = read(vb);
  for (const auto& [names, node] : after) {
    if (before.contains(names)) continue;
    say_new(Impact::kBreaking, *node,
            fmt::format("\"{}\" is required beside \"{}\" now", names.second, names.first));
  }
  for (const auto& [names, node] : before) {
    if (after.contains(names)) continue;
    say_old(Impact::kCompatible, *node,
            fmt::format("\"{}\" is no longer required beside \"{}\"", names.second, names.first));
  }
}

}  // namespace waybill::contract
