// SPDX-License-Identifier: Apache-2.0
// What is told of a value that breaks a schema: what was expected, what stands there.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "contract/exact_text.h"
#include "contract/run.h"

namespace waybill::contract {

namespace {

std::string types_of(uint32_t types) {
  constexpr std::pair<uint32_t, std::string_view> names[] = {
      {type_bit(JsonType::kNull), "null"},     {type_bit(JsonType::kTrue), "boolean"},
      {type_bit(JsonType::kNumber), "number"}, {kIntegerBit, "integer"},
      {type_bit(JsonType::kString), "string"}, {type_bit(JsonType::kArray), "array"},
      {type_bit(JsonType::kObject), "object"},
  };
  std::string all;
  for (const auto& [bit, name] : names) {
    if ((types & bit) != 0) all += fmt::format("{}{}", all.empty() ? "" : " or ", name);
  }
  return all;
}

std::string_view bound_words(Keyword keyword) {
  switch (keyword) {
    case Keyword::kMinimum: return "at least";
    case Keyword::kExclusiveMinimum: return "more than";
    case Keyword::kMaximum: return "at most";
    default: return "less than";
  }
}

}  // namespace

void Run::tell(const Place& place, Keyword keyword, Told told) {
  Violation& one = violations_->emplace_back();
  one.path = shown_text(place.pointer());
  one.keyword = keyword_name(keyword);
  one.expected = shown_text(told.expected);
  one.got = shown_text(told.got);
  one.time = told.time;
  one.message = fmt::format("expected {}, got {}", one.expected, one.got);
  // What is told of alternatives is mostly thrown away again.
  steps_.take(4 + (one.path.size() + one.message.size()) / 16);
}

// Of alternatives that all fail, what is wrong under the one that the value comes nearest to: it
// got furthest inside, or at least had the right type. Alternatives inside of alternatives are
// looked into so far and no further: each level multiplies what is to be done.
Run::Told Run::nearest(const Instruction& code, const Value& value, const Place& place) {
  constexpr uint32_t kMostInside = 2;
  Told all{
      code.b == 1 ? "the alternative to fit" : fmt::format("one of {} alternatives to fit", code.b),
      value.shown()};
  steps_.take(value.weight());
  if (nearest_ == kMostInside) return all;
  ++nearest_;
  const std::string here = shown_text(place.pointer());
  std::vector<Violation>* told = violations_;
  size_t most = std::exchange(most_violations_, 1);
  Violation best;
  size_t best_rank = 0;
  for (uint32_t i = 0; i < code.b && !exhausted(); ++i) {
    std::vector<Violation> own;
    violations_ = &own;
    schema(program_.lists[code.a + i], value, place, {});
    if (own.empty()) continue;
    all.time |= own.front().time && own.front().path == here;
    size_t rank = own.front().path.size() * 2 + (own.front().keyword != "type") + 1;
    if (rank > best_rank) best = std::move(own.front());
    best_rank = std::max(rank, best_rank);
  }
  most_violations_ = most;
  violations_ = told;
  --nearest_;
  if (best.message.empty()) return all;
  std::string inside = best.path.substr(std::min(here.size(), best.path.size()));
  all.got += fmt::format("; nearest: {}{}{}", inside, inside.empty() ? "" : ": ", best.message);
  return all;
}

Run::Told Run::message(const Instruction& code, const Value& value) {
  std::string got = value.shown();
  steps_.take(value.weight());
  switch (code.op) {
    case Op::kFail: return {"nothing here", got};
    case Op::kType: return {types_of(code.a), got, code.b != 0};
    case Op::kEnum: {
      const Choice& choice = program_.choices[code.a];
      return {(choice.items.size() == 1 ? "" : "one of ") + choice.shown, got};
    }
    case Op::kBound:
      return {fmt::format("{} {}", bound_words(code.keyword), program_.bounds[code.a]->text), got};
    case Op::kMultiple: return {"a multiple of " + program_.divisor_texts[code.a], got};
    case Op::kLength:
      return {fmt::format("{} {} character{}",
                          code.keyword == Keyword::kMinLength ? "at least" : "at most", code.a,
                          code.a == 1 ? "" : "s"),
              fmt::format("{}: {}", code_points(value.text()), got)};
    case Op::kPattern: return {"text that matches " + program_.patterns[code.a]->written(), got};
    case Op::kFormat: return {std::string(format_name(static_cast<Format>(code.a))), got};
    case Op::kNot: return {"what is forbidden not to fit", got};
    default: return {"what fits", got};
  }
}

}  // namespace waybill::contract
