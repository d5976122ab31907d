// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/json_attributes.h"

#include <bit>
#include <charconv>

#include "core/json_text.h"

namespace waybill::outputs::otlp {

void Scalar::append_json(Buffer& out) const {
  constexpr size_t kMostDigits = 32;
  auto digits = [&](auto value) {
    if (!text_.empty()) return out.append(text_);
    char* to = out.reserve(kMostDigits);
    out.advance(static_cast<size_t>(std::to_chars(to, to + kMostDigits, value).ptr - to));
  };
  switch (kind_) {
    case Kind::kNull: return out.append("{}");
    case Kind::kString:
      out.append(R"({"stringValue":)");
      append_json_string(out, text_);
      break;
    case Kind::kBool:
      return out.append(bits_ != 0 ? R"({"boolValue":true})" : R"({"boolValue":false})");
    case Kind::kInt:  // 64 bits are more than a number of JSON holds everywhere
      out.append(R"({"intValue":")");
      digits(static_cast<int64_t>(bits_));
      out.push_back('"');
      break;
    case Kind::kDouble:
      out.append(R"({"doubleValue":)");
      digits(std::bit_cast<double>(bits_));
      break;
  }
  out.push_back('}');
}

namespace {

// Whether an escape of `inside` is one of a surrogate: \uD800 to \uDFFF.
bool has_surrogate(std::string_view inside) {
  size_t at = 0;
  while ((at = inside.find('\\', at)) != std::string_view::npos && at + 3 < inside.size()) {
    if (inside[at + 1] == 'u' && (inside[at + 2] | 0x20) == 'd' && inside[at + 3] >= '8')
      return true;
    at += 2;
  }
  return false;
}

}  // namespace

void append_sound(Buffer& out, Text text) {
  if (text.form != TextForm::kJson || !has_surrogate(text.bytes())) return append_json(out, text);
  Buffer characters;
  append_characters(characters, text);
  append_escaped(out, characters.view());
}

void append_string_value(Buffer& out, Text value) {
  out.append(R"({"stringValue":")");
  append_sound(out, value);
  out.append("\"}");
}

void JsonAttributes::open(std::string_view key) {
  out_.append(R"({"key":)");
  append_json_string(out_, key);
  out_.append(R"(,"value":)");
}

void JsonAttributes::close() { out_.append("},"); }

void JsonAttributes::add(std::string_view key, const Scalar& value) {
  open(key);
  value.append_json(out_);
  close();
}

void JsonAttributes::add(std::string_view key, Text value) {
  if (!value) return;
  open(key);
  append_string_value(out_, value);
  close();
}

void JsonAttributes::add(const Record& record, const Member& member, std::string_view key) {
  open(key);
  add_value(record, member);
  close();
}

void JsonAttributes::add(const Record& record, const Member& member) {
  if (member.suffix != 0 || member.key.form == TextForm::kJson) {
    open(key_of(member));
  } else {
    out_.append(R"({"key":")");
    append_json(out_, member.key);
    out_.append(R"(","value":)");
  }
  add_value(record, member);
  close();
}

// An AnyValue. As deep as the line is: the walker limits that.
void JsonAttributes::add_value(const Record& record, const Member& member) {
  switch (member.type) {
    case JsonType::kString: return append_string_value(out_, member.text);
    case JsonType::kTrue: return Scalar::boolean(true).append_json(out_);
    case JsonType::kFalse: return Scalar::boolean(false).append_json(out_);
    case JsonType::kNumber: return Scalar::number(member.json).append_json(out_);
    case JsonType::kArray:
      out_.append(R"({"arrayValue":{"values":[)");
      for_each_inside(record, member.token, [&](const Member& child) {
        add_value(record, child);
        out_.push_back(',');
      });
      break;
    case JsonType::kObject:
      out_.append(R"({"kvlistValue":{"values":[)");
      for_each_inside(record, member.token, [&](const Member& child) { add(record, child); });
      break;
    default: return Scalar::null().append_json(out_);
  }
  drop_comma(out_);
  out_.append("]}}");
}

}  // namespace waybill::outputs::otlp
