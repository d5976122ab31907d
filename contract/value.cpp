// SPDX-License-Identifier: Apache-2.0
#include "contract/value.h"

#include "contract/exact_text.h"
#include "core/json_text.h"

namespace waybill::contract {

namespace {

constexpr size_t kMostShown = 60;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_low_surrogate(const char* escape, const char* end) {
  auto lower = [](char c) { return static_cast<char>(c | 0x20); };
  return end - escape >= 6 && escape[0] == '\\' && escape[1] == 'u' && lower(escape[2]) == 'd' &&
         lower(escape[3]) >= 'c' && lower(escape[3]) <= 'f';
}

bool is_high_surrogate(const char* escape) {
  auto lower = [](char c) { return static_cast<char>(c | 0x20); };
  return lower(escape[2]) == 'd' && (escape[3] == '8' || escape[3] == '9' ||
                                     lower(escape[3]) == 'a' || lower(escape[3]) == 'b');
}

// As much of a text as can be shown, and a little more; no escape and no character is torn.
Text front_of(Text text) {
  uint32_t size = 0;
  while (size < text.size && size <= kMostShown) {
    if (text.form == TextForm::kJson && text.data[size] == '\\') {
      size += text.data[size + 1] == 'u' ? 6 : 2;
    } else {
      ++size;
    }
  }
  while (size < text.size && is_continuation(text.data[size])) ++size;
  return {text.data, size, text.form};
}

bool same_text(Text a, Text b) {
  if (a.form != TextForm::kJson && b.form != TextForm::kJson) return a.bytes() == b.bytes();
  std::string scratch_a, scratch_b;
  return exact(a, scratch_a) == exact(b, scratch_b);
}

bool same_array(const Value& a, const Value& b, Steps& steps) {
  const void* at = Value::kStart;
  Text key;
  Value right;
  bool same = a.each_element([&](const Value& left) {
    return steps.take() && b.next(at, key, right) && equal(left, right, steps);
  });
  return same && !b.next(at, key, right);
}

bool same_object(const Value& a, const Value& b, Steps& steps) {
  if (a.count() != b.count()) return false;
  // Usually both have their members in the same order: each is looked for where it stands then.
  const void* at = Value::kStart;
  Text expected;
  Value right;
  return a.each_member([&](Text key, const Value& left) {
    if (b.next(at, expected, right) && same_text(key, expected)) return equal(left, right, steps);
    bool same = false;
    b.each_member([&](Text other, const Value& inner) {
      if (!steps.take()) return false;
      if (!same_text(key, other)) return true;
      same = equal(left, inner, steps);
      return false;
    });
    return same;
  });
}

}  // namespace

uint32_t Value::count() const {
  if (kind_ == Kind::kListed) return listing().count();
  uint32_t count = 0;
  const Token* end = &token() + token().span;
  for (const Token* child = &token() + 1; child != end; child += child->span) {
    count += (child->flags & skip_) == 0;
  }
  return count;
}

bool Value::next(const void*& at, Text& key, Value& inner) const {
  if (kind_ == Kind::kListed) {
    const Entry* first = listing().begin();
    const Entry* entry = at == kStart ? first : static_cast<const Entry*>(at) + 1;
    if (entry == first + listing().count()) return false;
    at = entry;
    key = entry->key;
    inner = entry->value;
    return true;
  }
  const Token* end = &token() + token().span;
  const Token* child = static_cast<const Token*>(at);
  child = at == kStart ? &token() + 1 : child + child->span;
  while (child != end && (child->flags & skip_) != 0) child += child->span;
  if (child == end) return false;
  at = child;
  key = Text(base_ + child->key, child->key_size,
             child->has(Token::kKeyEscaped) ? TextForm::kJson : TextForm::kClean);
  inner = Value::of(base_, *child, skip_);
  return true;
}

std::string Value::shown() const {
  std::string all;
  switch (type_) {
    case JsonType::kNull: return "null";
    case JsonType::kTrue: return "true";
    case JsonType::kFalse: return "false";
    case JsonType::kNumber: all = number().substr(0, kMostShown + 1); break;
    case JsonType::kString: {
      Buffer out;
      append_json(out, front_of(text()));
      all = '"' + std::string(out.view()) + '"';
      break;
    }
    case JsonType::kArray: return "an array of " + std::to_string(count());
    case JsonType::kObject:
      return count() == 1 ? "an object of 1 member"
                          : "an object of " + std::to_string(count()) + " members";
  }
  if (all.size() <= kMostShown) return all;
  size_t cut = kMostShown;
  while (cut > 0 && is_continuation(all[cut])) --cut;
  return all.substr(0, cut) + "…";
}

std::string_view decoded_escapes(Text text, std::string& scratch) {
  if (scratch.size() < text.size) scratch.resize(text.size);
  char* end = decode_json(text.bytes(), scratch.data());
  return {scratch.data(), static_cast<size_t>(end - scratch.data())};
}

uint32_t code_points(Text text) {
  uint32_t count = 0;
  const char* end = text.data + text.size;
  if (text.form != TextForm::kJson) {
    for (const char* at = text.data; at != end; ++at) count += !is_continuation(*at);
    return count;
  }
  for (const char* at = text.data; at < end;) {
    if (*at != '\\') {
      count += !is_continuation(*at++);
      continue;
    }
    ++count;
    if (at[1] != 'u') {
      at += 2;
    } else {
      at += is_high_surrogate(at) && is_low_surrogate(at + 6, end) ? 12 : 6;
    }
  }
  return count;
}

bool equal(const Value& a, const Value& b, Steps& steps) {
  if (a.type() != b.type() || !steps.take()) return false;
  bool scalar = !a.is(JsonType::kArray) && !a.is(JsonType::kObject);
  if (scalar && !steps.take(a.weight())) return false;
  switch (a.type()) {
    case JsonType::kNumber:
      return a.number() == b.number() || compare(Decimal(a.number()), Decimal(b.number())) == 0;
    case JsonType::kString: return same_text(a.text(), b.text());
    case JsonType::kArray: return same_array(a, b, steps);
    case JsonType::kObject: return same_object(a, b, steps);
    default: return true;
  }
}

uint64_t hash_of(const Value& value) {
  auto type = static_cast<uint64_t>(value.type());
  switch (value.type()) {
    case JsonType::kNumber: return mix_hash(type, Decimal(value.number()).hash());
    case JsonType::kString: {
      std::string scratch;
      return mix_hash(type, hash_of(exact(value.text(), scratch)));
    }
    case JsonType::kArray: {
      uint64_t hash = type;
      value.each_element([&](const Value& inner) {
        hash = mix_hash(hash + 1, hash_of(inner));
        return true;
      });
      return hash;
    }
    case JsonType::kObject: {
      uint64_t sum = type;  // whatever the order
      std::string scratch;
      value.each_member([&](Text key, const Value& inner) {
        sum += mix_hash(hash_of(exact(key, scratch)), hash_of(inner));
        return true;
      });
      return sum;
    }
    default: return mix_hash(type, type);
  }
}

}  // namespace waybill::contract
