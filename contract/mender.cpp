// SPDX-License-Identifier: Apache-2.0
#include "contract/mender.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>

#include "contract/insertion.h"
#include "contract/uri.h"
#include "core/buffer.h"
#include "core/cut.h"
#include "core/json_text.h"
#include "core/level.h"

namespace waybill::contract {

namespace {

constexpr std::string_view kContext = "/context";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  auto digits = [&] {
    size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  size_t first = at;
  size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string cased(std::string_view text, int (*to)(int)) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(to(static_cast<unsigned char>(c)));
  return out;
}

// The pointer's last step, still escaped.
std::string_view last_step(std::string_view pointer) {
  return pointer.substr(std::min(pointer.rfind('/') + 1, pointer.size()));
}

std::optional<Value> step_into(const Value& value, std::string_view step) {
  std::optional<Value> found;
  if (value.is(JsonType::kObject)) {
    std::string scratch;
    value.each_member([&](Text key, const Value& inner) {
      if (decoded(key, scratch) == step) found = inner;
      return !found;
    });
  } else if (value.is(JsonType::kArray)) {
    size_t index = 0;
    value.each_element([&](const Value& inner) {
      if (std::to_string(index++) == step) found = inner;
      return !found;
    });
  }
  return found;
}

// A trace or span id without what people put around it, in lower case; nothing: it is none of so
// many hex digits, or all zeros.
std::optional<std::string> bare_id(std::string_view text, size_t digits) {
  for (std::string_view front : {"urn:uuid:", "0x", "0X"}) {
    if (text.starts_with(front)) text.remove_prefix(front.size());
  }
  if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, text.size() - 2);
  }
  std::string id;
  for (char c : text) {
    if (c == '-') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    id += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  bool right = id.size() == digits && id.find_first_not_of('0') != id.npos;
  return right ? std::optional(id) : std::nullopt;
}

// "2026-01-02T03:04:05.678Z", as a TimeReader writes it: nanoseconds since the epoch.
struct Time {
  int64_t ns = 0;
  uint8_t digits = 0;
};
std::optional<Time> time_of(std::string_view text) {
  auto number = [&](size_t at, size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  constexpr size_t kWhole = 20;  // up to the fraction
  if (text.size() < kWhole + 4 || text.size() > kWhole + 10) return std::nullopt;
  using namespace std::chrono;
  auto day = sys_days(year(number(0, 4)) / month(static_cast<unsigned>(number(5, 2))) /
                      std::chrono::day(static_cast<unsigned>(number(8, 2))));
  auto seconds =
      hours(number(11, 2)) + minutes(number(14, 2)) + std::chrono::seconds(number(17, 2));
  Time time;
  time.digits = static_cast<uint8_t>(text.size() - kWhole - 1);
  int64_t fraction = number(kWhole, time.digits);
  for (uint8_t i = time.digits; i < 9; ++i) fraction *= 10;
  time.ns = duration_cast<nanoseconds>(day.time_since_epoch() + seconds).count() + fraction;
  return time;
}

// Keywords that one scalar instead of another can satisfy.
bool is_mendable(std::string_view keyword) {
  static constexpr std::array<std::string_view, 8> all = {"type",   "enum",      "const", "pattern",
                                                          "format", "maxLength", "anyOf", "oneOf"};
  return std::find(all.begin(), all.end(), keyword) != all.end();
}

}  // namespace

std::string Substitute::json() const {
  switch (type) {
    case JsonType::kTrue: return "true";
    case JsonType::kFalse: return "false";
    case JsonType::kNumber: return text;
    case JsonType::kString: {
      Buffer out;
      append_json_string(out, text);
      return std::string(out.view());
    }
    case JsonType::kArray:
    case JsonType::kObject: return text;
    default: return "null";
  }
}

Mender::Mender(Batch& batch, Record& record, const CanonicalNames& names, bool on_line)
    : batch_(batch), record_(record), names_(names), on_line_(on_line) {
  keep();
}

void Mender::keep() {
  saved_ = record_;
  const Token* tokens = batch_.tokens_of(record_);
  tokens_.assign(tokens, tokens + record_.token_count);
  auto fields = batch_.fields_of(record_);
  fields_.assign(fields.begin(), fields.end());
  all_fields_ = batch_.fields.size();
}

void Mender::undo() {
  record_ = saved_;
  batch_.fields.resize(all_fields_);
  std::copy(tokens_.begin(), tokens_.end(), batch_.tokens.begin() + record_.first_token);
  std::copy(fields_.begin(), fields_.end(), batch_.fields.begin() + record_.first_field);
}

std::optional<Value> Mender::find(const Value& root, std::string_view pointer) {
  std::optional<Value> value = root;
  while (!pointer.empty() && value) {
    size_t end = std::min(pointer.find('/', 1), pointer.size());
    value = step_into(*value, name_of_step(pointer.substr(1, end - 1)));
    pointer.remove_prefix(end);
  }
  return value;
}

std::vector<Substitute> Mender::candidates(const Violation& violation, const Value& value,
                                           const TimeReader& times) const {
  std::vector<Substitute> all;
  if (value.is(JsonType::kNumber) && violation.time && times) {
    if (auto time = times(value.number(), JsonType::kNumber)) {
      all.push_back({JsonType::kString, std::move(*time)});
    }
  }
  if (!value.is(JsonType::kString) || !is_mendable(violation.keyword)) return all;
  std::string scratch;
  std::string written(decoded(value.text(), scratch));
  std::string text(trimmed(written));
  auto word = [&](std::string as) {
    if (as != written) all.push_back({JsonType::kString, std::move(as)});
  };
  if (text.size() < written.size()) word(text);
  if (is_number(text)) all.push_back({JsonType::kNumber, text});
  std::string lower = cased(text, std::tolower);
  if (lower == "true") all.push_back({JsonType::kTrue, ""});
  if (lower == "false") all.push_back({JsonType::kFalse, ""});
  std::string name = name_of_step(last_step(violation.path));
  std::string_view canonical =
      name.empty() ? std::string_view() : names_.find(Text(name, TextForm::kClean));
  auto severity = canonical == "level" ? severity_of_word(text) : std::nullopt;
  if (severity) {
    std::string level(level_name(severity->level));
    for (const std::string& each : {cased(text, std::toupper), lower, level}) word(each);
    word(cased(level, std::tolower));
    if (severity->level == Level::kWarn) word("warning"), word("WARNING");
  }
  if (canonical == "trace_id") {
    if (auto id = bare_id(text, 32)) word(*id);
  }
  if (canonical == "span_id" || canonical == "parent_span_id") {
    if (auto id = bare_id(text, 16)) word(*id);
  }
  bool time =
      violation.keyword == "format" || violation.keyword == "pattern" || canonical == "timestamp";
  if (auto rfc3339 = time && times ? times(text, JsonType::kString) : std::nullopt) word(*rfc3339);
  return all;
}

Text Record::*Mender::text_member(std::string_view name) const {
  static constexpr std::pair<std::string_view, Text Record::*> members[] = {
      {"message", &Record::message},       {"logger", &Record::logger},
      {"thread", &Record::thread},         {"caller", &Record::caller},
      {"request_id", &Record::request_id}, {"correlation_id", &Record::correlation_id},
      {"tenant_id", &Record::tenant_id},
  };
  for (const auto& [own, member] : members) {
    if (own == name) return member;
  }
  return nullptr;
}

Text Mender::text_of(const Substitute& by) const {
  return raw_text(batch_.arena.copy(by.type == JsonType::kString ? by.text : by.json()));
}

bool Mender::replace(std::string_view pointer, const Value& value, const Substitute& by) {
  const Token* token = value.in_line();
  bool own_place = !on_line_ && pointer.rfind('/') == 0;
  if (own_place && token != nullptr && by.type == JsonType::kString) {
    // What could not be lifted from the line can be now.
    std::string_view name = pointer.substr(1);
    auto lift = [&] {
      cut_field(batch_, record_, static_cast<uint32_t>(token - batch_.tokens_of(record_)));
    };
    if (name == "timestamp") {
      auto time = time_of(by.text);
      if (!time || record_.time_said) return false;
      lift();
      record_.time_ns = time->ns;
      record_.time_digits = time->digits;
      record_.time_said = true;
      return true;
    }
    if (name == "trace_id") {
      lift();
      record_.trace_id = text_of(by);
      record_.trace_origin = TraceOrigin::kField;
      return true;
    }
    // Of a line without a trace they are fields like others, and stay where they are.
    if (name == "span_id" || name == "parent_span_id") {
      if (record_.trace_origin == TraceOrigin::kField) {
        lift();
        (name == "span_id" ? record_.span_id : record_.parent_span_id) = text_of(by);
      } else {
        replace_in_line(static_cast<uint32_t>(token - batch_.tokens.data()), by);
      }
      return true;
    }
  }
  if (own_place) {
    // A place of the record's own, perhaps one that the line's value could not be lifted to.
    Text Record::*member = text_member(pointer.substr(1));
    if (member == nullptr || by.type != JsonType::kString) return false;
    if (token != nullptr) {
      cut_field(batch_, record_, static_cast<uint32_t>(token - batch_.tokens_of(record_)));
    } else if ((record_.*member).data != value.text().data) {
      return false;
    }
    record_.*member = text_of(by);
    return true;
  }
  if (token != nullptr) {
    replace_in_line(static_cast<uint32_t>(token - batch_.tokens.data()), by);
    return true;
  }
  for (uint32_t i = 0; i < record_.field_count; ++i) {
    Field& field = batch_.fields[record_.first_field + i];
    if (field.value.data != value.text().data) continue;
    field.value = text_of(by);
    field.type = by.type;
    return true;
  }
  return false;
}

// The line is written anew around the value; what was lifted out of the old one stays there.
void Mender::replace_in_line(uint32_t index, const Substitute& by) {
  Token* first = batch_.tokens.data() + record_.first_token;
  Token& token = batch_.tokens[index];
  const uint32_t begin = token.value;
  const uint32_t end = begin + token.value_size;
  const uint32_t all = first->value + first->value_size;
  const std::string json = by.json();
  std::string line(record_.json, begin);
  line += json;
  line.append(record_.json + end, all - end);
  // Unsigned: what comes out is right even where the new value is the shorter one.
  const auto longer = static_cast<uint32_t>(json.size()) - token.value_size;
  for (Token* each = first; each != first + record_.token_count; ++each) {
    if (each->has(Token::kHasKey) && each->key > begin) each->key += longer;
    if (each == &token) continue;
    if (each->value > begin) {
      each->value += longer;
    } else if (each->value + each->value_size >= end) {
      each->value_size += longer;
    }
  }
  token.value_size = static_cast<uint32_t>(json.size());
  token.type = by.type;
  bool escaped = by.type == JsonType::kString && json.find('\\') != json.npos;
  token.flags = static_cast<uint8_t>((token.flags & ~Token::kValueEscaped) |
                                     (escaped ? Token::kValueEscaped : 0));
  record_.json = batch_.arena.copy(line, kPadding).data();
}

bool Mender::add(std::string_view pointer, std::string_view name, const DefaultRule& value) {
  if (on_line_) return false;
  if (pointer.empty()) return add_to_record(name, value);
  if (!pointer.starts_with(kContext)) return false;
  std::string_view inside = pointer.substr(kContext.size());
  bool nested = value.type == JsonType::kObject || value.type == JsonType::kArray;
  if (!inside.empty() || nested) return insert_member(batch_, record_, inside, *value.member);
  // The fields of a record stand side by side: its own, then the new one, at the end of all.
  auto first = static_cast<uint32_t>(batch_.fields.size());
  for (uint32_t i = 0; i < record_.field_count; ++i) {
    batch_.fields.push_back(Field(batch_.fields[record_.first_field + i]));
  }
  Field field;
  field.key = raw_text(batch_.arena.copy(name));
  field.value = raw_text(batch_.arena.copy(value.text));
  field.type = value.type;
  batch_.fields.push_back(field);
  record_.first_field = first;
  ++record_.field_count;
  return true;
}

bool Mender::add_to_record(std::string_view name, const DefaultRule& value) {
  if (name == kContext.substr(1) && value.type == JsonType::kObject) {
    return insert_context(batch_, record_, *value.member);
  }
  if (value.type != JsonType::kString) return false;
  if (name == "level") {
    auto severity = severity_of_word(value.text);
    if (!severity) return false;
    record_.level = severity->level;
    record_.severity = severity->number;
    return true;
  }
  Text Record::*member = text_member(name);
  if (member == nullptr || record_.*member) return false;
  record_.*member = raw_text(batch_.arena.copy(value.text));
  return true;
}

}  // namespace waybill::contract
