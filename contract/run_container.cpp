// SPDX-License-Identifier: Apache-2.0
// What a schema says of objects and arrays, in one pass over their members or elements.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "contract/exact_text.h"
#include "contract/run.h"

namespace waybill::contract {

namespace {

bool bit(const uint64_t* bits, uint32_t index) {
  return (bits[index / 64] >> (index % 64) & 1) != 0;
}

// Whether two texts of the same size, 8 bytes at least, are equal: most keys are a few words long,
// and memcmp is made for longer ones.
bool same_long(std::string_view a, std::string_view b) {
  uint64_t left, right;
  size_t last = a.size() - 8;
  for (size_t i = 0; i < last; i += 8) {
    std::memcpy(&left, a.data() + i, 8);
    std::memcpy(&right, b.data() + i, 8);
    if (left != right) return false;
  }
  std::memcpy(&left, a.data() + last, 8);
  std::memcpy(&right, b.data() + last, 8);
  return left == right;
}

// For looking at a member with this key, which may have to be decoded.
uint64_t steps_of(Text key) { return 1 + key.size / (key.form == TextForm::kJson ? 8 : 64); }

std::string times(uint32_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

bool Run::object(const ObjectRules& rules, const Value& value, const Place& place, Evaluated seen) {
  // Which of the watched names are there. More than 64 of them are rare, and pay for it.
  uint64_t few = 0;
  std::vector<uint64_t> many;
  if (rules.watched > 64) {
    if (!steps_.take(1 + rules.watched / 64)) return false;
    many.resize((rules.watched + 63) / 64);
  }
  uint64_t* watched = many.empty() ? &few : many.data();
  uint32_t count = 0;
  bool valid = rules.plain && !seen ? plain_members(rules, value, place, watched, count)
                                    : all_members(rules, value, place, watched, count, seen);
  if (!valid && !goes_on()) return false;
  if (count < rules.least) {
    valid = wrong(place, Keyword::kMinProperties, [&] {
      return Told{"at least " + times(rules.least, "member"), std::to_string(count)};
    });
  }
  if (count > rules.most) {
    valid = wrong(place, Keyword::kMaxProperties, [&] {
      return Told{"at most " + times(rules.most, "member"), std::to_string(count)};
    });
  }
  valid &= required(rules, watched, value, place);
  for (uint32_t i = 0; i < rules.dependencies && (valid || goes_on()); ++i) {
    const DependencyRule& rule = program_.dependencies[rules.first_dependency + i];
    if (bit(watched, rule.name)) valid &= dependency(rules, rule, watched, value, place, seen);
  }
  return valid;
}

// The members of most objects: only their names, and perhaps what no name is there for.
bool Run::plain_members(const ObjectRules& rules, const Value& value, const Place& place,
                        uint64_t* watched, uint32_t& count) {
  bool valid = true;
  // Whether to go on.
  auto judged = [&](uint32_t known, Text key, const Value& inner) {
    if (known != kNone && known < rules.watched) watched[known / 64] |= uint64_t{1} << (known % 64);
    if (plain_member(rules, known, key, inner, place)) return true;
    valid = false;
    return goes_on();
  };
  if (const Listing* listing = value.as_listing()) {
    const uint32_t* canonical = rules.first_canonical == kNone
                                    ? nullptr
                                    : program_.canonical.data() + rules.first_canonical;
    const Entry* entry = listing->begin();
    for (const Entry* end = entry + listing->count(); entry != end; ++entry) {
      if (!steps_.take(steps_of(entry->key))) return false;
      ++count;
      uint32_t known = kNone;
      if (entry->slot == Slot::kNone) {
        known = find(rules, exact(entry->key, scratch_.key_), kNone);
      } else if (canonical != nullptr) {
        known = canonical[static_cast<size_t>(entry->slot)];
        if (entry->ours && (rules.proven & slot_bit(entry->slot)) != 0) {
          if (known < rules.watched) watched[known / 64] |= uint64_t{1} << (known % 64);
          continue;
        }
      }
      if (!judged(known, entry->key, entry->value)) return false;
    }
    return valid;
  }
  uint32_t next = 0;  // name that is expected: many write their members in the schema's order
  value.each_member([&](Text key, const Value& inner) {
    if (!steps_.take(steps_of(key))) return valid = false;
    ++count;
    uint32_t known = find(rules, exact(key, scratch_.key_), next);
    if (known != kNone) next = known + 1;
    return judged(known, key, inner);
  });
  return valid;
}

// `known`: its name's index, or kNone.
bool Run::plain_member(const ObjectRules& rules, uint32_t known, Text key, const Value& value,
                       const Place& place) {
  uint32_t index = kNone;
  if (known != kNone) {
    const PropertyRule& rule = program_.properties[rules.first_name + known];
    if ((rule.types & type_bit(value.type())) != 0) return true;
    index = rule.schema;
  }
  // Of names that are but required, or depend on others, nothing else is said.
  if (index == kNone) index = rules.additional;
  if (index == kNone) return true;
  // What most properties are goes the short way: where it stands matters only when it is wrong.
  const Schema& own = program_.schemas[index];
  if (own.flat) {
    if (!steps_.take(own.count)) return false;
    if (holds(own, value)) return true;
    return collect_ && flat(own, value, place.member(key));
  }
  return schema(index, value, place.member(key), {});
}

bool Run::all_members(const ObjectRules& rules, const Value& value, const Place& place,
                      uint64_t* watched, uint32_t& count, Evaluated seen) {
  bool valid = true;
  value.each_member([&](Text key, const Value& inner) {
    if (!steps_.take(steps_of(key))) return valid = false;
    bool evaluated = false;
    valid &= member(rules, key, inner, place, evaluated, watched);
    if (rules.property_names != kNone && (valid || goes_on())) valid &= name(rules, key, place);
    if (evaluated && seen) mark(seen, count);
    ++count;
    return valid || goes_on();
  });
  return valid;
}

bool Run::member(const ObjectRules& rules, Text key, const Value& value, const Place& place,
                 bool& evaluated, uint64_t* watched) {
  bool valid = true;
  Place here = place.member(key);
  uint32_t known = rules.names > 0 ? find(rules, exact(key, scratch_.key_), kNone) : kNone;
  if (known != kNone) {
    if (known < rules.watched) watched[known / 64] |= uint64_t{1} << (known % 64);
    uint32_t own = program_.properties[rules.first_name + known].schema;
    if (own != kNone) {
      evaluated = true;
      valid = schema(own, value, here, {});
    }
  }
  for (uint32_t i = 0; i < rules.patterns && (valid || goes_on()); ++i) {
    const PatternRule& rule = program_.property_patterns[rules.first_pattern + i];
    if (!matches(*program_.patterns[rule.pattern], key)) continue;
    evaluated = true;
    valid &= schema(rule.schema, value, here, {});
  }
  if (!evaluated && rules.additional != kNone && !exhausted()) {
    evaluated = true;
    valid &= schema(rules.additional, value, here, {});
  }
  return valid;
}

bool Run::name(const ObjectRules& rules, Text key, const Place& place) {
  if (branch(rules.property_names, Value::string(key), place, {})) return true;
  return wrong(place, Keyword::kPropertyNames, [&] {
    return Told{"other keys", Value::string(key).shown()};
  });
}

bool Run::required(const ObjectRules& rules, const uint64_t* watched, const Value& value,
                   const Place& place) {
  bool valid = true;
  uint64_t all = rules.required < 64 ? (uint64_t{1} << rules.required) - 1 : ~uint64_t{0};
  if (rules.required <= 64 && (watched[0] & all) == all) return true;
  for (uint32_t i = 0; i < rules.required && (valid || goes_on()); ++i) {
    if (bit(watched, i)) continue;
    bool told = goes_on();
    valid = wrong(place, Keyword::kRequired, [&] {
      return Told{fmt::format("a member \"{}\"", program_.properties[rules.first_name + i].name),
                  value.shown() + " without it"};
    });
    if (told) violations_->back().missing = rules.first_name + i;
  }
  return valid;
}

bool Run::dependency(const ObjectRules& rules, const DependencyRule& rule, const uint64_t* watched,
                     const Value& value, const Place& place, Evaluated seen) {
  if (rule.schema != kNone) return schema(rule.schema, value, place, seen);
  bool valid = true;
  for (uint32_t i = 0; i < rule.count && (valid || goes_on()); ++i) {
    uint32_t other = program_.lists[rule.first + i];
    if (bit(watched, other)) continue;
    valid = wrong(place, rule.keyword, [&] {
      const auto* names = program_.properties.data() + rules.first_name;
      return Told{
          fmt::format("a member \"{}\" beside \"{}\"", names[other].name, names[rule.name].name),
          "none"};
    });
  }
  return valid;
}

uint32_t Run::find(const ObjectRules& rules, std::string_view name, uint32_t expected) const {
  if (rules.names == 0) return kNone;
  const uint64_t hash = hash_of(name);
  const PropertyRule* known = program_.properties.data() + rules.first_name;
  auto is = [&](const PropertyRule& rule) {
    return rule.hash == hash && rule.name.size() == name.size() &&
           (name.size() <= kOwnHash || same_long(rule.name, name));
  };
  if (expected < rules.names && is(known[expected])) return expected;
  const uint32_t* slots = program_.slots.data() + rules.first_slot;
  for (auto slot = static_cast<uint32_t>(hash >> 32);; ++slot) {
    uint32_t found = slots[slot & rules.slot_mask];
    if (found == kNone || is(known[found])) return found;
  }
}

bool Run::array(const ArrayRules& rules, const Value& value, const Place& place, Evaluated seen) {
  uint32_t count = 0;
  uint32_t contained = 0;
  bool valid = true;
  value.each_element([&](const Value& inner) {
    if (!steps_.take()) return valid = false;
    Place here = place.element(count);
    uint32_t own = count < rules.prefixes ? program_.lists[rules.first_prefix + count] : rules.rest;
    if (own != kNone) {
      valid &= schema(own, inner, here, {});
      if (seen) mark(seen, count);
    }
    if (rules.contains != kNone && (valid || goes_on()) &&
        branch(rules.contains, inner, here, {})) {
      ++contained;
      if (seen && rules.contains_evaluates) mark(seen, count);
    }
    ++count;
    return valid || goes_on();
  });
  if (!valid && !goes_on()) return false;
  return valid & array_bounds(rules, count, contained, value, place);
}

bool Run::array_bounds(const ArrayRules& rules, uint32_t count, uint32_t contained,
                       const Value& value, const Place& place) {
  bool valid = true;
  auto check = [&](bool right, Keyword keyword, const char* words, uint32_t limit, uint32_t got) {
    if (right || (!valid && !goes_on())) return;
    valid = wrong(place, keyword, [&] {
      return Told{fmt::format("{} {}", words, times(limit, "element")), std::to_string(got)};
    });
  };
  check(count >= rules.least, Keyword::kMinItems, "at least", rules.least, count);
  check(count <= rules.most, Keyword::kMaxItems, "at most", rules.most, count);
  if (rules.contains != kNone) {
    bool one = rules.least_contained == 1;
    check(contained >= rules.least_contained, one ? Keyword::kContains : Keyword::kMinContains,
          "the wanted kind of at least", rules.least_contained, contained);
    check(contained <= rules.most_contained, Keyword::kMaxContains, "the wanted kind of at most",
          rules.most_contained, contained);
  }
  if (rules.unique && (valid || goes_on()) && !unique(value, count)) {
    valid = wrong(place, Keyword::kUniqueItems, [] {
      return Told{"no two equal elements", "some"};
    });
  }
  return valid;
}

bool Run::unique(const Value& value, uint32_t count) {
  if (count < 2) return true;
  if (!steps_.take(value.weight())) return false;
  auto& all = scratch_.elements_;
  all.clear();
  value.each_element([&](const Value& inner) {
    all.emplace_back(hash_of(inner), inner);
    return true;
  });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = i + 1; k < all.size() && all[k].first == all[i].first; ++k) {
      if (equal(all[i].second, all[k].second, steps_)) return false;
      if (exhausted()) return false;
    }
  }
  return true;
}

bool Run::unevaluated(uint32_t index, const Value& value, const Place& place, Evaluated seen) {
  uint32_t at = 0;
  bool valid = true;
  auto judge = [&](const Place& here, const Value& inner) {
    if (!steps_.take()) return valid = false;
    if (!marked(seen, at)) {
      valid &= schema(index, inner, here, {});
      mark(seen, at);
    }
    ++at;
    return valid || goes_on();
  };
  if (value.is(JsonType::kArray)) {
    value.each_element([&](const Value& inner) { return judge(place.element(at), inner); });
  } else {
    value.each_member(
        [&](Text key, const Value& inner) { return judge(place.member(key), inner); });
  }
  return valid;
}

}  // namespace waybill::contract
