// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/setup.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <initializer_list>
#include <utility>

#include "core/json_text.h"
#include "core/percent.h"
#include "outputs/elasticsearch/probe.h"
#include "outputs/http/client.h"
#include "outputs/printable.h"

namespace waybill::outputs::elasticsearch {

namespace {

// Above Elasticsearch's own template for logs-*-* (100).
constexpr int kPriority = 250;

// `"a":{"type":"keyword"},…`, with a type for each path; dots in a name mean nesting there.
std::string typed(std::string_view type, std::initializer_list<const char*> paths) {
  std::string properties;
  for (const char* path : paths) {
    if (!properties.empty()) properties += ',';
    properties += fmt::format("{}:{}", json_string(path), type);
  }
  return properties;
}

constexpr std::string_view kKeyword = R"({"type":"keyword","ignore_above":1024})";
constexpr std::string_view kText = R"({"type":"text"})";
constexpr std::string_view kLong = R"({"type":"long"})";
constexpr std::string_view kDouble = R"({"type":"double"})";
constexpr std::string_view kDate = R"({"type":"date"})";
constexpr std::string_view kNotIndexed = R"({"type":"object","enabled":false})";

std::string_view any_json(Server server) {
  return server == Server::kOpenSearch ? R"({"type":"flat_object"})"
                                       : R"({"type":"flattened","ignore_above":8191})";
}

std::string ecs_properties(Server server) {
  return typed(kDate, {"@timestamp"}) + "," + typed(kText, {"message", "error.message"}) + "," +
         typed(kKeyword, {"log.level", "log.logger", "log.file.path", "log.origin.file.name",
                          "log.origin.function", "service.name", "service.version",
                          "service.environment", "trace.id", "span.id", "http.request.id",
                          "organization.id", "process.thread.name", "error.type", "error.code"}) +
         "," + typed(kLong, {"log.offset", "log.origin.file.line"}) + "," +
         // A keyword ends at 32 KiB, and nobody looks for a whole stack.
         typed(kText, {"error.stack_trace"}) + "," + typed(kDouble, {"waybill.sample_rate"}) + "," +
         typed(kNotIndexed, {"waybill.schema_errors"}) + "," + typed(any_json(server), {"context"});
}

std::string flat_properties(Server server) {
  return typed(kDate, {"@timestamp", "timestamp"}) + "," +
         typed(kText, {"message", "error.message", "error.stack"}) + "," +
         typed(kKeyword,
               {"level", "service_name", "trace_id", "span_id", "trace_flags", "parent_span_id",
                "tracestate", "trace_origin", "request_id", "correlation_id", "tenant_id", "logger",
                "thread", "caller", "error.kind", "error.type", "error.code", "id"}) +
         "," + typed(kDouble, {"sample_rate"}) + "," + typed(kNotIndexed, {"schema_errors"}) + "," +
         typed(any_json(server), {"context", "resource", "source"});
}

struct About {
  Server server = Server::kElasticsearch;
  std::string version;
};

// {"version":{"number":"2.15.0","distribution":"opensearch"},…}
Result<About> about(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view number, distribution;
  bool known = parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
               root["version"]["number"].get(number) == simdjson::SUCCESS;
  if (!known) {
    return Error{Action::kFixConfig, "what answers there is no Elasticsearch, and no OpenSearch"};
  }
  About found;
  found.version = number;
  if (root["version"]["distribution"].get(distribution) == simdjson::SUCCESS &&
      distribution == "opensearch") {
    found.server = Server::kOpenSearch;
  }
  return found;
}

}  // namespace

IndexTemplate index_template(const Settings& settings, Server server) {
  const bool ecs = settings.mapping == Mapping::kEcs;
  const std::string target = index_wildcard(settings);
  IndexTemplate made;
  made.name = "waybill-";
  for (char c : target) {
    if (c != '*') made.name += c;
  }
  // What is named nowhere else and is text: attributes of the resource below `labels`, and others.
  std::string strings =
      fmt::format(R"([{{"strings":{{"match_mapping_type":"string","mapping":{}}}}}])", kKeyword);
  made.body = fmt::format(R"({{"index_patterns":[{}],"priority":{},{}"template":{{"mappings":{{)"
                          R"("dynamic_templates":{},"properties":{{{}}}}}}},)"
                          R"("_meta":{{"description":"made by waybill setup es"}}}})",
                          json_string(target), kPriority,
                          settings.data_stream.empty() ? "" : R"("data_stream":{},)", strings,
                          ecs ? ecs_properties(server) : flat_properties(server));
  return made;
}

Result<std::string> install(const config::Section& section, std::string_view pipeline) {
  Settings settings;
  std::vector<http::Url> urls;
  if (!read_settings(section, settings, urls)) {
    return Error{Action::kFixConfig, "the output has faults: waybill check"};
  }
  Result<http::Client> cluster = http::Client::connect(settings, "Elasticsearch");
  if (!cluster) return std::move(cluster).error();
  const http::Url& url = urls.front();
  Result<std::string> answer = cluster->demand("GET", url.text("/"));
  if (!answer) return std::move(answer).error();
  Result<About> server = about(*answer);
  if (!server) return Error{server.error().action, url.text() + ": " + server.error().what};
  std::string done;
  if (!pipeline.empty() && !settings.pipeline.empty() && settings.pipeline != kNoPipeline) {
    Result<std::string> put =
        cluster->demand("PUT", url.text(pipeline_path(settings.pipeline)), pipeline);
    if (!put) return std::move(put).error();
    done = fmt::format("the ingest pipeline {} and ", printable(settings.pipeline));
  }
  const IndexTemplate made = index_template(settings, server->server);
  Result<std::string> put = cluster->demand(
      "POST", url.text("/_index_template/" + percent_encoded(made.name)), made.body);
  if (!put) return std::move(put).error();
  return fmt::format("{}the template {} for {} {} installed in {} {} at {}", done, made.name,
                     index_wildcard(settings), done.empty() ? "is" : "are",
                     server->server == Server::kOpenSearch ? "OpenSearch" : "Elasticsearch",
                     printable(server->version), url.text());
}

std::string pipeline_fault(std::string_view definition) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  simdjson::dom::array processors;
  if (auto error = parser.parse(definition.data(), definition.size()).get(object)) {
    return error == simdjson::INCORRECT_TYPE ? "it is no JSON object"
                                             : std::string(simdjson::error_message(error));
  }
  if (object["processors"].get(processors) == simdjson::SUCCESS) return {};
  return R"(there is no list of "processors" in it)";
}

}  // namespace waybill::outputs::elasticsearch
