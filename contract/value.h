// SPDX-License-Identifier: Apache-2.0
// Value: what is judged, wherever it is: a token of a JSON line with all inside it, a text or
// number out of a record's own place, or an object whose members are listed. Nothing is copied for
// it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "contract/canonical_slots.h"
#include "contract/decimal.h"
#include "core/record.h"
#include "core/text.h"

namespace waybill::contract {

struct Entry;

// The members of an object that has no JSON text. They may be listed only when somebody asks.
class Listing {
 public:
  virtual ~Listing() = default;
  const Entry* begin() const { return listed(), entries_; }
  uint32_t count() const { return listed(), count_; }

 protected:
  void set(const Entry* entries, uint32_t count) const {
    entries_ = entries;
    count_ = count;
    ready_ = true;
  }
  void forget() { ready_ = false; }
  // Calls set().
  virtual void list() const {}

 private:
  void listed() const {
    if (!ready_) list();
  }
  mutable const Entry* entries_ = nullptr;
  mutable uint32_t count_ = 0;
  mutable bool ready_ = true;
};

// A view; whatever it is made of must outlive it. 32 bytes, passed by reference.
class Value {
 public:
  Value() = default;  // null

  // A token over `json` (core/record.h). `skip`: flags of members and elements that are not there:
  // Token::kDuplicate for a line as it came, Token::kCut for what a record has left of it.
  static Value of(const char* json, const Token& token, uint8_t skip) {
    Value value;
    value.type_ = token.type;
    value.base_ = json;
    value.inside_ = &token;
    value.skip_ = skip;
    value.kind_ = Kind::kToken;
    return value;
  }
  static Value string(Text text) {
    Value value;
    value.type_ = JsonType::kString;
    value.base_ = text.data;
    value.size_ = text.size;
    value.form_ = text.form;
    return value;
  }
  // A number as JSON text, or one of the words: then `json` is not looked at.
  static Value scalar(JsonType type, std::string_view json) {
    Value value;
    value.type_ = type;
    value.base_ = json.data();
    value.size_ = static_cast<uint32_t>(json.size());
    return value;
  }
  static Value listed(const Listing& listing) {
    Value value;
    value.type_ = JsonType::kObject;
    value.inside_ = &listing;
    value.kind_ = Kind::kListed;
    return value;
  }

  JsonType type() const { return type_; }
  bool is(JsonType type) const { return type_ == type; }
  // Whether both are views of the very same bytes, not just of equal ones.
  bool is_same_place(const Value& other) const {
    return kind_ == other.kind_ && inside_ == other.inside_ && base_ == other.base_;
  }

  // The members of a listed object; null for any other value.
  const Listing* as_listing() const { return kind_ == Kind::kListed ? &listing() : nullptr; }
  // Which value this is, among all that are judged together, with text_size(); null for a word that
  // stands nowhere.
  const void* identity() const { return kind_ == Kind::kText ? base_ : inside_; }
  // Of a text or number out of a record's own place; else 0.
  uint32_t text_size() const { return size_; }
  // The token that it is a view of; null for any other.
  const Token* in_line() const { return kind_ == Kind::kToken ? &token() : nullptr; }

  // Of a string: its inside. Of a number: as it is written.
  Text text() const {
    if (kind_ == Kind::kText) return {base_, size_, form_};
    const Token& t = token();
    return {base_ + t.value + 1, t.value_size - 2,
            t.has(Token::kValueEscaped) ? TextForm::kJson : TextForm::kClean};
  }
  std::string_view number() const {
    if (kind_ == Kind::kText) return {base_, size_};
    return {base_ + token().value, token().value_size};
  }

  // Calls visit(Text key, const Value&) for each member, or visit(const Value&) for each element,
  // until it returns false. Returns whether it never did.
  template <typename Visit>
  bool each_member(Visit&& visit) const;
  template <typename Visit>
  bool each_element(Visit&& visit) const;
  uint32_t count() const;  // members or elements
  // What walking all of it costs, about, in steps.
  uint64_t weight() const {
    if (kind_ == Kind::kToken) return token().span + token().value_size / 64;
    return kind_ == Kind::kListed ? listing().count() + 1 : 1 + size_ / 64;
  }

