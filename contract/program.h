// SPDX-License-Identifier: Apache-2.0
// Program: a schema, compiled. Flat arrays that refer to each other by index; a schema is a run of
// instructions. The compiler makes it, any number of threads run it (contract/validator.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/canonical_slots.h"
#include "contract/decimal.h"
#include "contract/formats.h"
#include "contract/keywords.h"
#include "contract/pattern.h"
#include "contract/value.h"

namespace waybill::contract {

// "There is none" for any index below.
constexpr uint32_t kNone = UINT32_MAX;

enum class Op : uint8_t {
  kFail,        // the schema `false`
  kType,        // a: TypeBit set; b: 1 where a string is to be a date-time
  kEnum,        // a: choice
  kBound,       // a: bound; which one: by the keyword
  kMultiple,    // a: divisor
  kLength,      // a: code points, at least or at most: by the keyword
  kPattern,     // a: pattern
  kFormat,      // a: Format
  kObject,      // a: object rules
  kArray,       // a: array rules
  kRef,         // a: schema
  kDynamicRef,  // a: schema, where nothing on the way names another; b: dynamic name
  kAllOf,
  kAnyOf,
  kOneOf,                  // a: first of `lists`, b: how many
  kNot,                    // a: schema
  kIf,                     // a, b, c: schemas of if, then, else; b and c may be kNone
  kUnevaluatedItems,       // a: schema
  kUnevaluatedProperties,  // a: schema
};

// Bits of kType. An integer is any number without a fraction, 1.0 as well.
constexpr uint32_t type_bit(JsonType type) { return 1u << static_cast<unsigned>(type); }
constexpr uint32_t kIntegerBit = 1u << 7;

struct Instruction {
  Op op;
  Keyword keyword;
  uint32_t a = 0, b = 0, c = 0;
};

struct Schema {
  uint32_t first = 0, count = 0;   // of `instructions`
  uint32_t resource = 0;           // that it belongs to; of interest where a program is dynamic
  Keyword place = Keyword::kNone;  // the keyword whose value it is
  bool flat = false;               // only about the value itself: no members, no other schemas
                                   // but the `not` of one without any
  bool tracks = false;             // has unevaluated*: what others evaluate must be known
};

// Of one object. The names it knows are in a hash table; those that must be there, or on which
// something depends, come first, so that a few bits say which were seen.
struct PropertyRule {
  std::string_view name;
  uint64_t hash = 0;
  uint32_t schema = kNone;
  uint32_t types = 0;  // where the schema says no more than that: TypeBits, all of them sufficient
};
// What views in a Program point to.
struct Constant {
  std::string text;  // an object, with kPadding bytes behind it
  std::vector<Token> tokens;
};
// What stands for a member that is not there, where its schema has a `default`.
struct DefaultRule {
  uint32_t property = 0;  // of `properties`
  JsonType type = JsonType::kNull;
  std::string_view text;             // a string's characters, else its JSON text, without blanks
  const Constant* member = nullptr;  // {"name":value}
};
struct PatternRule {
  uint32_t pattern = 0, schema = 0;
};
struct DependencyRule {
  uint32_t name = 0;              // which rule's presence asks for it
  uint32_t schema = kNone;        // either a schema
  uint32_t first = 0, count = 0;  // or rules, in `lists`, that must be there as well
  Keyword keyword = Keyword::kDependencies;
};
struct ObjectRules {
  uint32_t first_name = 0, names = 0;        // of `properties`
  uint32_t watched = 0;                      // the first so many of them need a bit
  uint32_t required = 0;                     // the first so many of those must be there
  uint32_t first_slot = 0, slot_mask = 0;    // of `slots`; a power of two less one
  uint32_t first_pattern = 0, patterns = 0;  // of `property_patterns`
  uint32_t first_dependency = 0, dependencies = 0;
  uint32_t additional = kNone;      // schema
  uint32_t property_names = kNone;  // schema
  uint32_t least = 0, most = kNone;
  uint32_t first_canonical = kNone;  // of `canonical`; kNone: it has no canonical name
  uint32_t proven = 0;  // slots whose property takes all that we write there, as bits (proven.h)
  bool plain = false;   // no patterns, no `property_names`
};

struct ArrayRules {
  uint32_t first_prefix = 0, prefixes = 0;  // schemas in `lists`
  uint32_t rest = kNone;                    // schema of those behind the prefix
  Keyword prefix_keyword = Keyword::kPrefixItems;
  Keyword rest_keyword = Keyword::kItems;
  uint32_t contains = kNone;  // schema
  uint32_t least_contained = 1, most_contained = kNone;
  uint32_t least = 0, most = kNone;
  bool unique = false;
  bool contains_evaluates = true;  // 2020-12
};

struct Bound {
  std::string text;  // as it was written
  Decimal decimal;
  std::optional<int64_t> small;
};

// The values of one enum or const, found by their hash.
struct Choice {
  struct Item {
    uint64_t hash;
    Value value;
  };
  std::vector<Item> items;  // by hash
  bool short_list = false;  // a few strings without escapes: compared one by one
  std::string shown;        // for messages
};

class Program {
 public:
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::vector<Schema> schemas;  // the first one is the root
  std::vector<Instruction> instructions;
  std::vector<uint32_t> lists;
  std::vector<ObjectRules> objects;
  std::vector<PropertyRule> properties;
  std::vector<uint32_t> slots;  // index of a rule in its object's names, or kNone
  // For each Slot the index of its rule in the object's names, or kNone; kSlots of them together.
  std::vector<uint32_t> canonical;
  std::vector<DefaultRule> defaults;
  std::vector<PatternRule> property_patterns;
  std::vector<DependencyRule> dependencies;
  std::vector<ArrayRules> arrays;
  std::vector<std::unique_ptr<Bound>> bounds;
  std::vector<Divisor> divisors;
  std::vector<std::string> divisor_texts;
  std::vector<std::unique_ptr<Pattern>> patterns;
  std::vector<Choice> choices;

  // What $dynamicRef finds: by resource, then by name.
  struct DynamicAnchor {
    uint32_t resource, name;
    uint32_t schema;
  };
  std::vector<DynamicAnchor> dynamic_anchors;
  uint32_t dynamic_names = 0;

  // A timestamp of ours in a record is valid whatever it is, and nothing looks at it.
  bool time_unseen = false;

  std::vector<std::unique_ptr<Constant>> constants;
  std::vector<std::unique_ptr<std::string>> names;
};

}  // namespace waybill::contract
