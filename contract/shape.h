// SPDX-License-Identifier: Apache-2.0
// Shape: what the values at one place have in common: their types, texts, members, elements.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contract/findings.h"
#include "contract/value.h"

namespace waybill::contract {

// What the shapes of one draft share: how many there may be, and scratch memory.
struct ShapeBudget {
  static constexpr size_t kMostShapes = 20'000;
  size_t shapes = 0;
  bool full() const { return shapes >= kMostShapes; }

  LogPlace place;  // of the value at work
  std::string key, text;
};

// Types as schemas have them.
enum class ShapeType : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };
constexpr size_t kShapeTypes = 6;
std::string_view shape_type_name(ShapeType type);

// What all texts at a place may have in common; as bits.
enum class TextKind : uint8_t {
  kDateTime,
  kDate,
  kTime,
  kDuration,
  kUuid,
  kIpv4,
  kIpv6,
  kEmail,
  kUri,
  kTraceId,  // 32 hex digits in lower case
  kSpanId,   // 16
};
constexpr uint32_t bit_of(TextKind kind) { return 1u << static_cast<unsigned>(kind); }
// The `format` that says so; empty: there is none.
std::string_view format_of_kind(TextKind kind);

class Shape {
 public:
  // Deeper values are not looked into.
  static constexpr uint32_t kMostDepth = 60;
  // Different texts that an enum may have, and how long.
  static constexpr size_t kMostTexts = 12;
  static constexpr size_t kLongestText = 40;
  static constexpr size_t kMostExamples = 3;
  // Members of one object that are told apart: those that look like ids, and others.
  static constexpr size_t kMostIds = 200;
  static constexpr size_t kMostMembers = 1000;
  // So few are kept apart, even when they look like ids.
  static constexpr size_t kFewIds = 20;

  struct Member;

  Shape() = default;
  Shape(Shape&&) = default;
  Shape& operator=(Shape&&) = default;

  void add(const Value& value, ShapeBudget& budget, uint32_t depth = 0);
  // When nothing more comes: puts members that look like ids together, here and inside.
  void finish(ShapeBudget& budget);

  uint64_t count() const { return count_; }
  uint64_t count(ShapeType type) const { return counts_[static_cast<size_t>(type)]; }
  LogPlace first(ShapeType type) const { return firsts_[static_cast<size_t>(type)]; }
  bool integers() const { return fractions_ == 0; }  // no number with a fraction came

  // Of strings.
  bool all_are(TextKind kind) const {
    return count(ShapeType::kString) > 0 && (kinds_ & bit_of(kind)) != 0;
  }
  // All different texts, in the order of their first appearance; empty: too many, or too long.
  const std::vector<std::string>& texts() const { return texts_; }
  uint64_t last_new_text() const { return last_new_text_; }  // how many strings there were then
  // The first different scalars, as JSON.
  const std::vector<std::string>& examples() const { return examples_; }

  // Of objects. In the order of their first appearance.
  const std::vector<std::unique_ptr<Member>>& members() const { return members_; }
  // What members that are not kept apart have in common; null: there are none.
  const Shape* rest() const { return rest_.get(); }
  uint64_t rest_keys() const { return rest_keys_; }  // that were kept apart before, at least
  // Some members were not looked at: there was no room for more shapes.
  bool overflowed() const { return overflowed_; }
  // Of arrays; null: all were empty, or there was no room.
  const Shape* items() const { return items_.get(); }
  bool too_deep() const { return too_deep_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return hash_of(text); }
  };

  void add_text(const Value& value, ShapeBudget& budget);
  void add_object(const Value& value, ShapeBudget& budget, uint32_t depth);
  Shape* member(std::string_view key, size_t& expected, ShapeBudget& budget);
  void keep_example(std::string json);
  void make_room(ShapeBudget& budget);
  void collapse(ShapeBudget& budget, bool all);
  bool ids_among_rare() const;
  bool rare(const Member& member) const;
  // What `other` has seen, this one has seen as well then.
  void merge(Shape&& other, ShapeBudget& budget);
  void merge_texts(Shape&& other);
  void merge_members(Shape&& other, ShapeBudget& budget);
  static void merge_inner(std::unique_ptr<Shape>& mine, std::unique_ptr<Shape> theirs,
                          ShapeBudget& budget);

  uint64_t count_ = 0;
  std::array<uint64_t, kShapeTypes> counts_{};
  std::array<LogPlace, kShapeTypes> firsts_{};
  uint64_t fractions_ = 0;
  uint32_t kinds_ = UINT32_MAX;
  bool many_texts_ = false;
  bool overflowed_ = false;
  bool too_deep_ = false;
  uint64_t last_new_text_ = 0;
  std::vector<std::string> texts_;
  std::vector<std::string> examples_;
  std::vector<std::unique_ptr<Member>> members_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> index_;
  std::unique_ptr<Shape> rest_;
  uint64_t rest_keys_ = 0;
  std::unique_ptr<Shape> items_;
};

struct Shape::Member {
  std::string key;
  Shape shape;
};

}  // namespace waybill::contract
