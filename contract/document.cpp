// SPDX-License-Identifier: Apache-2.0
#include "contract/document.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <optional>
#include <unordered_set>

#include "contract/exact_text.h"
#include "contract/uri.h"
#include "core/ascii.h"
#include "core/json_text.h"

namespace waybill::contract {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The end of the number that begins at `at`, or npos.
size_t number_end(std::string_view text, size_t at) {
  auto peek = [&] { return at < text.size() ? text[at] : '\0'; };
  auto digits = [&] {
    size_t before = at;
    while (is_digit(peek())) ++at;
    return at > before;
  };
  if (peek() == '-') ++at;
  if (peek() == '0') {
    ++at;
  } else if (!digits()) {
    return std::string_view::npos;
  }
  if (peek() == '.' && (++at, !digits())) return std::string_view::npos;
  if (peek() == 'e' || peek() == 'E') {
    ++at;
    if (peek() == '+' || peek() == '-') ++at;
    if (!digits()) return std::string_view::npos;
  }
  return at;
}

}  // namespace

const Node* Node::member(std::string_view name) const {
  if (type != JsonType::kObject) return nullptr;
  if (large != nullptr) {
    auto found = large->members.find(name);
    return found != large->members.end() ? found->second : nullptr;
  }
  for (const Node* child = first; child != nullptr; child = child->next) {
    if (child->key == name) return child;
  }
  return nullptr;
}

const Node* Node::element(uint32_t number) const {
  if (type != JsonType::kArray || number >= count) return nullptr;
  if (large != nullptr) return large->elements[number];
  const Node* child = first;
  while (number-- > 0) child = child->next;
  return child;
}

// Recursive descent; the depth is bounded by kMaxDepth.
class Document::Parser {
 public:
  explicit Parser(Document& document) : document_(document), text_(document.text_) {}

  std::optional<Error> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    document_.nodes_.emplace_back();
    blanks();
    if (value(document_.nodes_.front(), 0)) {
      blanks();
      if (at_ != text_.size()) fault("text behind the end of the JSON value: remove it");
    }
    return std::move(error_);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool fault(std::string_view what) { return fault_at(at_, what); }
  bool fault_at(size_t at, std::string_view what) {
    Position place = document_.position(static_cast<uint32_t>(at));
    error_ = Error{Action::kFixConfig,
                   fmt::format("{}:{}:{}: {}", document_.name_, place.line, place.column, what)};
    return false;
  }

  bool value(Node& node, uint32_t depth) {
    node.begin = static_cast<uint32_t>(at_);
    bool done = value_inside(node, depth);
    node.end = static_cast<uint32_t>(at_);
    return done;
  }

  bool value_inside(Node& node, uint32_t depth) {
    switch (peek()) {
      case '{': return container(node, depth, JsonType::kObject, '}');
      case '[': return container(node, depth, JsonType::kArray, ']');
      case '"': node.type = JsonType::kString; return string(node.text);
      case 't': return word(node, "true", JsonType::kTrue);
      case 'f': return word(node, "false", JsonType::kFalse);
      case 'n': return word(node, "null", JsonType::kNull);
      default: break;
    }
    if (at_ == text_.size()) return fault("not JSON: the text ends where a value should begin");
    size_t end = number_end(text_, at_);
    if (end == text_.npos) return fault("not JSON: no value begins here");
    node.type = JsonType::kNumber;
    node.text = text_.substr(at_, end - at_);
    at_ = end;
    return true;
  }

  bool word(Node& node, std::string_view expected, JsonType type) {
    if (!text_.substr(at_).starts_with(expected)) return fault("not JSON: no value begins here");
    node.type = type;
    at_ += expected.size();
    return true;
  }

  bool container(Node& node, uint32_t depth, JsonType type, char close) {
    if (depth == kMaxDepth) {
      return fault(fmt::format("nested deeper than {} levels: make it flatter", kMaxDepth));
    }
    node.type = type;
    ++at_;
    blanks();
    if (peek() == close) return ++at_, true;
    std::unordered_set<std::string_view> keys;
    Node* last = nullptr;
    while (true) {
      Node& child = document_.nodes_.emplace_back();
      child.parent = &node;
      child.index = node.count++;
      (last == nullptr ? node.first : last->next) = &child;
      last = &child;
      if (type == JsonType::kObject && !key(child, keys)) return false;
      if (!value(child, depth + 1)) return false;
      blanks();
      if (peek() == close) {
        ++at_;
        if (node.count > kMostWalked) index(node);
        return true;
      }
      if (peek() != ',') {
        return fault(fmt::format("not JSON: a comma or '{}' is wanted here", close));
      }
      ++at_;
      blanks();
    }
  }

