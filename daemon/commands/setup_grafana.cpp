// SPDX-License-Identifier: Apache-2.0
// `waybill setup grafana`: data sources, dashboards and alert rules, into a folder or a Grafana.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "daemon/commands/commands.h"
#include "daemon/commands/json_out.h"
#include "daemon/grafana/content.h"
#include "daemon/grafana/install.h"
#include "outputs/http/http_settings.h"
#include "outputs/loki/settings.h"
#include "outputs/printable.h"

namespace waybill::daemon::commands {

namespace {

namespace fs = std::filesystem;
namespace loki = outputs::loki;
using grafana::Content;
using grafana::Level;
using grafana::Request;
using grafana::Source;

void say(const std::string& what) { fmt::print(stderr, "waybill: {}\n", what); }

bool is_uid(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

// An URL, or uid:UID; false when it is neither, which is said.
bool read_source(const char* option, const std::string& text, const char* uid, Source& source) {
  constexpr std::string_view kUid = "uid:";
  if (text.starts_with(kUid)) {
    source = {text.substr(kUid.size()), ""};
    if (is_uid(source.uid)) return true;
    say(fmt::format("{}: a uid has letters, digits, - and _, at most 40 of them", option));
    return false;
  }
  Result<outputs::http::Url> url = outputs::http::parse_url(text);
  if (!url) {
    say(fmt::format("{}: this is not a usable URL: {}", option, url.error().what));
    return false;
  }
  if (url->scheme == "unix") {
    say(fmt::format("{}: Grafana reaches no Unix socket: give an http or https URL", option));
    return false;
  }
  if (!url->user.empty()) {
    say(fmt::format("{}: leave the credentials out, and give them to Grafana itself", option));
    return false;
  }
  source = {uid, url->text()};
  return true;
}

// Where the level of the records is that an output of these settings sends.
Level level_of(const loki::Settings& settings) {
  for (const std::string& label : settings.labels) {
    if (loki::sanitised_name(label) == "level") return {Level::Place::kLabel, "level"};
  }
  for (const std::string& label : settings.labels) {
    size_t sign = label.find('=');
    if (sign != label.npos && label.substr(sign + 1) == "{level}") {
      return {Level::Place::kLabel, label.substr(0, sign)};
    }
  }
  bool record = settings.line == loki::Line::kRecord;
  return {record ? Level::Place::kLine : Level::Place::kMetadata, "level"};
}

// What is as the Loki output `output` has it. False: there is something that we cannot say.
bool take(const config::Named& output, const Request& request, Content& content) {
  loki::Settings settings;
  loki::options().read(output.section, settings);
  std::vector<outputs::http::Url> urls = outputs::http::read_urls(output.section, settings);
  content.level = level_of(settings);
  content.tenant = settings.tenant;
  if (!settings.default_tenant.empty()) {
    content.tenant = settings.default_tenant;
    say(fmt::format("outputs.{} sends to several tenants: the data source reads that of {} alone",
                    output.name, content.tenant));
  }
  const outputs::http::AuthSettings& auth = settings.auth;
  if (!auth.user.empty() || !outputs::http::files_of(auth).empty() || !auth.token.empty() ||
      !auth.api_key.empty() || !auth.aws.region.empty()) {
    say(
        fmt::format("the credentials of outputs.{} are for writing, and not given to Grafana: the "
                    "data source needs its own",
                    output.name));
  }
  if (!request.loki.empty() || urls.empty()) return true;
  return read_source("the endpoint of the Loki output", urls.front().text(), "waybill-loki",
                     content.loki);
}

// By the config's Loki output, if there is a config.
bool take_config(const Plan& plan, const Request& request, Content& content) {
  std::vector<const config::Named*> all;
  for (const config::Named& output : plan.config.outputs) {
    if (output.type == "loki" && (request.output.empty() || output.name == request.output)) {
      all.push_back(&output);
    }
  }
  if (all.empty()) {
    say(request.output.empty() ? "there is no output of the type loki in the config: -c is for its "
                                 "endpoint and labels, and may be left out"
                               : fmt::format("there is no Loki output called {} in the config",
                                             outputs::printable(request.output)));
    return false;
  }
  if (all.size() > 1) {
    say(fmt::format("of {} Loki outputs the dashboards are for {}: --output chooses another",
                    all.size(), all.front()->name));
  }
  return take(*all.front(), request, content);
}

bool take_flags(const Request& request, Content& content) {
  if (!request.tempo.empty() && !request.jaeger.empty()) {
    say("--tempo and --jaeger: a trace id leads to one of them");
    return false;
  }
  content.jaeger = !request.jaeger.empty();
  auto read = [](const char* option, const std::string& text, const char* uid, Source& source) {
    return text.empty() || read_source(option, text, uid, source);
  };
  return read("--loki", request.loki, "waybill-loki", content.loki) &&
         read("--prometheus", request.prometheus, "waybill-prometheus", content.prometheus) &&
         read("--tempo", request.tempo, "waybill-tempo", content.traces) &&
         read("--jaeger", request.jaeger, "waybill-jaeger", content.traces);
}

// Writes every file; false when one cannot be, which is said.
bool write_files(const Request& request, const Content& content) {
  std::error_code code;
  fs::path folder = request.folder;
  std::string mounted =
      request.mounted_at.empty() ? fs::absolute(folder, code).string() : request.mounted_at;
  for (const grafana::File& file : grafana::files(content, mounted)) {
    fs::path path = folder / file.path;
    fs::create_directories(path.parent_path(), code);
    if (code) {
      say(fmt::format("cannot make the folder {}: {}",
                      outputs::printable(path.parent_path().string()), code.message()));
      return false;
    }
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << file.text;
    out.close();
    if (!out) {
      say(errno_error("cannot write " + outputs::printable(path.string(), 4096), errno).what);
      return false;
    }
    fmt::print("{}\n", outputs::printable(path.string(), 4096));
  }
  return true;
}

bool install_all(const Request& request, const Content& content) {
  Result<grafana::Installed> result = grafana::install(request, content);
  if (!result) {
    say(result.error().what);
    return false;
  }
  for (const std::string& what : result->done) fmt::print("installed {}\n", what);
  for (const std::string& what : result->failed) say(what);
  return result->failed.empty();
}

}  // namespace

int setup_grafana(const CommandLine& line) {
  const Request& request = line.grafana;
  if (request.folder.empty() && request.url.empty()) {
    say("say --dir DIR, for files, or --url URL, to install in a Grafana that runs; or both");
    return exit_code::kUsage;
  }
  Content content;
  if (!take_flags(request, content)) return exit_code::kUsage;
  if (!line.plan.config_file.empty()) {
    int code = exit_code::kOk;
    auto plan = plan_or_complain(line.plan, code);
    if (!plan) return code;
    if (!take_config(*plan, request, content)) return exit_code::kUsage;
  }
  if (content.traces.uid.empty()) {
    say("neither --tempo nor --jaeger is given: trace ids in log lines will lead nowhere");
  }
  bool well = request.folder.empty() || write_files(request, content);
  well = (request.url.empty() || install_all(request, content)) && well;
  return written(well ? exit_code::kOk : exit_code::kCannotStart);
}

}  // namespace waybill::daemon::commands
