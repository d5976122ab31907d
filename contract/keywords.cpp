// SPDX-License-Identifier: Apache-2.0
#include "contract/keywords.h"

#include <unordered_map>

namespace waybill::contract {

namespace {

constexpr uint8_t k07 = 1;
constexpr uint8_t k2020 = 2;
constexpr uint8_t kBoth = 3;

struct Row {
  std::string_view name;
  uint8_t drafts;
  uint8_t vocabulary;
  Holds holds;
};

constexpr Row kRows[] = {
#define KEYWORD(id, name, drafts, vocabulary_, holds) \
  {name, drafts, vocabulary::vocabulary_, Holds::holds},
#include "contract/keywords.inc"
#undef KEYWORD
    {"false", 0, 0, Holds::kNothing},
};

}  // namespace

std::string_view keyword_name(Keyword keyword) { return kRows[static_cast<size_t>(keyword)].name; }
Holds keyword_holds(Keyword keyword) { return kRows[static_cast<size_t>(keyword)].holds; }

std::optional<Keyword> keyword_of(std::string_view name, const Dialect& dialect) {
  static const auto* all = [] {
    auto* map = new std::unordered_map<std::string_view, Keyword>;
    for (size_t i = 0; i < kKeywords; ++i) map->emplace(kRows[i].name, static_cast<Keyword>(i));
    return map;
  }();
  auto found = all->find(name);
  if (found == all->end()) return std::nullopt;
  const Row& row = kRows[static_cast<size_t>(found->second)];
  uint8_t draft = dialect.draft == Draft::k07 ? k07 : k2020;
  bool there = (row.drafts & draft) != 0 &&
               (dialect.draft == Draft::k07 || (row.vocabulary & dialect.vocabularies) != 0);
  return there ? std::optional(found->second) : std::nullopt;
}

}  // namespace waybill::contract
