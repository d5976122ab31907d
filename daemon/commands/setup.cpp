// SPDX-License-Identifier: Apache-2.0
// `waybill setup es`: the index templates of the config's outputs, and their ingest pipeline.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/commands/commands.h"
#include "daemon/commands/json_out.h"
#include "outputs/elasticsearch/setup.h"

namespace waybill::daemon::commands {

namespace {

namespace elasticsearch = outputs::elasticsearch;

// Name and section of each output of that type. What --to names has the section that it stands for.
std::vector<std::pair<std::string, config::Section>> sections(const CommandLine& line,
                                                              const Plan& plan,
                                                              config::Diagnostics& diagnostics) {
  std::vector<std::pair<std::string, config::Section>> found;
  if (line.plan.to.empty()) {
    for (const config::Named& named : plan.config.outputs) {
      if (named.type == "elasticsearch") found.emplace_back(named.name, named.section);
    }
    return found;
  }
  const outputs::Descriptor& es = elasticsearch::descriptor();
  for (const std::string& to : line.plan.to) {
    if (!to.starts_with(es.to_prefix)) continue;
    std::string text = es.to_section(to.substr(es.to_prefix.size()), plan.identity);
    // An URL may have a password in it.
    found.emplace_back("--to es", config::section_from_text("--to", text, diagnostics));
  }
  return found;
}

// The definition in `path`, for outputs of which one says at least what it is called. Nothing when
// it cannot be had, which is said.
std::optional<std::string> read_pipeline(
    const std::string& path, const std::vector<std::pair<std::string, config::Section>>& all) {
  auto refuse = [](const std::string& what) {
    fmt::print(stderr, "waybill: --pipeline-file: {}\n", what);
    return std::nullopt;
  };
  bool named = std::any_of(all.begin(), all.end(),
                           [](const auto& output) { return output.second.has("pipeline"); });
  if (!named) return refuse("no output has a `pipeline`, which says how it is called");
  Result<std::string> text = config::read_file(path);
  if (!text) return refuse(text.error().what);
  std::string fault = elasticsearch::pipeline_fault(*text);
  if (!fault.empty()) return refuse(path + ": " + fault);
  return *std::move(text);
}

}  // namespace

int setup_elasticsearch(const CommandLine& line) {
  int code = exit_code::kOk;
  auto plan = plan_or_complain(line.plan, code);
  if (!plan) return code;
  config::Diagnostics diagnostics;
  auto all = sections(line, *plan, diagnostics);
  if (all.empty()) {
    fmt::print(stderr,
               "waybill: there is no output of the type elasticsearch: -c FILE, or --to "
               "es=URL\n");
    return exit_code::kUsage;
  }
  std::string pipeline;
  if (!line.pipeline_file.empty()) {
    auto read = read_pipeline(line.pipeline_file, all);
    if (!read) return exit_code::kUsage;
    pipeline = *std::move(read);
  }
  for (const auto& [name, section] : all) {
    if (line.print) {
      elasticsearch::Settings settings;
      std::vector<outputs::http::Url> urls;
      if (!elasticsearch::read_settings(section, settings, urls)) return exit_code::kUsage;
      auto made = elasticsearch::index_template(settings, elasticsearch::Server::kElasticsearch);
      fmt::print("{}\n", made.body);
      continue;
    }
    Result<std::string> done = elasticsearch::install(section, pipeline);
    if (done) {
      fmt::print("{}: {}\n", name, *done);
    } else {
      fmt::print(stderr, "{}: {}\n", name, done.error().what);
      code = exit_code::kCannotStart;
    }
  }
  return written(code);
}

}  // namespace waybill::daemon::commands
