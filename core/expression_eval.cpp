// SPDX-License-Identifier: Apache-2.0
// What expressions say of a record.
#include <charconv>

#include "core/canonical.h"
#include "core/expression.h"
#include "core/json_text.h"

namespace waybill {

namespace {

using Kind = FieldValue::Kind;

// In the order of RecordPath's places.
constexpr std::string_view kPlaces[] = {
    "level",       "service_name",  "trace_id",      "span_id",        "parent_span_id",
    "tracestate",  "trace_origin",  "request_id",    "correlation_id", "tenant_id",
    "message",     "logger",        "thread",        "caller",         "error.kind",
    "error.type",  "error.code",    "error.message", "error.stack",    "source.input",
    "source.path", "source.stream", "source.peer",   "source.format",
};

FieldValue text_value(Text text, std::string& scratch) {
  FieldValue value;
  if (!text) return value;
  value.kind = Kind::kText;
  value.text = text.bytes();
  if (text.form == TextForm::kJson) {
    scratch.resize(text.size);
    char* end = decode_json(text.bytes(), scratch.data());
    value.text = {scratch.data(), static_cast<size_t>(end - scratch.data())};
  }
  return value;
}

FieldValue value_of(JsonType type, std::string_view json, Text text, std::string& scratch) {
  if (type == JsonType::kString) return text_value(text, scratch);
  FieldValue value;
  value.text = json;
  switch (type) {
    case JsonType::kNull: value.kind = Kind::kNull; break;
    case JsonType::kTrue:
    case JsonType::kFalse:
      value.kind = Kind::kBool;
      value.truth = type == JsonType::kTrue;
      break;
    case JsonType::kNumber: value.kind = Kind::kNumber; break;
    default: value.kind = Kind::kContainer; break;
  }
  return value;
}

// The token that `path` leads to inside `container`, whose keys may have dots in them.
const Token* find_inside(const char* json, const Token* container, std::string_view path) {
  const Token* end = container + container->span;
  for (const Token* child = container + 1; child != end; child += child->span) {
    if (child->has(Token::kCut) || !child->has(Token::kHasKey)) continue;
    if (child->key_size > path.size()) continue;
    std::string_view key(json + child->key, child->key_size);
    if (!path.starts_with(key)) continue;
    if (key.size() == path.size()) return child;
    if (path[key.size()] != '.' || child->type != JsonType::kObject) continue;
    const Token* found = find_inside(json, child, path.substr(key.size() + 1));
    if (found != nullptr) return found;
  }
  return nullptr;
}

FieldValue in_context(const Batch& batch, const Record& record, std::string_view path,
                      std::string& scratch) {
  if (record.token_count > 0) {
    const Token* root = batch.tokens_of(record);
    const Token* token = nullptr;
    if (record.own_context != 0) {
      token = find_inside(record.json, root + record.own_context, path);
    }
    if (token == nullptr) token = find_inside(record.json, root, path);
    if (token != nullptr) {
      Member member = detail::member_of(record, *token);
      return value_of(member.type, member.json, member.text, scratch);
    }
  }
  for (const Field& field : batch.fields_of(record)) {
    if (field.cut || field.key.bytes() != path) continue;
    return value_of(field.type, field.value.bytes(), field.value, scratch);
  }
  if (path == "level_text") return text_value(record.level_text, scratch);
  return {};
}

Text clean(std::string_view text) { return text.empty() ? Text() : Text(text, TextForm::kRaw); }

Text place_of(int place, const Batch& batch, const Record& record, const Identity& identity) {
  const ErrorInfo none{};
  const ErrorInfo& error = record.error != nullptr ? *record.error : none;
  switch (place) {
    case 1: return service_of(record, identity);
    case 2: return record.trace_id;
    case 3: return record.span_id;
    case 4: return record.parent_span_id;
    case 5: return record.tracestate;
    case 6: return clean(trace_origin_name(record.trace_origin));
    case 7: return record.request_id;
    case 8: return record.correlation_id;
    case 9: return record.tenant_id;
    case 10: return record.message;
    case 11: return record.logger;
    case 12: return record.thread;
    case 13: return record.caller;
    case 14: return error.kind;
    case 15: return error.type;
    case 16: return error.code;
    case 17: return error.message;
    case 18: return error.stack;
    case 19: return clean(batch.source_of(record).input);
    case 20: return clean(batch.source_of(record).path);
    case 21: return clean(stream_of(record, batch.source_of(record)));
    case 22: return clean(batch.source_of(record).peer);
    default: return clean(record.format);
  }
}

bool ordered(int order, bool less, bool equal, bool greater) {
  return order < 0 ? less : order == 0 ? equal : greater;
}

}  // namespace

Result<RecordPath> RecordPath::parse(std::string_view text) {
  constexpr std::string_view kContext = "context.";
  RecordPath path;
  path.text_ = std::string(text);
  if (text.starts_with(kContext) && text.size() > kContext.size() && !text.ends_with('.')) {
    path.below_ = std::string(text.substr(kContext.size()));
    return path;
  }
  int place = 0;
  for (std::string_view name : kPlaces) {
    if (name == text) {
      path.place_ = place;
      return path;
    }
    ++place;
  }
  return Error{
      Action::kFixConfig,
      "'" + path.text_ +
          "' is no field of a record (its own are level, service_name, "
          "message, logger, trace_id, request_id, error.type, source.input …; those of the "
          "line are below context., as context." +
          path.text_ + ")"};
}

FieldValue RecordPath::find(const Batch& batch, const Record& record, const Identity& identity,
                            std::string& scratch) const {
  if (place_ == kContextPlace) return in_context(batch, record, below_, scratch);
  if (place_ != kLevelPlace) return text_value(place_of(place_, batch, record, identity), scratch);
  FieldValue value;
  if (record.level == Level::kNone) return value;
  value.kind = Kind::kLevel;
  value.level = record.level;
  value.text = level_name(record.level);
  return value;
}

bool Expression::matches(const Batch& batch, const Record& record, const Identity& identity,
                         std::string& scratch) const {
  return holds(root_, batch, record, identity, scratch);
}

bool Expression::holds(uint32_t at, const Batch& batch, const Record& record,
                       const Identity& identity, std::string& scratch) const {
  const Node& node = nodes_[at];
  switch (node.op) {
    case Op::kAnd:
      return holds(node.left, batch, record, identity, scratch) &&
             holds(node.right, batch, record, identity, scratch);
    case Op::kOr:
      return holds(node.left, batch, record, identity, scratch) ||
             holds(node.right, batch, record, identity, scratch);
    case Op::kNot: return !holds(node.left, batch, record, identity, scratch);
    default: return compare(node, node.path.find(batch, record, identity, scratch));
  }
}

bool Expression::compare(const Node& node, const FieldValue& value) {
  if (value.kind == Kind::kMissing) return false;
  if (node.op == Op::kExists) return true;
  if (node.op == Op::kMatch) return node.matcher(value.text);
  if (node.op != Op::kIn) return compare(node.op, value, node.literals.front());
  for (const Literal& literal : node.literals) {
    if (compare(Op::kEq, value, literal)) return true;
  }
  return false;
}

bool Expression::compare(Op op, const FieldValue& value, const Literal& literal) {
  // What is of another kind is neither more nor less, only different.
  const bool other = op == Op::kNe;
  int order = 0;
  if (literal.kind == Kind::kLevel) {
    order = static_cast<int>(value.level) - static_cast<int>(literal.level);
  } else if (literal.kind == Kind::kNumber) {
    double number = 0;
    const char* end = value.text.data() + value.text.size();
    auto [stop, error] = std::from_chars(value.text.data(), end, number);
    if (error != std::errc() || stop != end) return other;
    order = number < literal.number ? -1 : number > literal.number ? 1 : 0;
  } else if (literal.kind == Kind::kText) {
    if (value.kind != Kind::kText) return other;
    order = value.text.compare(literal.text);
  } else if (value.kind != literal.kind) {
    return other;
  } else {
    if (literal.kind == Kind::kBool && value.truth != literal.truth) return other;
    return op == Op::kEq || op == Op::kLe || op == Op::kGe;
  }
  switch (op) {
    case Op::kEq: return order == 0;
    case Op::kNe: return order != 0;
    case Op::kLt: return ordered(order, true, false, false);
    case Op::kLe: return ordered(order, true, true, false);
    case Op::kGt: return ordered(order, false, false, true);
    default: return ordered(order, false, true, true);
  }
}

Expression::Outcomes Expression::outcomes(Level level) const { return outcomes(root_, level); }

Expression::Outcomes Expression::outcomes(uint32_t at, Level level) const {
  const Node& node = nodes_[at];
  if (node.op == Op::kNot) {
    Outcomes inside = outcomes(node.left, level);
    return {inside.may_fail, inside.may_hold};
  }
  if (node.op == Op::kAnd || node.op == Op::kOr) {
    Outcomes left = outcomes(node.left, level), right = outcomes(node.right, level);
    if (node.op == Op::kAnd) {
      return {left.may_hold && right.may_hold, left.may_fail || right.may_fail};
    }
    return {left.may_hold || right.may_hold, left.may_fail && right.may_fail};
  }
  if (!node.path.is_level() || node.op == Op::kMatch) return {};
  FieldValue value;
  if (level != Level::kNone) {
    value.kind = Kind::kLevel;
    value.level = level;
  }
  bool holds = compare(node, value);
  return {holds, !holds};
}

}  // namespace waybill
