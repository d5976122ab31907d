// SPDX-License-Identifier: Apache-2.0
#include "contract/insertion.h"

#include <algorithm>
#include <string>

#include "contract/uri.h"
#include "core/json_text.h"
#include "core/json_walker.h"

namespace waybill::contract {

namespace {

std::string_view object_of(const Constant& member) {
  return std::string_view(member.text).substr(0, member.tokens.front().value_size);
}

std::string key_of(const Record& record, const Token& token) {
  std::string_view key(record.json + token.key, token.key_size);
  if (!token.has(Token::kKeyEscaped)) return std::string(key);
  std::string decoded(key.size(), '\0');
  char* end = decode_json(key, decoded.data());
  decoded.resize(static_cast<size_t>(end - decoded.data()));
  return decoded;
}

// The member or element called so; null: none that is left of the line.
const Token* step_into(const Record& record, const Token& container, const std::string& step) {
  size_t index = 0;
  const Token* end = &container + container.span;
  for (const Token* child = &container + 1; child != end; child += child->span) {
    if (child->has(Token::kCut)) continue;
    bool is = container.type == JsonType::kObject ? key_of(record, *child) == step
                                                  : std::to_string(index++) == step;
    if (is) return child;
  }
  return nullptr;
}

const Token* find(const Record& record, const Token* from, std::string_view pointer) {
  while (!pointer.empty() && from != nullptr) {
    size_t end = std::min(pointer.find('/', 1), pointer.size());
    from = step_into(record, *from, name_of_step(pointer.substr(1, end - 1)));
    pointer.remove_prefix(end);
  }
  return from != nullptr && from->type == JsonType::kObject ? from : nullptr;
}

// `member` becomes the record's line.
void make_line(Batch& batch, Record& record, const Constant& member) {
  record.json = batch.arena.copy(object_of(member), kPadding).data();
  record.first_token = static_cast<uint32_t>(batch.tokens.size());
  record.token_count = static_cast<uint32_t>(member.tokens.size());
  batch.tokens.insert(batch.tokens.end(), member.tokens.begin(), member.tokens.end());
}

// Puts the member in as the last one of the token `container`.
bool insert(Batch& batch, Record& record, uint32_t container, const Constant& member) {
  const Token* root = batch.tokens_of(record);
  const Token& object = root[container];
  for (const Token& token : member.tokens) {
    if (object.depth + token.depth >= JsonWalker::kMaxDepth) return false;
  }
  const bool first = object.span == 1;
  std::string_view text = object_of(member);
  text = text.substr(1, text.size() - 2);                    // without its braces
  const uint32_t at = object.value + object.value_size - 1;  // the closing brace
  const auto longer = static_cast<uint32_t>(text.size()) + (first ? 0 : 1);
  const uint32_t all = root->value + root->value_size;
  std::string line(record.json, at);
  if (!first) line += ',';
  const auto begin = static_cast<uint32_t>(line.size()) - 1;  // of the member's own positions
  line += text;
  line.append(record.json + at, all - at);

  const uint32_t index = container + object.span;  // of the first new token
  const auto more = static_cast<uint32_t>(member.tokens.size()) - 1;
  const uint32_t old = record.first_token;
  const uint16_t depth = object.depth;
  const auto moved = static_cast<uint32_t>(batch.tokens.size());
  auto put_in = [&] {
    for (uint32_t i = 1; i <= more; ++i) {
      Token token = member.tokens[i];
      if (token.has(Token::kHasKey)) token.key += begin;
      token.value += begin;
      token.depth = static_cast<uint16_t>(token.depth + depth);
      batch.tokens.push_back(token);
    }
  };
  for (uint32_t i = 0; i < record.token_count; ++i) {
    if (i == index) put_in();
    Token token = batch.tokens[old + i];
    if (i <= container && i + token.span >= index) {  // the object, and what it stands in
      token.span += more;
      token.value_size += longer;
    } else if (token.value >= at) {
      token.value += longer;
    }
    if (token.has(Token::kHasKey) && token.key >= at) token.key += longer;
    batch.tokens.push_back(token);
  }
  if (index == record.token_count) put_in();
  record.first_token = moved;
  record.token_count += more;
  if (record.own_context >= index) record.own_context += more;
  record.json = batch.arena.copy(line, kPadding).data();
  return true;
}

}  // namespace

bool insert_member(Batch& batch, Record& record, std::string_view pointer, const Constant& member) {
  if (record.token_count == 0) {
    if (!pointer.empty()) return false;
    make_line(batch, record, member);
    return true;
  }
  const Token* root = batch.tokens_of(record);
  const Token* object = nullptr;
  // The line's own context comes first.
  if (record.own_context != 0) object = find(record, root + record.own_context, pointer);
  if (object == nullptr) object = find(record, root, pointer);
  if (object == nullptr) return false;
  return insert(batch, record, static_cast<uint32_t>(object - root), member);
}

bool insert_context(Batch& batch, Record& record, const Constant& member) {
  if (record.own_context != 0) return false;
  const uint32_t index = std::max(record.token_count, 1u);
  if (record.token_count == 0) {
    make_line(batch, record, member);
  } else if (!insert(batch, record, 0, member)) {
    return false;
  }
  record.own_context = index;
  return true;
}

}  // namespace waybill::contract
