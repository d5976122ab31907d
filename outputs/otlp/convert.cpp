// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/convert.h"

#include <simdjson.h>

#include <bit>
#include <charconv>

#include "core/buffer.h"
#include "outputs/protobuf.h"

namespace waybill::outputs::otlp {

namespace {

namespace pb = protobuf;
using simdjson::dom::element;

template <typename Number>
Number number_in(element value) {
  Number number{};
  std::string_view digits;
  if (value.get(digits) == simdjson::SUCCESS) {
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
  }
  return number;
}

std::string_view text_in(element value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string bytes_in(element value) {
  std::string_view hex = text_in(value);
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

// Calls visit(element) for each item of the array `value`, or visit(key, element) for each member
// of the object.
template <typename Visit>
void for_each_item(element value, Visit visit) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return;
  for (element item : items) visit(item);
}
template <typename Visit>
void for_each_member(element value, Visit visit) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return;
  for (auto member : members) visit(member.key, member.value);
}

void put_bytes(Buffer& out, uint8_t tag, std::string_view bytes) {
  char* begin = out.reserve(1 + pb::kMaxVarint + bytes.size());
  out.advance(static_cast<size_t>(pb::write_field(begin, tag, bytes) - begin));
}

void put_number(Buffer& out, uint8_t tag, uint64_t value) {
  char* begin = out.reserve(1 + pb::kMaxVarint);
  *begin = static_cast<char>(tag);
  out.advance(static_cast<size_t>(pb::write_varint(begin + 1, value) - begin));
}

template <typename Fixed>
void put_fixed(Buffer& out, uint8_t tag, Fixed value) {
  char* begin = out.reserve(1 + sizeof value);
  *begin = static_cast<char>(tag);
  pb::write_fixed(begin + 1, value);
  out.advance(1 + sizeof value);
}

// A message within another one, also an empty one: that is a null, and an empty list.
template <typename Write>
void put_message(Buffer& out, uint8_t tag, Write write) {
  pb::Nested message(out, tag, 0);
  write();
  message.close();
}

void write_value(Buffer& out, element value);

void write_pair(Buffer& out, element value) {
  for_each_member(value, [&](std::string_view name, element inside) {
    if (name == "key") put_bytes(out, 0x0A, text_in(inside));
    if (name == "value") put_message(out, 0x12, [&] { write_value(out, inside); });
  });
}

// ArrayValue and KeyValueList.
template <typename Write>
void write_values(Buffer& out, element value, Write write) {
  for_each_member(value, [&](std::string_view name, element inside) {
    if (name != "values") return;
    for_each_item(inside, [&](element item) { put_message(out, 0x0A, [&] { write(out, item); }); });
  });
}

void write_value(Buffer& out, element value) {
  for_each_member(value, [&](std::string_view name, element inside) {
    if (name == "stringValue") put_bytes(out, 0x0A, text_in(inside));
    if (name == "boolValue") put_number(out, 0x10, inside.get_bool().value_unsafe() ? 1 : 0);
    if (name == "intValue") {
      put_number(out, 0x18, static_cast<uint64_t>(number_in<int64_t>(inside)));
    }
    if (name == "doubleValue") {
      put_fixed(out, 0x21, std::bit_cast<uint64_t>(inside.get_double().value_unsafe()));
    }
    if (name == "arrayValue") {
      put_message(out, 0x2A, [&] { write_values(out, inside, write_value); });
    }
    if (name == "kvlistValue") {
      put_message(out, 0x32, [&] { write_values(out, inside, write_pair); });
    }
  });
}

void write_record(Buffer& out, element value) {
  auto number = [](element inside) {
    return static_cast<uint64_t>(inside.get_int64().value_unsafe());
  };
  for_each_member(value, [&](std::string_view name, element inside) {
    if (name == "timeUnixNano") put_fixed(out, 0x09, number_in<uint64_t>(inside));
    if (name == "severityNumber") put_number(out, 0x10, number(inside));
    if (name == "severityText") put_bytes(out, 0x1A, text_in(inside));
    if (name == "body") put_message(out, 0x2A, [&] { write_value(out, inside); });
    if (name == "attributes") {
      for_each_item(inside,
                    [&](element pair) { put_message(out, 0x32, [&] { write_pair(out, pair); }); });
    }
    if (name == "flags") put_fixed(out, 0x45, static_cast<uint32_t>(number(inside)));
    if (name == "traceId") put_bytes(out, 0x4A, bytes_in(inside));
    if (name == "spanId") put_bytes(out, 0x52, bytes_in(inside));
    if (name == "observedTimeUnixNano") put_fixed(out, 0x59, number_in<uint64_t>(inside));
  });
}

template <typename Write>
std::string convert(std::string_view list, uint8_t tag, Write write) {
  if (list.ends_with(',')) list.remove_suffix(1);
  std::string json = "[";
  json += list;
  json += ']';
  Buffer out;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json).get(root) != simdjson::SUCCESS) return {};
  for_each_item(root, [&](element item) { put_message(out, tag, [&] { write(out, item); }); });
  return std::string(out.view());
}

}  // namespace

std::string protobuf_of_records(std::string_view json) { return convert(json, 0x12, write_record); }
std::string protobuf_of_resource(std::string_view json) { return convert(json, 0x0A, write_pair); }

}  // namespace waybill::outputs::otlp
