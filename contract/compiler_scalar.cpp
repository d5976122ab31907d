// SPDX-License-Identifier: Apache-2.0
// Keywords about one value by itself.
#include <fmt/format.h>

#include <algorithm>

#include "contract/compiler.h"
#include "contract/exact_text.h"
#include "core/batch.h"
#include "core/json_walker.h"
#include "core/utf8.h"

namespace waybill::contract {

namespace {

constexpr std::pair<std::string_view, uint32_t> kTypes[] = {
    {"null", type_bit(JsonType::kNull)},
    {"boolean", type_bit(JsonType::kTrue) | type_bit(JsonType::kFalse)},
    {"number", type_bit(JsonType::kNumber)},
    {"integer", kIntegerBit},
    {"string", type_bit(JsonType::kString)},
    {"array", type_bit(JsonType::kArray)},
    {"object", type_bit(JsonType::kObject)},
};
constexpr size_t kMostShown = 120;

}  // namespace

void Compiler::types() {
  const Node* node = at(Keyword::kType);
  if (node == nullptr) return;
  uint32_t set = 0;
  auto add = [&](const Node& one) {
    for (const auto& [name, bits] : kTypes) {
      if (one.is(JsonType::kString) && one.text == name) {
        set |= bits;
        return;
      }
    }
    complain(one, fmt::format("{} is no type: null, boolean, integer, number, string, array and "
                              "object are",
                              one.is(JsonType::kString) ? fmt::format("\"{}\"", one.text)
                                                        : std::string("this")));
  };
  if (node->is(JsonType::kArray)) {
    for (const Node* one = node->first; one != nullptr; one = one->next) add(*one);
  } else {
    add(*node);
  }
  const Node* format = at(Keyword::kFormat);
  bool time = format != nullptr && format->is(JsonType::kString) && format->text == "date-time";
  emit(Op::kType, Keyword::kType, set, time ? 1 : 0);
}

void Compiler::choices(Keyword keyword) {
  const Node* node = at(keyword);
  if (node == nullptr) return;
  bool list = keyword == Keyword::kEnum;
  if (list && !node->is(JsonType::kArray)) {
    return complain(*node, "enum must be an array of the allowed values");
  }
  Choice choice;
  std::string_view written =
      registry_.resource_of(*node).document->text().substr(node->begin, node->end - node->begin);
  // As one array either way.
  const Constant* constant =
      keep_object(fmt::format("{{\"\":{}{}{}}}", list ? "" : "[", written, list ? "" : "]"));
  if (constant == nullptr) {
    return complain(
        *node, fmt::format("nested deeper than {} levels: make it flatter", JsonWalker::kMaxDepth));
  }
  Value::of(constant->text.data(), constant->tokens[1], Token::kDuplicate)
      .each_element([&](const Value& value) {
        choice.items.push_back({hash_of(value), value});
        std::string shown = value.shown();
        if (choice.shown.size() + shown.size() < kMostShown) {
          choice.shown += (choice.shown.empty() ? "" : ", ") + shown;
        } else if (!choice.shown.ends_with("…")) {
          choice.shown += ", …";
        }
        return true;
      });
  std::stable_sort(choice.items.begin(), choice.items.end(),
                   [](const auto& a, const auto& b) { return a.hash < b.hash; });
  constexpr size_t kFew = 8;
  choice.short_list = choice.items.size() <= kFew;
  for (const Choice::Item& item : choice.items) {
    choice.short_list &=
        item.value.is(JsonType::kString) && item.value.text().form == TextForm::kClean;
  }
  program_->choices.push_back(std::move(choice));
  emit(Op::kEnum, keyword, static_cast<uint32_t>(program_->choices.size() - 1));
}

const Constant* Compiler::keep_object(std::string text) {
  auto constant = std::make_unique<Constant>();
  constant->text = std::move(text);
  size_t size = constant->text.size();
  constant->text.append(kPadding, '\0');
  JsonWalker walker;
  uint32_t duplicates = 0;
  WalkOutcome outcome = walker.walk({constant->text.data(), size}, constant->tokens, duplicates);
  if (outcome != WalkOutcome::kObject) return nullptr;
  program_->constants.push_back(std::move(constant));
  return program_->constants.back().get();
}

void Compiler::bound(Keyword keyword) {
  const Node* node = at(keyword);
  if (node == nullptr) return;
  if (!node->is(JsonType::kNumber)) {
    return complain(*node, fmt::format("{} must be a number", keyword_name(keyword)));
  }
  auto made = std::make_unique<Bound>();
  made->text = node->text;
  made->decimal = Decimal(made->text);
  made->small = made->decimal.small();
  program_->bounds.push_back(std::move(made));
  emit(Op::kBound, keyword, static_cast<uint32_t>(program_->bounds.size() - 1));
}

void Compiler::multiple() {
  const Node* node = at(Keyword::kMultipleOf);
  if (node == nullptr) return;
  Decimal decimal;
  if (node->is(JsonType::kNumber)) decimal = Decimal(node->text);
  if (decimal.is_zero() || decimal.is_negative()) {
    return complain(*node, "multipleOf must be a number greater than zero");
  }
  if (decimal.digits() > Divisor::kMostDigits) {
    return complain(*node, fmt::format("multipleOf may have {} significant digits at most",
                                       Divisor::kMostDigits));
  }
  program_->divisors.emplace_back(decimal);
  program_->divisor_texts.emplace_back(node->text);
  emit(Op::kMultiple, Keyword::kMultipleOf, static_cast<uint32_t>(program_->divisors.size() - 1));
}

void Compiler::length(Keyword keyword) {
  if (auto limit = count_of(keyword)) emit(Op::kLength, keyword, *limit);
}

void Compiler::pattern() {
  const Node* node = at(Keyword::kPattern);
  if (node == nullptr) return;
  if (!node->is(JsonType::kString)) return complain(*node, "pattern must be a string");
  if (auto made = pattern_of(node->text, *node)) emit(Op::kPattern, Keyword::kPattern, *made);
}

void Compiler::format() {
  const Node* node = at(Keyword::kFormat);
  if (node == nullptr) return;
  if (!node->is(JsonType::kString)) return complain(*node, "format must be a string");
  auto known = format_of(node->text);
  if (!known || !(options_.assert_formats || resource_->dialect.asserts_formats)) return;
  emit(Op::kFormat, Keyword::kFormat, static_cast<uint32_t>(*known));
}

std::optional<uint32_t> Compiler::pattern_of(std::string_view text, const Node& node) {
  auto [found, fresh] = patterns_.emplace(text, static_cast<uint32_t>(program_->patterns.size()));
  if (!fresh) return found->second;
  // Half a surrogate pair is in no text that is matched.
  auto made = Pattern::make(shown_text(text));
  if (!made) {
    std::string_view kept = whole_characters(text, kMostShown);
    complain(node, fmt::format("the pattern {}{} {}", kept, kept.size() < text.size() ? "…" : "",
                               made.error().what));
    return std::nullopt;
  }
  program_->patterns.push_back(std::move(*made));
  return found->second;
}

std::optional<uint32_t> Compiler::count_of(Keyword keyword) {
  const Node* node = at(keyword);
  if (node == nullptr) return std::nullopt;
  Decimal decimal;
  if (node->is(JsonType::kNumber)) decimal = Decimal(node->text);
  if (!node->is(JsonType::kNumber) || decimal.is_negative() || !decimal.is_integer()) {
    complain(*node, fmt::format("{} must be an integer, 0 or more", keyword_name(keyword)));
    return std::nullopt;
  }
  auto small = decimal.small();
  constexpr int64_t kMost = kNone - 1;
  return static_cast<uint32_t>(small ? std::min(*small, kMost) : kMost);
}

}  // namespace waybill::contract
