// SPDX-License-Identifier: Apache-2.0
// Names in the context that clash: a line's own `context` object is merged with the other members.
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "core/canonical.h"
#include "core/json_text.h"

namespace waybill {

namespace {

std::string decoded(Text text) {
  Buffer out;
  append_characters(out, text);
  return std::string(out.view());
}

// Whether `other` reads as `key` with "_<suffix>" behind it (nothing for 0). Keys with escapes are
// rare: only those are decoded.
bool reads_as(Text other, Text key, int suffix) {
  char tail[12] = "_";
  size_t size = 0;
  if (suffix != 0)
    size = static_cast<size_t>(std::to_chars(tail + 1, tail + 12, suffix).ptr - tail);
  auto equal = [&](std::string_view text, std::string_view head) {
    return text.size() == head.size() + size && text.starts_with(head) &&
           text.ends_with(std::string_view(tail, size));
  };
  if (other.form != TextForm::kJson && key.form != TextForm::kJson) {
    return equal(other.bytes(), key.bytes());
  }
  return equal(decoded(other), decoded(key));
}

// Equal for keys that read equal.
uint64_t hash_of(Text key, int suffix = 0) {
  if (suffix == 0 && key.form != TextForm::kJson) return XXH3_64bits(key.data, key.size);
  std::string text = decoded(key);
  if (suffix != 0) text += "_" + std::to_string(suffix);
  return XXH3_64bits(text.data(), text.size());
}

// Whether any member of the line reads so, but for `self`.
bool in_line(const Batch& batch, const Record& record, Text key, int suffix, const Token* self) {
  bool found = false;
  auto look = [&](const Member& other) {
    found = found || (other.token != self && reads_as(other.key, key, suffix));
  };
  if (record.token_count > 0) {
    const Token* root = batch.tokens_of(record);
    const Token* own = record.own_context != 0 ? root + record.own_context : nullptr;
    for_each_inside(record, root, [&](const Member& other) {
      if (own == nullptr || other.token != own) look(other);
    });
    if (own != nullptr) for_each_inside(record, own, look);
  }
  for (const Field& field : batch.fields_of(record)) {
    if (!field.cut && reads_as(field.key, key, suffix)) found = true;
  }
  return found;
}

}  // namespace

detail::KeyIndex::KeyIndex(const Batch& batch, const Record& record, const Token* own_context) {
  for_each_inside(record, own_context,
                  [&](const Member& own) { own_.push_back(hash_of(own.key)); });
  line_ = own_;
  const Token* root = batch.tokens_of(record);
  for_each_inside(record, root, [&](const Member& other) {
    if (other.token != own_context) line_.push_back(hash_of(other.key));
  });
  for (const Field& field : batch.fields_of(record)) {
    if (!field.cut) line_.push_back(hash_of(field.key));
  }
  std::sort(own_.begin(), own_.end());
  std::sort(line_.begin(), line_.end());
}

bool detail::KeyIndex::own_may_have(Text key) const {
  return std::binary_search(own_.begin(), own_.end(), hash_of(key));
}

bool detail::KeyIndex::line_may_have(Text key, int suffix) const {
  return std::binary_search(line_.begin(), line_.end(), hash_of(key, suffix));
}

int detail::clash_suffix(const Batch& batch, const Record& record, const Token* own_context,
                         const Member& member, const KeyIndex* index) {
  if (index != nullptr && !index->own_may_have(member.key)) return 0;
  bool clash = false;
  for_each_inside(record, own_context, [&](const Member& other) {
    clash = clash || reads_as(other.key, member.key, 0);
  });
  if (!clash) return 0;
  int suffix = 2;
  auto taken = [&] {
    if (index != nullptr && !index->line_may_have(member.key, suffix)) return false;
    return in_line(batch, record, member.key, suffix, member.token);
  };
  while (taken()) ++suffix;
  return suffix;
}

Member detail::level_text_member(const Batch& batch, const Record& record) {
  Member member;
  member.key = Text("level_text", TextForm::kClean);
  member.type = JsonType::kString;
  member.text = record.level_text;
  if (!in_line(batch, record, member.key, 0, nullptr)) return member;
  // Beside the line's own `context` another one may be called level_text_2 already.
  member.suffix = 2;
  if (record.own_context != 0) {
    const Token* root = batch.tokens_of(record);
    for_each_inside(record, root, [&](const Member& other) {
      if (!reads_as(other.key, member.key, 0)) return;
      member.suffix = clash_suffix(batch, record, root + record.own_context, other, nullptr) + 1;
    });
    if (member.suffix < 2) member.suffix = 2;
  }
  while (in_line(batch, record, member.key, member.suffix, nullptr)) ++member.suffix;
  return member;
}

}  // namespace waybill
