// SPDX-License-Identifier: Apache-2.0
#include "contract/infer_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contract/exact_text.h"
#include "core/buffer.h"
#include "core/json_text.h"

namespace waybill::contract {

namespace {

constexpr std::string_view kLevels[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
// Of a record: whatever few values a log has of these, others are as good.
constexpr std::string_view kFree[] = {"timestamp",   "service_name",   "trace_id",  "span_id",
                                      "trace_flags", "parent_span_id", "message",   "tracestate",
                                      "request_id",  "correlation_id", "tenant_id", "logger",
                                      "thread",      "caller"};
// An enum: every text came so often on average, and no new one in the second half.
constexpr uint64_t kTimesEach = 10;

bool only_strings(const Shape& shape) {
  return shape.count(ShapeType::kString) > 0 &&
         shape.count(ShapeType::kString) + shape.count(ShapeType::kNull) == shape.count();
}

std::string_view kind_format(const Shape& shape) {
  for (TextKind kind :
       {TextKind::kDateTime, TextKind::kDate, TextKind::kTime, TextKind::kDuration, TextKind::kUuid,
        TextKind::kIpv4, TextKind::kIpv6, TextKind::kEmail, TextKind::kUri}) {
    if (shape.all_are(kind)) return format_of_kind(kind);
  }
  return {};
}

// The levels of a record are known, even where a log has but some of them.
bool is_level(const Shape& shape, std::string_view field) {
  return field == "level" && only_strings(shape) && shape.count(ShapeType::kNull) == 0 &&
         !shape.texts().empty() &&
         std::all_of(shape.texts().begin(), shape.texts().end(), [](const std::string& text) {
           return std::find(std::begin(kLevels), std::end(kLevels), text) != std::end(kLevels);
         });
}

}  // namespace

bool is_required(uint64_t count, uint64_t objects, double share) {
  // 99 % of 100 are 99, not 99.000000000000014.
  return objects > 0 && static_cast<double>(count) >= share * static_cast<double>(objects) - 1e-9;
}

bool makes_enum(const Shape& shape, std::string_view field, bool records) {
  if (records && std::find(std::begin(kFree), std::end(kFree), field) != std::end(kFree)) {
    return false;
  }
  if (records && is_level(shape, field)) return false;
  uint64_t count = shape.count(ShapeType::kString);
  size_t different = shape.texts().size();
  return only_strings(shape) && different > 1 && kind_format(shape).empty() &&
         count >= different * kTimesEach && shape.last_new_text() * 2 <= count;
}

std::string SchemaWriter::write(const Shape& root) {
  open('{');
  key("$schema");
  text("https://json-schema.org/draft/2020-12/schema");
  key("title");
  text(fmt::format("Drafted from {} {}", root.count(),
                   options_.records ? "log records" : "lines of JSON"));
  schema(root, "", true);
  close('}');
  out_ += '\n';
  return std::move(out_);
}

void SchemaWriter::schema(const Shape& shape, std::string_view field, bool is_root) {
  bool leveled = options_.records && is_level(shape, field);
  if (leveled || makes_enum(shape, field, options_.records)) {
    key("enum");
    open('[');
    if (leveled) {
      for (std::string_view level : kLevels) item(), text(level);
    } else {
      for (const std::string& one : shape.texts()) item(), text(one);
      if (shape.count(ShapeType::kNull) > 0) item(), raw("null");
    }
    return close(']');
  }
  types(shape);
  strings(shape, field);
  if (shape.items() != nullptr) {
    key("items");
    open('{');
    schema(*shape.items(), "", false);
    close('}');
  }
  if (shape.count(ShapeType::kObject) > 0) objects(shape, is_root);
  if (options_.examples) examples(shape);
}

void SchemaWriter::types(const Shape& shape) {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kShapeTypes; ++i) {
    auto type = static_cast<ShapeType>(i);
    if (shape.count(type) == 0) continue;
    bool integer = type == ShapeType::kNumber && shape.integers();
    names.push_back(integer ? "integer" : shape_type_name(type));
  }
  if (names.empty()) return;
  key("type");
  if (names.size() == 1) return text(names.front());
  open('[');
  for (std::string_view name : names) item(), text(name);
  close(']');
}

void SchemaWriter::strings(const Shape& shape, std::string_view field) {
  std::string_view format = kind_format(shape);
  if (!format.empty()) {
    key("format");
    return text(format);
  }
  if (!options_.records) return;
  bool span = field == "span_id" || field == "parent_span_id";
  if (field == "trace_id" && shape.all_are(TextKind::kTraceId)) {
    key("pattern");
    text("^[0-9a-f]{32}$");
  } else if (span && shape.all_are(TextKind::kSpanId)) {
    key("pattern");
    text("^[0-9a-f]{16}$");
  }
}

void SchemaWriter::objects(const Shape& shape, bool is_root) {
  uint64_t objects = shape.count(ShapeType::kObject);
  std::vector<std::string_view> required;
  if (!shape.members().empty()) {
    key("properties");
    open('{');
    for (const auto& member : shape.members()) {
      if (is_required(member->shape.count(), objects, options_.required_share)) {
        required.push_back(member->key);
      }
      key(member->key);
      open('{');
      schema(member->shape, is_root ? std::string_view(member->key) : std::string_view(), false);
      close('}');
    }
    close('}');
  }
  if (!required.empty()) {
    key("required");
    open('[');
    for (std::string_view name : required) item(), text(name);
    close(']');
  }
  // Of keys that were not looked at nobody knows the values.
  if (shape.rest() != nullptr && !shape.overflowed()) {
    key("additionalProperties");
    open('{');
    schema(*shape.rest(), "", false);
    close('}');
  }
}

void SchemaWriter::examples(const Shape& shape) {
  if (shape.examples().empty()) return;
  key("examples");
  open('[');
  for (const std::string& one : shape.examples()) item(), raw(one);
  close(']');
}

void SchemaWriter::open(char bracket) {
  out_ += bracket;
  ++depth_;
  first_ = true;
}

void SchemaWriter::close(char bracket) {
  --depth_;
  if (!first_ && bracket == '}') {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }
  out_ += bracket;
  first_ = false;
}

void SchemaWriter::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += '\n';
  out_.append(depth_ * 2, ' ');
  text(name);
  out_ += ": ";
}

void SchemaWriter::item() {
  if (!first_) out_ += ", ";
  first_ = false;
}

void SchemaWriter::text(std::string_view characters) {
  Buffer json;
  append_exact_string(json, characters);
  out_ += json.view();
}

}  // namespace waybill::contract
