// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/written.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <string_view>

#include "core/canonical.h"
#include "core/level.h"
#include "parsers/common/names.h"
#include "parsers/common/time.h"
#include "parsers/patterns/pattern.h"

namespace waybill::parsers::patterns {

namespace {

using Element = simdjson::dom::element;

// The key of the canonical record for a name that lines have for a place; "" for other names.
std::string_view canonical_key(const std::string& name) {
  const Name* known =
      find_name(std::string_view(name + std::string(8, '\0')).substr(0, name.size()));
  if (known == nullptr) return {};
  switch (known->slot) {
    case Slot::kTime: return "timestamp";
    case Slot::kLevel: return "level";
    case Slot::kMessage: return "message";
    case Slot::kLogger: return "logger";
    case Slot::kThread: return "thread";
    case Slot::kCaller: return "caller";
    case Slot::kService: return "service_name";
    case Slot::kRequestId: return "request_id";
    case Slot::kCorrelationId: return "correlation_id";
    case Slot::kTenantId: return "tenant_id";
    case Slot::kErrorKind: return "error.kind";
    case Slot::kErrorType: return "error.type";
    case Slot::kErrorCode: return "error.code";
    case Slot::kErrorMessage: return "error.message";
    case Slot::kErrorStack: return "error.stack";
    default: return {};
  }
}

// What stands at a path of keys with dots between, each of which may hold dots itself.
std::optional<Element> at_path(Element from, std::string_view path) {
  simdjson::dom::object object;
  if (from.get(object) != simdjson::SUCCESS) return std::nullopt;
  Element found;
  if (object.at_key(path).get(found) == simdjson::SUCCESS) return found;
  for (size_t dot = path.find('.'); dot != path.npos; dot = path.find('.', dot + 1)) {
    if (object.at_key(path.substr(0, dot)).get(found) != simdjson::SUCCESS) continue;
    if (auto inside = at_path(found, path.substr(dot + 1))) return inside;
  }
  return std::nullopt;
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_integer(std::string_view text) {
  return text.find_first_not_of("-0123456789") == text.npos;
}

bool same_time(std::string_view a, std::string_view b) {
  TimeZone utc;
  auto first = time_of_text(a, utc, 0);
  auto second = time_of_text(b, utc, 0);
  return first && second && first->ns == second->ns;
}

// Levels are words, in any case, that mean the same.
bool same_level(std::string_view a, std::string_view b) {
  auto first = severity_of_word(a), second = severity_of_word(b);
  return first && second && first->level == second->level;
}

// Where two long texts differ, which their beginnings do not show.
std::string where_they_differ(std::string_view a, std::string_view b) {
  constexpr size_t shown_in_full = 60, before = 20;
  size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  if (at < shown_in_full) return {};
  size_t from = at - before;
  while (from > 0 && (static_cast<unsigned char>(a[from]) & 0xC0) == 0x80) --from;  // within one
  return fmt::format(" (from byte {} on: {}, not {})", from, shown(a.substr(from)),
                     shown(b.substr(from)));
}

// "" when `found` is what is wanted, else "'a', not 'b'". What kind of value is said where that is
// the difference.
std::string difference(Element found, const config::Leaf& wanted, std::string_view path) {
  std::string_view text;
  double number = 0;
  bool is_text = found.get(text) == simdjson::SUCCESS;
  std::string json = is_text ? "" : simdjson::minify(found);
  if (is_text) {
    if (path == "timestamp" && same_time(text, wanted.text)) return {};
    if (path == "level" && same_level(text, wanted.text)) return {};
    if (wanted.is_text && text == wanted.text) return {};
  } else if (!wanted.is_text) {
    if (json == wanted.text) return {};
    // Large integers are exact.
    bool integers = is_integer(json) && is_integer(wanted.text);
    bool same = found.get(number) == simdjson::SUCCESS && number_of(wanted.text) == number;
    if (same && !integers) return {};
  }
  bool other_kind = is_text != wanted.is_text;
  std::string is = is_text ? shown(text) : json;
  return fmt::format("{}{}, not {}{}{}", other_kind && is_text ? "the text " : "", is,
                     other_kind && wanted.is_text ? "the text " : "",
                     wanted.is_text ? shown(wanted.text) : wanted.text,
                     is_text && wanted.is_text ? where_they_differ(text, wanted.text) : "");
}

// Leaves in `path` where it was found.
std::optional<Element> look_up(Element root, bool time_said, std::string& path) {
  bool no_time = path == "timestamp" && !time_said;  // what is there is when it was read
  if (auto found = at_path(root, path); found && !no_time) return found;
  if (auto found = at_path(root, "context." + path)) {
    path.insert(0, "context.");
    return found;
  }
  std::string_view canonical = canonical_key(path);
  if (canonical.empty() || (canonical == "timestamp" && !time_said)) return std::nullopt;
  path = canonical;
  return at_path(root, path);
}

}  // namespace

struct Written::Parsed {
  Buffer text;
  simdjson::dom::parser parser;
  Element root;
  bool readable = false;
};

Written::Written(const Batch& batch, const Record& record, const Identity& identity, uint32_t parts)
    : time_said_(record.time_said), parsed_(std::make_unique<Parsed>()) {
  append_canonical(parsed_->text, batch, record, identity, parts);
  std::string_view text = parsed_->text.view();
  parsed_->readable =
      parsed_->parser.parse(text.data(), text.size()).get(parsed_->root) == simdjson::SUCCESS;
}

Written::~Written() = default;

std::string Written::difference(const config::Leaf& wanted) const {
  if (!parsed_->readable) return "its record cannot be read: please report this";
  std::string path = wanted.path;
  std::optional<Element> found = look_up(parsed_->root, time_said_, path);
  if (!found) {
    return fmt::format("{} is absent, not {}", path,
                       wanted.is_text ? shown(wanted.text) : wanted.text);
  }
  std::string is = patterns::difference(*found, wanted, path);
  return is.empty() ? is : fmt::format("{} is {}", path, is);
}

std::optional<std::string> Written::value(const std::string& path) const {
  if (!parsed_->readable) return std::nullopt;
  std::string where = path;
  std::optional<Element> found = look_up(parsed_->root, time_said_, where);
  if (!found) return std::nullopt;
  return simdjson::minify(*found);
}

std::string Written::json() const { return std::string(parsed_->text.view()); }

}  // namespace waybill::parsers::patterns
