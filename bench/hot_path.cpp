// SPDX-License-Identifier: Apache-2.0
#include "bench/hot_path.h"

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <utility>

#include "core/canonical.h"
#include "core/check.h"
#include "daemon/pipeline.h"
#include "lineage/record_id.h"
#include "lineage/resource.h"
#include "outputs/elasticsearch/encoder.h"
#include "outputs/http/http_settings.h"
#include "outputs/loki/encoder.h"
#include "outputs/otlp/encoder.h"

namespace waybill::bench {

namespace {

constexpr int64_t kFirstTimeNs = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z
constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kRequestBytes = 1 << 20;

// A service and four attributes, as the goals of docs/ARCHITECTURE.md have them.
Identity example_identity() {
  lineage::ResourceInput input;
  input.service_name = "checkout";
  input.service_version = "1.4.2";
  input.service_namespace = "shop";
  input.environment = "production";
  input.resource = {{"team", "payments"}};
  std::vector<std::string> warnings;
  auto nothing = [](const char*) -> std::optional<std::string> { return std::nullopt; };
  return lineage::resolve_identity(input, nothing, warnings);
}

outputs::http::Url local_url() {
  auto url = outputs::http::parse_url("http://127.0.0.1:1");
  WAYBILL_CHECK(url.has_value(), "a fixed URL");
  return *url;
}

std::unique_ptr<outputs::http::Backend> make_backend(std::string_view name) {
  if (name == "loki") {
    return std::make_unique<outputs::loki::Backend>(outputs::loki::Settings{},
                                                    std::vector{local_url()});
  }
  if (name == "es") {
    outputs::elasticsearch::Settings settings;
    settings.data_stream = "logs-checkout-default";
    return std::make_unique<outputs::elasticsearch::Backend>(settings, std::vector{local_url()});
  }
  outputs::otlp::Settings settings;
  settings.compression = outputs::otlp::Compression::kNone;
  return std::make_unique<outputs::otlp::Backend>(settings, std::vector{local_url()});
}

// What a service might ask of its records: 60 properties, of which a line has a quarter.
std::string wide_schema() {
  std::string schema = R"({"type":"object","required":["timestamp","level","message","context"],
    "properties":{
      "timestamp":{"type":"string","pattern":"^\\d{4}-\\d{2}-\\d{2}T[0-9:.]+Z$"},
      "level":{"enum":["DEBUG","INFO","WARN","ERROR","FATAL"]},
      "service_name":{"type":"string","pattern":"^[a-z][a-z0-9-]*$"},
      "trace_id":{"type":"string","pattern":"^[0-9a-f]{32}$"},
      "span_id":{"type":"string","pattern":"^[0-9a-f]{16}$"},
      "message":{"type":"string","minLength":1,"maxLength":8192},
      "logger":{"type":"string"},"caller":{"type":"string","pattern":"^[a-z/_.]+:[0-9]+$"},
      "context":{"type":"object","required":["method","path","status"],"additionalProperties":false,
        "properties":{
          "method":{"enum":["GET","PUT","POST","PATCH","DELETE","HEAD"]},
          "path":{"type":"string","pattern":"^/"},
          "status":{"type":"integer","minimum":100,"maximum":599},
          "took_ms":{"type":"number","minimum":0},
          "bytes":{"type":"integer","minimum":0},
          "cached":{"type":"boolean"},
          "agent":{"type":"string","maxLength":1024})";
  for (int i = 0; i < 44; ++i) {
    schema += fmt::format(R"(,"attribute_{}":{{"type":["string","null"],"maxLength":256}})", i);
  }
  return schema + "}}}}";
}

// One of each kind that has something to do for every line.
std::shared_ptr<const sampling::Rules> example_rules() {
  config::Diagnostics diagnostics;
  auto config = config::load("bench",
                             "sample: {rules: [{when: \"level <= INFO\", probability: 0.5}, "
                             "{burst: {first: 100, then_every: 2}}, {limit: {rate: 2000/s}}]}",
                             {"auto"}, diagnostics);
  WAYBILL_CHECK(config && config->sampling, "a config without faults");
  return sampling::Rules::make(*config->sampling);
}

parsers::Settings settings_with(Own own) {
  parsers::Settings settings;
  switch (own) {
    case Own::kNone: break;
    case Own::kRegex:
      settings.patterns = {
          {"own",
           R"(^(?P<time>\S+) (?P<level>\w+) +\[(?P<thread>[^\]]*)\] (?P<message>.*)$)",
           "",
           {}}};
      break;
    case Own::kWideRegex:
      settings.patterns = {
          {"own",
           R"(^(?P<time>\S+) (?P<level>\w+) +\[(?P<thread>[^\]]*)\] (?P<logger>\S+): )"
           R"((?P<message>.*?) order=(?P<order>\d+) .*took=(?P<took>\S+) .*$)",
           "",
           {{"order", "int"}, {"took", "duration"}}}};
      break;
    case Own::kDissect:
      settings.patterns = {{"own",
                            "",
                            "%{time} %{level->} [%{thread}] %{logger}: %{message} order=%{order} "
                            "customer=%{customer} amount=%{amount} took=%{took} %{}",
                            {{"order", "int"}, {"amount", "float"}, {"took", "duration"}}}};
  }
  return settings;
}

}  // namespace

HotPath::HotPath(Shape shape, Own own)
    : identity_(example_identity()), reader_(settings_with(own), {"auto"}, budget_) {
  LineWriter writer(shape, 1, kFirstTimeNs);
  // An even number of lines of the average length: a batch that is nearly full.
  while (text_.size() + 4 * kZapBytes < kBatchBytes) writer.append(text_);
  auto source = std::make_shared<Source>();
  source->input = "app";
  source->path = "/var/log/app/checkout.log";
  source->number = next_source_number();
  source_ = source;
  for (std::string_view name : {"loki", "es", "otlp"}) {
    outputs_.push_back({name, make_backend(name), std::make_unique<delivery::Payload>(budget_)});
    WAYBILL_CHECK(outputs_.back().backend->prepare(identity_).has_value(), "no settings at fault");
  }
  for (auto [text, program] : {std::pair(std::string(contract::builtin_schema()), &builtin_),
                               std::pair(wide_schema(), &wide_)}) {
    auto made = contract::compile_text(std::move(text), "schema", "", {});
    WAYBILL_CHECK(made.has_value(), "schemas without faults");
    *program = *made;
  }
  sampler_ = std::make_unique<sampling::Sampler>(example_rules());
  frame();
}

void HotPath::frame() {
  batch_.reset(kBatchBytes);
  batch_.sources.push_back(source_);
  batch_.read_ns = kFirstTimeNs;
  std::memcpy(batch_.room().data(), text_.data(), text_.size());
  batch_.commit(text_.size());
  batch_.chunks.push_back(Chunk{0, 0, static_cast<uint32_t>(text_.size()), 0, 0});
  daemon::FrameCursor cursor;
  daemon::frame(batch_, cursor);
  framed_.assign(batch_.records.begin(), batch_.records.end());
}

void HotPath::walk() {
  for (const Record& record : framed_) {
    uint32_t duplicates = 0;
    tokens_.clear();
    walker_.walk(record.line, tokens_, duplicates);
  }
}

void HotPath::parse() {
  batch_.clear_records();
  reader_.begin_slice(batch_);
  batch_.records.insert(batch_.records.end(), framed_.begin(), framed_.end());
  reader_.read(batch_, false);
}

void HotPath::lineage() {
  for (Record& record : batch_.records) {
    lineage_.resolve(batch_, record);
    record.id = lineage::record_id(batch_.source_of(record).nonce, record.offset);
  }
}

void HotPath::contract(bool wide) {
  const contract::Program& program = wide ? *wide_ : *builtin_;
  arena_.clear();
  for (const Record& record : batch_.records) {
    contract::Value value = view_.of(batch_, record, identity_, arena_);
    auto verdict = validator_.judge(program, value, view_.size());
    WAYBILL_CHECK(verdict == contract::Verdict::kValid, "the generated lines keep the contract");
  }
}

// What is kept back stays in the batch: the next stages always have as much to do.
void HotPath::sample() {
  for (Record& record : batch_.records) sampler_->judge(batch_, record, identity_);
}

void HotPath::canonical() {
  json_.clear();
  for (const Record& record : batch_.records) {
    append_canonical(json_, batch_, record, identity_, part::kAll);
    json_.push_back('\n');
  }
}

void HotPath::encode(std::string_view name) {
  for (Named& output : outputs_) {
    if (output.name != name) continue;
    delivery::Payload& payload = *output.payload;
    for (Record& record : batch_.records) {
      record.time_ns += kSecond;  // times that come again would be moved apart for Loki
      output.backend->append(batch_, record, payload);
    }
    if (payload.bytes < kRequestBytes) continue;
    while (picks_.size() < payload.slices.size()) {
      picks_.push_back(static_cast<uint32_t>(picks_.size()));
    }
    output.backend->compose(payload, {picks_.data(), payload.slices.size()}, payload.body);
    payload.clear();
  }
}

}  // namespace waybill::bench
