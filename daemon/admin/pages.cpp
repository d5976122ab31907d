// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/pages.h"

#include <fmt/format.h>

#include <array>

#include "core/json_text.h"

namespace waybill::daemon::admin {

namespace {

// A JSON object under construction; nested ones are given as JSON.
class Object {
 public:
  Object& json(std::string_view key, std::string_view value) {
    out_.push_back(first_ ? '{' : ',');
    first_ = false;
    append_json_string(out_, key);
    out_.push_back(':');
    out_.append(value);
    return *this;
  }
  Object& number(std::string_view key, uint64_t value) { return json(key, std::to_string(value)); }
  Object& string(std::string_view key, std::string_view value) {
    return json(key, json_string(value));
  }
  std::string text() const { return first_ ? std::string("{}") : std::string(out_.view()) + "}"; }

 private:
  Buffer out_;
  bool first_ = true;
};

template <size_t N>
std::string by_reason(const std::array<std::string_view, N>& names,
                      const std::array<uint64_t, N>& counts) {
  Object object;
  for (size_t i = 0; i < N; ++i) object.number(names[i], counts[i]);
  return object.text();
}

std::string input_json(const InputCounts& counts) {
  Object formats;
  for (const auto& [format, records] : counts.formats) formats.number(format, records);
  return Object()
      .number("lines", counts.lines)
      .number("records", counts.records)
      .number("joined", counts.joined)
      .number("empty", counts.empty)
      .number("bytes", counts.bytes)
      .json("missed", by_reason(kMissReasonNames, counts.missed))
      .number("lag_bytes", counts.lag_bytes)
      .number("connections", counts.connections)
      .number("connections_accepted", counts.accepted)
      .number("connections_refused", counts.refused)
      .number("connections_broken", counts.broken)
      .number("truncated_lines", counts.truncated_lines)
      .number("truncated_bytes", counts.truncated_bytes)
      .number("repaired_lines", counts.repaired_lines)
      .number("duplicate_keys", counts.duplicate_keys)
      .number("clock_skew", counts.clock_skew)
      .json("formats", formats.text())
      .text();
}

std::string output_json(const OutputCounts& counts) {
  return Object()
      .number("records", counts.records)
      .number("recovered", counts.recovered)
      .number("synthetic", counts.synthetic)
      .number("delivered", counts.delivered)
      .number("filtered", counts.filtered)
      .number("sampled", counts.sampled)
      .number("folded", counts.folded)
      .json("dropped", by_reason(kDropReasonNames, counts.dropped))
      .number("dead_lettered", counts.dead_lettered)
      .number("in_flight", counts.in_flight)
      .text();
}

std::string recorder_json(const sampling::RecorderState& state) {
  return Object()
      .number("lines", state.lines)
      .number("bytes", state.bytes)
      .number("traces", state.traces)
      .number("released", state.counts.released)
      .json("evicted", by_reason(sampling::kEvictionNames, state.counts.evicted))
      .text();
}

std::string lines_json(const std::vector<sampling::Templates::Line>& lines, bool counted) {
  std::string all;
  for (const sampling::Templates::Line& line : lines) {
    Object one;
    one.string("id", fmt::format("{:016x}", line.id)).string("text", line.text);
    if (counted) one.number("records", line.records);
    all += (all.empty() ? "" : ",") + one.text();
  }
  return "[" + all + "]";
}

std::string templates_json(const sampling::TemplateState& templates) {
  return Object()
      .number("known", templates.known)
      .number("new", templates.fresh)
      .json("top", lines_json(templates.top, true))
      .json("newest", lines_json(templates.newest, false))
      .text();
}

std::string_view state_name(OutputState state) { return kStateNames[static_cast<size_t>(state)]; }

}  // namespace

std::string ledger_json(const Ledger& ledger, const sampling::Counts& sampled) {
  bool balanced = true;
  Object inputs;
  for (const InputLedger* input : ledger.inputs()) {
    InputCounts counts = input->snapshot();
    balanced = balanced && counts.balanced();
    inputs.json(input->name(), input_json(counts));
  }
  Object outputs;
  for (const OutputLedger* output : ledger.outputs()) {
    OutputCounts counts = output->snapshot().counts;
    balanced = balanced && counts.balanced();
    outputs.json(output->name(), output_json(counts));
  }
  Object page;
  page.json("balanced", balanced ? "true" : "false")
      .json("inputs", inputs.text())
      .json("outputs", outputs.text());
  const sampling::RecorderState recorder = sampled.recorder();
  if (recorder.on) page.json("recorder", recorder_json(recorder));
  const sampling::TemplateState templates = sampled.templates();
  if (templates.known > 0) page.json("templates", templates_json(templates));
  return page.text() + "\n";
}

std::string outputs_json(const Ledger& ledger, const OutputFactsByName& outputs) {
  Object all;
  for (const OutputLedger* output : ledger.outputs()) {
    auto facts = outputs.find(output->name());
    if (facts == outputs.end()) continue;  // of an earlier config
    OutputSnapshot now = output->snapshot();
    Object one;
    one.string("target", facts->second.target).string("state", state_name(now.state));
    if (!now.problem.empty()) one.string("problem", now.problem);
    one.number("requests", now.requests)
        .number("retries", now.retries)
        .number("queue_records", now.queue_records)
        .number("queue_bytes", now.queue_bytes)
        .number("spool_records", now.spool_records)
        .number("spool_bytes", now.spool_bytes)
        .number("spool_torn_records", now.spool_torn_records)
        .number("spool_torn_bytes", now.spool_torn_bytes)
        .json("oldest_undelivered_seconds", fmt::format("{:.3f}", now.oldest_undelivered_seconds));
    if (facts->second.moved_fields) one.number("moved_fields", *facts->second.moved_fields);
    all.json(output->name(), one.text());
  }
  return all.text() + "\n";
}

}  // namespace waybill::daemon::admin
