// SPDX-License-Identifier: Apache-2.0
// Expression: a condition on a record, as users write it.
//
//   level >= WARN and not (logger == 'poll' or context.http.status in [200, 204])
//   message =~ 'timed? out' and request_id exists
//
//   or < and < not; path (== != < <= > >=) literal, path =~ 'REGEX', path in [literal, …],
//   path exists. A literal is a text in single or double quotes, a number, true, false, null or a
//   word. Levels compare by rank; numbers, and texts that are numbers, by their value against a
//   number; texts byte by byte. A field that is missing makes every comparison false.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/identity.h"
#include "core/result.h"

namespace waybill {

// What a path leads to in one record.
struct FieldValue {
  enum class Kind : uint8_t { kMissing, kText, kNumber, kBool, kNull, kLevel, kContainer };
  Kind kind = Kind::kMissing;
  bool truth = false;
  Level level = Level::kNone;
  std::string_view text;  // characters, or a number as it is written; JSON of a container
};

// The place of a record that a dotted path names: one of its own ("message", "error.type",
// "source.path"), or below "context." a field of the line, whose key may have dots in it.
class RecordPath {
 public:
  // The Error (kFixConfig): no record has such a place.
  static Result<RecordPath> parse(std::string_view text);
  // `scratch` holds what had to be decoded: valid until it is used again.
  FieldValue find(const Batch& batch, const Record& record, const Identity& identity,
                  std::string& scratch) const;
  bool is_level() const { return place_ == kLevelPlace; }
  const std::string& text() const { return text_; }

 private:
  friend class ExpressionParser;
  static constexpr int kLevelPlace = 0, kContextPlace = 1000;
  std::string text_;
  int place_ = kContextPlace;
  std::string below_;  // of the context
};

// Immutable; any thread.
class Expression {
 public:
  // How a regular expression becomes a test, by whoever has an engine for them. The Error is about
  // the expression.
  using Matcher = std::function<bool(std::string_view)>;
  using MakeMatcher = std::function<Result<Matcher>(const std::string&)>;

  // The Error (kFixConfig) says where and what: "column 7: …".
  static Result<Expression> parse(std::string_view text, const MakeMatcher& regex);

  // Allocates nothing once `scratch` is warm.
  bool matches(const Batch& batch, const Record& record, const Identity& identity,
               std::string& scratch) const;

  // What may come out for records of this level, whatever else they hold.
  struct Outcomes {
    bool may_hold = true, may_fail = true;
  };
  Outcomes outcomes(Level level) const;

  const std::string& text() const { return text_; }

 private:
  friend class ExpressionParser;
  enum class Op : uint8_t { kAnd, kOr, kNot, kEq, kNe, kLt, kLe, kGt, kGe, kMatch, kIn, kExists };
  struct Literal {
    FieldValue::Kind kind = FieldValue::Kind::kText;
    std::string text;
    double number = 0;
    bool truth = false;
    Level level = Level::kNone;
  };
  struct Node {
    Op op = Op::kAnd;
    uint32_t left = 0, right = 0;  // of and, or; not has left alone
    RecordPath path;
    std::vector<Literal> literals;
    Matcher matcher;
  };
  bool holds(uint32_t node, const Batch& batch, const Record& record, const Identity& identity,
             std::string& scratch) const;
  static bool compare(const Node& node, const FieldValue& value);
  static bool compare(Op op, const FieldValue& value, const Literal& literal);
  Outcomes outcomes(uint32_t node, Level level) const;

  std::string text_;
  std::vector<Node> nodes_;
  uint32_t root_ = 0;
};

}  // namespace waybill
