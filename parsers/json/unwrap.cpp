// SPDX-License-Identifier: Apache-2.0
#include "parsers/json/unwrap.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/json_text.h"

namespace waybill::parsers::json {

namespace {

// Enough for "_" and any number, a comma, two quotes and a colon.
constexpr size_t kPerKey = 16;

// The characters of a key. Most are as they stand.
std::string_view key_of(Batch& batch, const Record& record, const Token& token) {
  std::string_view key{record.json + token.key, token.key_size};
  if (!token.has(Token::kKeyEscaped)) return key;
  return characters(Text(key, TextForm::kJson), batch.arena);
}

template <typename Visit>
void for_each_member(const Batch& batch, const Record& record, Visit&& visit) {
  const Token* root = batch.tokens_of(record);
  for (const Token* child = root + 1; child != root + root->span; child += child->span) {
    if (!child->has(Token::kDuplicate)) visit(*child);
  }
}

// The member of the line itself whose string is its message, or null.
const Token* message_member(const Batch& batch, const Record& record) {
  const Token* found = nullptr;
  for_each_member(batch, record, [&](const Token& child) {
    if (record.json + child.value + 1 == record.message.data) found = &child;
  });
  return found;
}

}  // namespace

std::optional<Unwrapper::Merged> Unwrapper::merge(Batch& batch, const Record& record,
                                                  ObjectReader& reader) {
  char* text = batch.arena.allocate(record.message.size + kPadding);
  char* end = decode_json(record.message.bytes(), text);
  while (end > text && static_cast<unsigned char>(end[-1]) <= ' ') --end;
  std::memset(end, 0, kPadding);
  if (end == text || end[-1] != '}') return std::nullopt;
  size_t tokens = batch.tokens.size();
  Record inner;
  if (!reader.walk(batch, inner, {text, static_cast<size_t>(end - text)})) return std::nullopt;
  const Token* message = message_member(batch, record);
  if (inner.token_count == 1 || message == nullptr) {
    batch.tokens.resize(tokens);
    return std::nullopt;
  }
  Merged made;
  made.json = merged(batch, record, inner, message);
  const Token* root = batch.tokens_of(inner);
  for (const Token* child = root + 1; child != root + root->span; child += child->span) {
    ++made.inner;
  }
  batch.tokens.resize(tokens);
  return made;
}

// The first number that makes "<key>_<number>" a name of its own.
int Unwrapper::free_suffix(std::string_view key) {
  for (int suffix = 2;; ++suffix) {
    name_.assign(key).append("_").append(std::to_string(suffix));
    if (!std::binary_search(all_.begin(), all_.end(), name_)) return suffix;
  }
}

std::string_view Unwrapper::merged(Batch& batch, const Record& outer, const Record& inner,
                                   const Token* message) {
  inner_.clear();
  for_each_member(batch, inner,
                  [&](const Token& child) { inner_.push_back(key_of(batch, inner, child)); });
  std::sort(inner_.begin(), inner_.end());
  all_ = inner_;
  const Token* root = batch.tokens_of(inner);
  size_t size = root->value_size + kPadding;
  for_each_member(batch, outer, [&](const Token& child) {
    all_.push_back(key_of(batch, outer, child));
    size += child.key_size + child.value_size + kPerKey;
  });
  std::sort(all_.begin(), all_.end());

  char* json = batch.arena.allocate(size);
  char* out = json;
  auto put = [&](std::string_view bytes) { out = std::copy(bytes.begin(), bytes.end(), out); };
  put({inner.json + root->value, root->value_size - 1});  // without its closing bracket
  for_each_member(batch, outer, [&](const Token& child) {
    if (&child == message) return;
    put(",\"");
    put({outer.json + child.key, child.key_size});
    std::string_view key = key_of(batch, outer, child);
    if (std::binary_search(inner_.begin(), inner_.end(), key)) {
      *out++ = '_';
      out = std::to_chars(out, out + 10, free_suffix(key)).ptr;
    }
    put("\":");
    put({outer.json + child.value, child.value_size});
  });
  *out++ = '}';
  std::memset(out, 0, kPadding);
  return {json, static_cast<size_t>(out - json)};
}

}  // namespace waybill::parsers::json
