// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/explain_lineage.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "core/canonical.h"
#include "core/json_text.h"
#include "outputs/printable.h"

namespace waybill::daemon::commands {

namespace {

using lineage::Carrier;
using lineage::Outcome;

class Words {
 public:
  Words(Batch& batch, const Record& record, const Identity& identity,
        const lineage::LineageSettings& settings, const Outcome& outcome)
      : batch_(batch),
        record_(record),
        identity_(identity),
        settings_(settings),
        outcome_(outcome) {}

  std::vector<std::string> all() {
    std::string service = shown(service_of(record_, identity_));
    const char* said = "from the config or the environment";
    if (service == "unknown_service") {
      said = "nobody names it: --service, service.name, OTEL_SERVICE_NAME";
    }
    say("service {} ({})", service,
        record_.service_name ? place_of(record_.service_name) : std::string(said));
    trace();
    if (record_.trace_origin == TraceOrigin::kField || record_.trace_origin == TraceOrigin::kText) {
      id("span", record_.span_id);
      id("parent span", record_.parent_span_id);
      if (record_.tracestate) say("tracestate ({})", place_of(record_.tracestate));
    }
    id("request", record_.request_id);
    id("correlation", record_.correlation_id);
    id("tenant", record_.tenant_id);
    refused();
    return std::move(lines_);
  }

 private:
  template <typename... Args>
  void say(fmt::format_string<Args...> form, Args&&... args) {
    lines_.push_back(fmt::format(form, std::forward<Args>(args)...));
  }
  std::string shown(Text text) const {
    return outputs::printable(characters(text, batch_.arena), 200);
  }

  void trace() {
    if (!record_.trace_id) return no_trace();
    say("trace {} ({})", shown(record_.trace_id), trace_origin());
  }

  std::string trace_origin() const {
    if (record_.passed != nullptr) return "as the record has it";
    switch (record_.trace_origin) {
      case TraceOrigin::kInherited:
        return fmt::format("inherited: an earlier line of the same {} has it", inherited_key());
      case TraceOrigin::kDerived:
        return fmt::format("derived from the request id{}",
                           settings_.derive_key.empty() ? "" : " with the key of the config");
      case TraceOrigin::kGenerated:
        return settings_.generate == lineage::Generate::kRun ? "generated for this run"
                                                             : "generated for this request id";
      case TraceOrigin::kText: return "from the text" + by_carrier();
      default: return "from a field" + by_carrier();
    }
  }

  std::string_view inherited_key() const {
    return outcome_.inherited_by ? lineage::key_name(*outcome_.inherited_by) : "key";
  }

  std::string by_carrier() const {
    std::string_view name = outcome_.findings.name;
    return name.empty() ? ", where a traceparent stands"
                        : fmt::format(", {}", outputs::printable(name));
  }

  void no_trace() {
    if (outcome_.ambiguous) {
      return say("no trace: lines of the same {} have several",
                 lineage::key_name(*outcome_.ambiguous));
    }
    if (outcome_.expired) {
      return say("no trace: the one of the same {} was longer ago than trace.inherit.ttl",
                 lineage::key_name(*outcome_.expired));
    }
    say("no trace: {}", outcome_.findings.refused != 0
                            ? "what the line names is no valid trace id; it stays in the context"
                            : "the line names none");
  }

  void id(std::string_view what, Text text) {
    if (text) say("{} {} ({})", what, shown(text), place_of(text));
  }

  static bool holds(std::string_view whole, const char* part) {
    std::less_equal<const char*> before;
    return !whole.empty() && before(whole.data(), part) &&
           before(part, whole.data() + whole.size() - 1);
  }

  // Ids are views of where they stood, unless they had to be rewritten.
  std::string place_of(Text text) const {
    if (record_.token_count > 0) {
      const Token* root = batch_.tokens_of(record_);
      for (const Token* token = root + 1; token < root + record_.token_count; ++token) {
        std::string_view value{record_.json + token->value, token->value_size};
        if (token->span > 1 || !token->has(Token::kHasKey) || !holds(value, text.data)) continue;
        std::string_view key{record_.json + token->key, token->key_size};
        if (!record_.message.empty() && holds(value, record_.message.data)) return "from the text";
        return fmt::format("from the field {}", outputs::printable(key));
      }
    }
    for (const Field& field : batch_.fields_of(record_)) {
      if (!holds(field.value.bytes(), text.data)) continue;
      return fmt::format("from the field {}", outputs::printable(field.key.bytes()));
    }
    bool decoded = record_.message.form == TextForm::kJson;
    if (decoded || holds(record_.message.bytes(), text.data)) return "from the text";
    return "from the line, rewritten";
  }

  void refused() {
    for (size_t i = 1; i < static_cast<size_t>(Carrier::kCount); ++i) {
      auto carrier = static_cast<Carrier>(i);
      if (!outcome_.findings.has_refused(carrier)) continue;
      say("refused: {} breaks its rules, and stays as it came", lineage::carrier_name(carrier));
    }
  }

  Batch& batch_;
  const Record& record_;
  const Identity& identity_;
  const lineage::LineageSettings& settings_;
  const Outcome& outcome_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> explain_ids(Batch& batch, const Record& record, const Identity& identity,
                                     const lineage::LineageSettings& settings,
                                     const Outcome& outcome) {
  return Words(batch, record, identity, settings, outcome).all();
}

std::vector<std::string> explain_attributes(const std::vector<lineage::Said>& all) {
  std::vector<std::string> lines;
  for (const lineage::Said& one : all) {
    std::string words = fmt::format("{}={} ({}", outputs::printable(one.name),
                                    outputs::printable(one.by.front().value),
                                    outputs::printable(one.by.front().origin));
    for (size_t i = 1; i < one.by.size(); ++i) {
      words +=
          fmt::format("{}{} of {}", i == 1 ? "; beats " : ", ", outputs::printable(one.by[i].value),
                      outputs::printable(one.by[i].origin));
    }
    lines.push_back(words + ")");
  }
  return lines;
}

}  // namespace waybill::daemon::commands