  // The same one after the other: `at` begins as kStart; false behind the last one. An element has
  // no key.
  static constexpr const void* kStart = nullptr;
  bool next(const void*& at, Text& key, Value& inner) const;

  // As JSON, for messages; cut off after some bytes.
  std::string shown() const;

 private:
  enum class Kind : uint8_t { kText, kToken, kListed };
  const Token& token() const { return *static_cast<const Token*>(inside_); }
  const Listing& listing() const { return *static_cast<const Listing*>(inside_); }

  const char* base_ = nullptr;    // what a token counts from, or the text
  const void* inside_ = nullptr;  // a Token or a Listing
  uint32_t size_ = 0;             // of the text
  JsonType type_ = JsonType::kNull;
  Kind kind_ = Kind::kText;
  uint8_t skip_ = 0;
  TextForm form_ = TextForm::kClean;
};

// A member of a listed object. No two of one object have equal keys.
struct Entry {
  Text key;
  Value value;
  Slot slot = Slot::kNone;  // of a record's own members
  // Written in its canonical form by ourselves: what holds for all of that form (proven.h) need not
  // be asked of it.
  bool ours = false;
};

template <typename Visit>
bool Value::each_member(Visit&& visit) const {
  if (kind_ == Kind::kListed) {
    const Entry* entry = listing().begin();
    for (const Entry* end = entry + listing().count(); entry != end; ++entry) {
      if (!visit(entry->key, entry->value)) return false;
    }
    return true;
  }
  const Token* end = &token() + token().span;
  for (const Token* child = &token() + 1; child != end; child += child->span) {
    if ((child->flags & skip_) != 0) continue;
    Text key(base_ + child->key, child->key_size,
             child->has(Token::kKeyEscaped) ? TextForm::kJson : TextForm::kClean);
    if (!visit(key, Value::of(base_, *child, skip_))) return false;
  }
  return true;
}

template <typename Visit>
bool Value::each_element(Visit&& visit) const {
  const Token* end = &token() + token().span;
  for (const Token* child = &token() + 1; child != end; child += child->span) {
    if (!visit(Value::of(base_, *child, skip_))) return false;
  }
  return true;
}

// The characters of a text: as they stand, or decoded into `scratch`.
std::string_view decoded_escapes(Text text, std::string& scratch);
inline std::string_view decoded(Text text, std::string& scratch) {
  return text.form == TextForm::kJson ? decoded_escapes(text, scratch) : text.bytes();
}
// How many code points the text has; an unpaired surrogate is one.
uint32_t code_points(Text text);

// What comparing may cost: steps taken off as values are walked. It stops when they are used up.
struct Steps {
  uint64_t left = 0;
  // For looking at so many bytes.
  bool take_bytes(size_t size) { return take(1 + size / 64); }
  bool take(uint64_t count = 1) {
    if (left < count) {
      left = 0;
      return false;
    }
    left -= count;
    return true;
  }
};

// Whether both are the same JSON value: numbers by their value, strings by characters, objects
// whatever the order of members. False, too, once `steps` are used up.
bool equal(const Value& a, const Value& b, Steps& steps);
// Equal values have equal hashes.
uint64_t hash_of(const Value& value);

// Of characters. Up to 8 of them have their hash for themselves among all of their size.
constexpr size_t kOwnHash = 8;
inline uint64_t mix_hash(uint64_t a, uint64_t b) {
  uint64_t x = (a ^ b) * 0x9E3779B97F4A7C15u;
  return x ^ x >> 29;
}
inline uint64_t hash_of(std::string_view characters) {
  const char* at = characters.data();
  size_t size = characters.size();
  auto load = [](const char* from, auto word) {
    std::memcpy(&word, from, sizeof word);
    return word;
  };
  uint64_t hash = mix_hash(0x2545F4914F6CDD1Du, size);
  if (size >= 8) {
    for (size_t i = 0; i + 8 < size; i += 8) hash = mix_hash(hash, load(at + i, uint64_t{}));
    return mix_hash(hash, load(at + size - 8, uint64_t{}));
  }
  uint64_t word = 0;
  if (size >= 4) {
    word = uint64_t{load(at, uint32_t{})} << 32 | load(at + size - 4, uint32_t{});
  } else {
    for (size_t i = 0; i < size; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
  }
  return mix_hash(hash, word);
}

}  // namespace waybill::contract