  // More siblings than that are not walked to find one.
  static constexpr uint32_t kMostWalked = 16;
  void index(Node& node) {
    NodeIndex& large = document_.large_.emplace_back();
    for (const Node* child = node.first; child != nullptr; child = child->next) {
      if (node.is(JsonType::kObject)) {
        large.members.emplace(child->key, child);
      } else {
        large.elements.push_back(child);
      }
    }
    node.large = &large;
  }

  bool key(Node& child, std::unordered_set<std::string_view>& keys) {
    size_t begin = at_;
    if (peek() != '"') return fault("not JSON: a key in quotes is wanted here");
    if (!string(child.key)) return false;
    if (!keys.insert(child.key).second) {
      return fault_at(begin, fmt::format("the key \"{}\" stands twice in this object: remove one",
                                         shown_text(child.key)));
    }
    blanks();
    if (peek() != ':') return fault("not JSON: a colon is wanted here");
    ++at_;
    blanks();
    return true;
  }

  bool string(std::string_view& out) {
    size_t begin = ++at_;
    bool escaped = false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return fault("not JSON: a control character inside a string: write it as \\uXXXX");
      }
      if (text_[at_] == '\\') {
        escaped = true;
        ++at_;
      }
      ++at_;
    }
    if (at_ >= text_.size()) return fault_at(begin - 1, "not JSON: this string has no end");
    out = text_.substr(begin, at_ - begin);
    ++at_;
    if (!escaped) return true;
    if (!is_json_inside(out)) return fault_at(begin, "not JSON: a wrong escape in this string");
    std::string& decoded = document_.strings_.emplace_back(out.size(), '\0');
    char* end = decode_exactly(out, decoded.data());
    decoded.resize(static_cast<size_t>(end - decoded.data()));
    out = decoded;
    return true;
  }

  Document& document_;
  std::string_view text_;
  size_t at_ = 0;
  std::optional<Error> error_;
};

Result<std::unique_ptr<Document>> Document::parse(std::string text, std::string name) {
  if (text.size() > UINT32_MAX / 2) {
    return Error{Action::kFixConfig, name + ": larger than 2 GiB: too large for a schema"};
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return Error{Action::kFixConfig, name + ": not UTF-8: save it as UTF-8"};
  }
  std::unique_ptr<Document> document(new Document(std::move(text), std::move(name)));
  if (auto error = Parser(*document).run()) return std::move(*error);
  return document;
}

const Node* Document::find(const Node& start, std::string_view pointer) {
  const Node* node = &start;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    size_t end = std::min(pointer.find('/', 1), pointer.size());
    std::string_view raw = pointer.substr(1, end - 1);
    pointer.remove_prefix(end);
    if (node->is(JsonType::kArray)) {
      uint32_t index = 0;
      auto [stop, code] = std::from_chars(raw.data(), raw.data() + raw.size(), index);
      bool plain = code == std::errc() && stop == raw.data() + raw.size() &&
                   (raw.size() == 1 || raw.front() != '0');
      node = plain ? node->element(index) : nullptr;
      if (node == nullptr) return nullptr;
      continue;
    }
    node = node->member(name_of_step(raw));
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::string Document::pointer_of(const Node& node) {
  if (node.parent == nullptr) return {};
  std::string pointer = pointer_of(*node.parent);
  if (node.parent->is(JsonType::kArray)) {
    append_step(pointer, std::to_string(node.index));
  } else {
    append_step(pointer, node.key);
  }
  return pointer;
}

Position Document::position(uint32_t offset) const {
  Position place;
  std::string_view before = std::string_view(text_).substr(0, offset);
  for (char c : before) {
    ++place.column;
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    }
  }
  return place;
}

Error Document::error(const Node& node, std::string_view what) const {
  Position place = position(node.begin);
  return Error{Action::kFixConfig,
               shown_text(fmt::format("{}:{}:{}: {} (at #{})", name_, place.line, place.column,
                                      what, pointer_of(node)))};
}

void append_step(std::string& pointer, std::string_view step) {
  pointer += '/';
  for (char c : step) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace waybill::contract
