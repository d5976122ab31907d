// SPDX-License-Identifier: Apache-2.0
// What is told of a value that breaks a schema: what was expected, what stands there.
#include <fmt/format.h>

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

// Of alternatives that all fail, what is wrong under the one that the value comes nearest to: it
// got furthest inside, or at least had the right type.
std::string Run::nearest(const Instruction& code, const Value& value, const Place& place) {
  std::vector<Violation>* told = violations_;
  std::string base = place.pointer();
  Violation best;
  size_t best_rank = 0;
  for (uint32_t i = 0; i < code.b && !exhausted(); ++i) {
    std::vector<Violation> own;
    violations_ = &own;
    schema(program_.lists[code.a + i], value, place, {});
    if (own.empty()) continue;
    size_t rank = own.front().path.size() * 2 + (own.front().keyword != "type") + 1;
    if (rank > best_rank) best = std::move(own.front());
    best_rank = std::max(rank, best_rank);
  }
  violations_ = told;
  std::string text =
      fmt::format("expected {} to fit, got {}",
                  code.b == 1 ? "the alternative" : fmt::format("one of {} alternatives", code.b),
                  value.shown());
  if (best.message.empty()) return text;
  std::string inside = best.path.substr(base.size());
  return fmt::format("{}; nearest: {}{}{}", text, inside, inside.empty() ? "" : ": ", best.message);
}

std::string Run::message(const Instruction& code, const Value& value) const {
  std::string got = value.shown();
  switch (code.op) {
    case Op::kFail: return fmt::format("expected nothing here, got {}", got);
    case Op::kType: return fmt::format("expected {}, got {}", types_of(code.a), got);
    case Op::kEnum:
      return fmt::format("expected {}{}, got {}",
                         program_.choices[code.a].items.size() == 1 ? "" : "one of ",
                         program_.choices[code.a].shown, got);
    case Op::kBound:
      return fmt::format("expected {} {}, got {}", bound_words(code.keyword),
                         program_.bounds[code.a]->text, got);
    case Op::kMultiple:
      return fmt::format("expected a multiple of {}, got {}", program_.divisor_texts[code.a], got);
    case Op::kLength:
      return fmt::format("expected {} {} character{}, got {}: {}",
                         code.keyword == Keyword::kMinLength ? "at least" : "at most", code.a,
                         code.a == 1 ? "" : "s", code_points(value.text()), got);
    case Op::kPattern:
      return fmt::format("expected text that matches {}, got {}",
                         program_.patterns[code.a]->written(), got);
    case Op::kFormat:
      return fmt::format("expected {}, got {}", format_name(static_cast<Format>(code.a)), got);
    case Op::kNot: return fmt::format("expected what is forbidden not to fit, got {}", got);
    default: return fmt::format("not valid: {}", got);
  }
}

}  // namespace waybill::contract
