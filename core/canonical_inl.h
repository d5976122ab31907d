// SPDX-License-Identifier: Apache-2.0
// Bodies of core/canonical.h's templates.
#pragma once

#include <optional>
#include <vector>

#include "core/canonical.h"

namespace waybill {

namespace detail {

inline Member member_of(const Record& record, const Token& token) {
  Member member;
  if (token.has(Token::kHasKey)) {
    member.key = Text(record.json + token.key, token.key_size,
                      token.has(Token::kKeyEscaped) ? TextForm::kJson : TextForm::kClean);
  }
  member.type = token.type;
  member.json = {record.json + token.value, token.value_size};
  if (token.type == JsonType::kString) {
    member.text = Text(record.json + token.value + 1, token.value_size - 2,
                       token.has(Token::kValueEscaped) ? TextForm::kJson : TextForm::kClean);
  }
  member.token = &token;
  return member;
}

inline Member member_of(const Field& field) {
  Member member;
  member.key = field.key;
  member.type = field.type;
  member.text = field.value;
  if (field.type != JsonType::kString) member.json = field.value.bytes();
  return member;
}

// The keys of a line that has its own `context` object, to be asked fast: with thousands of them on
// both sides, comparing each with each takes seconds. "May": equal hashes are no proof.
class KeyIndex {
 public:
  KeyIndex(const Batch& batch, const Record& record, const Token* own_context);
  bool own_may_have(Text key) const;
  bool line_may_have(Text key, int suffix) const;

 private:
  std::vector<uint64_t> own_, line_;  // sorted
};
// Tokens of an own `context` from which on an index is worth its allocations.
constexpr uint32_t kIndexedContext = 64;

// The suffix that keeps `member`, of the root, apart from the members of the line's own `context`
// object and from all others of the root; 0 when none is needed. `index`: may be null.
int clash_suffix(const Batch& batch, const Record& record, const Token* own_context,
                 const Member& member, const KeyIndex* index);
// `level_text`, apart from any member of the context that is called so.
Member level_text_member(const Batch& batch, const Record& record);

}  // namespace detail

template <typename Visit>
void for_each_inside(const Record& record, const Token* container, Visit&& visit) {
  const Token* end = container + container->span;
  for (const Token* child = container + 1; child != end; child += child->span) {
    if (!child->has(Token::kCut)) visit(detail::member_of(record, *child));
  }
}

template <typename Visit>
void for_each_context_member(const Batch& batch, const Record& record, Visit&& visit) {
  if (record.token_count > 0) {
    const Token* root = batch.tokens_of(record);
    const Token* own = record.own_context != 0 ? root + record.own_context : nullptr;
    std::optional<detail::KeyIndex> index;
    if (own != nullptr) for_each_inside(record, own, visit);
    if (own != nullptr && own->span > detail::kIndexedContext) index.emplace(batch, record, own);
    for_each_inside(record, root, [&](Member member) {
      if (member.token == own) return;
      if (own != nullptr)
        member.suffix = detail::clash_suffix(batch, record, own, member, index ? &*index : nullptr);
      visit(member);
    });
  }
  for (const Field& field : batch.fields_of(record)) {
    if (!field.cut) visit(detail::member_of(field));
  }
  if (record.level_text) visit(detail::level_text_member(batch, record));
}

}  // namespace waybill
