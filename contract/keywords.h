// SPDX-License-Identifier: Apache-2.0
// The keywords of JSON Schema, draft 2020-12 and draft-07, and what a schema's dialect is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill::contract {

enum class Keyword : uint8_t {
#define KEYWORD(id, name, drafts, vocabulary, holds) k##id,
#include "contract/keywords.inc"
#undef KEYWORD
  kNone,  // no keyword: the schema `false` itself
};
constexpr size_t kKeywords = static_cast<size_t>(Keyword::kNone);

enum class Draft : uint8_t { k07, k2020 };

// The vocabularies of 2020-12 that have keywords with an effect, as a set.
namespace vocabulary {
constexpr uint8_t kCore = 1;
constexpr uint8_t kApplicator = 2;
constexpr uint8_t kUnevaluated = 4;
constexpr uint8_t kValidation = 8;
constexpr uint8_t kFormat = 16;
constexpr uint8_t kAll = 31;
}  // namespace vocabulary

// By which rules a schema is read: what its `$schema` says.
struct Dialect {
  Draft draft = Draft::k2020;
  uint8_t vocabularies = vocabulary::kAll;
  bool asserts_formats = false;  // by a meta-schema with the vocabulary "format-assertion"
  bool said = false;             // by `$schema`, not guessed
};

// Where in a keyword's value other schemas stand.
enum class Holds : uint8_t {
  kNothing,
  kSchema,        // it is one
  kList,          // an array of them
  kMap,           // an object whose values are
  kItems,         // one, or in draft-07 an array of them
  kDependencies,  // an object whose values are, or are arrays of names
};

std::string_view keyword_name(Keyword keyword);
Holds keyword_holds(Keyword keyword);
// The keyword called so, if the dialect has one.
std::optional<Keyword> keyword_of(std::string_view name, const Dialect& dialect);

struct Node;
// The draft of a schema that does not say it: draft-07 where it has something that only that draft
// has (`definitions`, `dependencies`, `additionalItems`, a list as `items`, a name in `$id`) and
// nothing that it has not; else `usual`.
Draft guessed_draft(const Node& schema, Draft usual);

}  // namespace waybill::contract
