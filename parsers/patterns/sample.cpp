// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/sample.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "core/canonical.h"
#include "core/clock.h"
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

bool same_time(std::string_view a, std::string_view b) {
  TimeZone utc;
  auto first = time_of_text(a, utc, 0);
  auto second = time_of_text(b, utc, 0);
  return first && second && first->ns == second->ns;
}

// "" when `found` is what is wanted, else what it is.
std::string difference(Element found, const config::Leaf& wanted, bool time) {
  std::string_view text;
  if (found.get(text) == simdjson::SUCCESS) {
    if (time ? same_time(text, wanted.text) : wanted.is_text && text == wanted.text) return {};
    return fmt::format("the text {}", shown(text));
  }
  double number = 0;
  std::string json = simdjson::minify(found);
  if (wanted.is_text) return json;
  if (json == wanted.text) return {};
  if (found.get(number) == simdjson::SUCCESS && number_of(wanted.text) == number) return {};
  return json;
}

class Checker {
 public:
  explicit Checker(const config::SampleSettings& sample) : sample_(sample) {}

  std::vector<std::string> faults(const Settings& settings) {
    auto source = std::make_shared<Source>();
    source->input = "sample";
    ByteBudget budget(sample_.line.size() + kBatchBytes);
    Batch batch(budget);
    batch.reset(sample_.line.size());
    if (!sample_.line.empty()) {
      std::memcpy(batch.room().data(), sample_.line.data(), sample_.line.size());
    }
    batch.commit(sample_.line.size());
    batch.sources.push_back(std::move(source));
    Record& record = batch.records.emplace_back();
    record.line = {batch.bytes(), sample_.line.size()};
    record.read_ns = record.time_ns = wall_now();
    auto parser = descriptor().make(settings);  // names of fields are its own
    if (parser->parse(batch, record) == Outcome::kNotMine) {
      return {fmt::format("does not match {}: {}", shown(sample_.line), why_not(settings))};
    }
    compare(batch, record);
    return std::move(faults_);
  }

 private:
  std::string why_not(const Settings& settings) const {
    auto compiled = compile(settings.patterns.front());
    Arena arena;
    bool repaired = false;
    return compiled->engine->why_not(seen_by_patterns(sample_.line, arena, repaired));
  }

  void compare(const Batch& batch, const Record& record) {
    Buffer out;
    // A line's own service is written as if there were no other.
    append_canonical(out, batch, record, Identity(), part::kAll & ~part::kSource & ~part::kId);
    simdjson::dom::parser parser;
    Element root;
    if (parser.parse(out.view().data(), out.view().size()).get(root) != simdjson::SUCCESS) {
      faults_.emplace_back("its record cannot be read: please report this");
      return;
    }
    for (const config::Leaf& leaf : sample_.record) {
      std::string path = leaf.path;
      std::optional<Element> found = look_up(root, record, path);
      std::string is = found ? difference(*found, leaf, path == "timestamp") : "absent";
      if (is.empty()) continue;
      faults_.push_back(fmt::format("of {} {} is {}, not {}{}", shown(sample_.line), path, is,
                                    leaf.is_text ? "the text " : "",
                                    leaf.is_text ? shown(leaf.text) : leaf.text));
    }
  }

  // Leaves in `path` where it was found.
  static std::optional<Element> look_up(Element root, const Record& record, std::string& path) {
    bool no_time = path == "timestamp" && !record.time_said;  // what is there is when it was read
    if (auto found = at_path(root, path); found && !no_time) return found;
    if (auto found = at_path(root, "context." + path)) {
      path.insert(0, "context.");
      return found;
    }
    std::string_view canonical = canonical_key(path);
    if (canonical.empty() || (canonical == "timestamp" && !record.time_said)) return std::nullopt;
    path = canonical;
    return at_path(root, path);
  }

  const config::SampleSettings& sample_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> sample_faults(const config::SampleSettings& sample,
                                       const Settings& settings) {
  return Checker(sample).faults(settings);
}

}  // namespace waybill::parsers::patterns
