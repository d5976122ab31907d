// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/probe.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "core/json_text.h"
#include "core/percent.h"
#include "outputs/elasticsearch/encoder.h"
#include "outputs/elasticsearch/reply.h"

namespace waybill::outputs::elasticsearch {

namespace {

using http::Finding;
using http::Response;
using simdjson::dom::element;

http::Probe probe_of(Question question, std::string url) {
  http::Probe probe{std::move(url), false, {}};
  probe.kind = static_cast<int>(question);
  return probe;
}

bool ok(const Response& response) { return response.status >= 200 && response.status < 300; }

// Whether the list `key` of a reply has anything in it.
bool has_any(const element& root, std::string_view key) {
  simdjson::dom::array all;
  return root[key].get(all) == simdjson::SUCCESS && all.size() > 0;
}

// {"indices":[…],"aliases":[…],"data_streams":[…]}, or a 404. Who may write may not always look.
Result<Finding> judge_target(const Response& response, const std::string& target, bool is_stream) {
  const char* kind = is_stream ? "data stream" : "index";
  simdjson::dom::parser parser;
  element root;
  bool read =
      parser.parse(response.body.data(), response.body.size()).get(root) == simdjson::SUCCESS;
  if (response.status == 404) {
    return Finding{
        .warning = fmt::format("there is no {} {} yet: the first record makes it, {}", kind, target,
                               is_stream ? "if an index template for data streams matches its name"
                                         : "unless action.auto_create_index forbids that")};
  }
  if (response.status == 401 || response.status == 403) {
    return Finding{.warning = fmt::format("cannot see whether there is a {} {}: our credentials "
                                          "may not look (view_index_metadata)",
                                          kind, target)};
  }
  if (!ok(response) || !read) return Finding{};
  bool index = has_any(root, "indices") || has_any(root, "aliases");
  if (is_stream && index) {
    return Error{Action::kFixConfig,
                 fmt::format("{} is an index or an alias, and no data stream: write `index: {}` "
                             "instead of data_stream",
                             target, target)};
  }
  if (!index && !has_any(root, "data_streams")) return Finding{};
  return Finding{.words = fmt::format("has the {} {}", kind, target)};
}

// {"has_all_requested":false,"index":{"NAME":{"create_doc":false}}}
Result<Finding> judge_privileges(const Response& response, const std::string& target) {
  simdjson::dom::parser parser;
  element root;
  bool all = true;
  bool read =
      ok(response) &&
      parser.parse(response.body.data(), response.body.size()).get(root) == simdjson::SUCCESS &&
      root["has_all_requested"].get(all) == simdjson::SUCCESS;
  // OpenSearch, and a cluster without security, know no such question.
  if (!read) return Finding{};
  if (all) return Finding{.words = "lets us write to " + target};
  return Error{Action::kFixConfig,
               fmt::format("our credentials may not write to {}: their role lacks the privilege "
                           "create_doc",
                           target)};
}

// [{"epoch":"1732860000"}]; a privilege more than writing needs.
Finding judge_clock(const Response& response) {
  Finding finding;
  simdjson::dom::parser parser;
  element root;
  std::string_view text;
  if (!ok(response) ||
      parser.parse(response.body.data(), response.body.size()).get(root) != simdjson::SUCCESS ||
      root.at(0)["epoch"].get(text) != simdjson::SUCCESS) {
    return finding;
  }
  int64_t seconds = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || end != text.data() + text.size() || seconds < 0) return finding;
  finding.clock = seconds;
  return finding;
}

// A bulk request that names a pipeline which is not there has all its documents refused.
Result<Finding> judge_pipeline(const Response& response, const std::string& pipeline) {
  if (response.status == 404) {
    return Error{Action::kFixConfig,
                 fmt::format("there is no ingest pipeline {}, and every document would be refused: "
                             "`waybill setup es --pipeline-file FILE` installs one",
                             pipeline)};
  }
  if (response.status == 401 || response.status == 403) {
    return Finding{.warning = fmt::format("cannot see whether there is an ingest pipeline {}: our "
                                          "credentials may not look (read_pipeline)",
                                          pipeline)};
  }
  if (!ok(response)) return Finding{};
  return Finding{.words = fmt::format("has the ingest pipeline {}", pipeline)};
}

}  // namespace

std::string pipeline_path(std::string_view name) {
  return "/_ingest/pipeline/" + percent_encoded(name);
}

std::vector<http::Probe> probes_of(const std::vector<http::Url>& urls,
                                   const std::vector<std::string>& bulk, const std::string& target,
                                   const std::string& pipeline) {
  std::vector<http::Probe> probes;
  for (const std::string& url : bulk) {
    http::Probe probe = probe_of(Question::kBulk, url);
    probe.post = true;
    probes.push_back(std::move(probe));
  }
  const http::Url& first = urls.front();
  probes.push_back(
      probe_of(Question::kTarget, first.text("/_resolve/index/" + percent_encoded(target))));
  http::Probe may = probe_of(Question::kPrivileges, first.text("/_security/user/_has_privileges"));
  may.post = true;
  may.body = fmt::format(R"({{"index":[{{"names":[{}],"privileges":["create_doc"]}}]}})",
                         json_string(target));
  may.header = "Content-Type: application/json";
  probes.push_back(std::move(may));
  probes.push_back(probe_of(Question::kClock, first.text("/_cat/health?format=json&h=epoch")));
  if (!pipeline.empty() && pipeline != kNoPipeline) {
    probes.push_back(probe_of(Question::kPipeline, first.text(pipeline_path(pipeline))));
  }
  return probes;
}

Result<Finding> judge(const http::Probe& probe, const Response& response, const std::string& target,
                      bool is_stream, const std::string& pipeline) {
  switch (static_cast<Question>(probe.kind)) {
    case Question::kTarget: return judge_target(response, target, is_stream);
    case Question::kPrivileges: return judge_privileges(response, target);
    case Question::kClock: return judge_clock(response);
    case Question::kPipeline: return judge_pipeline(response, pipeline);
    case Question::kBulk: break;
  }
  // "request body is required": it is there, and takes our credentials.
  if (response.status == 400 && !request_error(response.body).text.empty()) {
    return Finding{.words = "answers, and takes our credentials"};
  }
  if (ok(response)) return Finding{.words = "answers, and takes our credentials"};
  http::Verdict verdict = http::judge_status(response);
  return Error{Action::kFixConfig, http::refusal_words(response, verdict)};
}

Result<Finding> Backend::judge_probe(const http::Probe& probe, const Response& response) const {
  return elasticsearch::judge(probe, response, target_, is_stream_, pipeline_);
}

}  // namespace waybill::outputs::elasticsearch
