// SPDX-License-Identifier: Apache-2.0
// Document: one JSON text (RFC 8259) as a tree that remembers where everything stands.
//
// For schemas, which are read once and must be complained about precisely. What is judged against
// them is never made into a tree (contract/value.h).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/record.h"
#include "core/result.h"

namespace waybill::contract {

// 1-based; columns count bytes.
struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

struct Node;

// Of a large container: the way to its members or elements by name or number.
struct NodeIndex {
  std::unordered_map<std::string_view, const Node*> members;
  std::vector<const Node*> elements;
};

struct Node {
  JsonType type = JsonType::kNull;
  uint32_t begin = 0;     // offset of the value's first byte in the text
  uint32_t end = 0;       // behind its last
  uint32_t count = 0;     // members or elements
  uint32_t index = 0;     // among its siblings
  std::string_view text;  // a string's characters; a number as it was written
  std::string_view key;   // of a member: its characters
  const Node* parent = nullptr;
  const Node* first = nullptr;       // of the members or elements
  const Node* next = nullptr;        // sibling
  const NodeIndex* large = nullptr;  // where there are many inside

  bool is(JsonType which) const { return type == which; }
  bool is_boolean() const { return is(JsonType::kTrue) || is(JsonType::kFalse); }
  // The member called so; null: there is none, or this is no object.
  const Node* member(std::string_view name) const;
  // An array's element; null: there is none.
  const Node* element(uint32_t number) const;
};

// Immutable once parsed; nodes live as long as the document. Not copied, not moved.
class Document {
 public:
  // As deep as a value may be that is judged (contract/instance.h): a schema is one for its
  // meta-schema.
  static constexpr uint32_t kMaxDepth = 127;

  // `name` is what errors call it: a file, a URI. Errors: not JSON, not UTF-8, a key that stands
  // twice in one object, nested too deep; each with its place.
  static Result<std::unique_ptr<Document>> parse(std::string text, std::string name);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  const Node& root() const { return nodes_.front(); }
  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }

  // The value at a JSON pointer (RFC 6901; already percent-decoded), from `start`. Null: none.
  static const Node* find(const Node& start, std::string_view pointer);
  static std::string pointer_of(const Node& node);
  Position position(uint32_t offset) const;
  // "NAME:LINE:COLUMN: what (at #POINTER)".
  Error error(const Node& node, std::string_view what) const;

 private:
  class Parser;
  Document(std::string text, std::string name) : text_(std::move(text)), name_(std::move(name)) {}

  std::string text_;
  std::string name_;
  std::deque<Node> nodes_;
  std::deque<std::string> strings_;  // those that had escapes, as contract/exact_text.h has them
  std::deque<NodeIndex> large_;
};

// Appends `/step`, escaped as RFC 6901 wants it.
void append_step(std::string& pointer, std::string_view step);

}  // namespace waybill::contract
