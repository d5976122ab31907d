// SPDX-License-Identifier: Apache-2.0
// Grafana's HTTP API: grafana.com/docs/grafana/latest/developers/http_api, "Data source",
// "Folder" and "Dashboard".
#include "daemon/grafana/install.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>
#include <utility>

#include "config/config.h"
#include "config/flow_text.h"
#include "outputs/basics.h"
#include "outputs/http/client.h"
#include "outputs/http/http_settings.h"
#include "outputs/printable.h"

namespace waybill::daemon::grafana {

namespace {

namespace http = outputs::http;

constexpr int kConflict = 409;            // there is one of that uid, or of that name
constexpr int kPreconditionFailed = 412;  // older versions say so of a folder

// Where Grafana is, with whatever the flags say about how to talk to it.
struct Server {
  http::Settings settings;
  http::Url url;
};

Result<Server> server_of(const Request& request) {
  using config::yaml_quoted;
  std::string text = "{endpoint: " + yaml_quoted(request.url);
  if (!request.token_file.empty()) {
    text += ", auth: {token_file: " + yaml_quoted(request.token_file) + "}";
  }
  if (!request.ca_file.empty()) text += ", tls: {ca_file: " + yaml_quoted(request.ca_file) + "}";
  config::Diagnostics diagnostics;
  config::Section section = config::section_from_text("--url", text + "}", diagnostics);
  config::OptionTable<http::Settings> table;
  http::add_options(table, "URL of Grafana");
  Server server;
  table.read(section, server.settings);
  std::vector<http::Url> urls = http::read_urls(section, server.settings);
  if (!urls.empty()) (void)http::check_settings(section, server.settings);
  if (diagnostics.empty()) {
    server.url = std::move(urls.front());
    return server;
  }
  std::string faults;
  for (const config::Fault& fault : diagnostics.faults()) {
    faults += (faults.empty() ? "" : "; ") + fault.message;
  }
  return Error{Action::kFixConfig, faults};
}

// {"database":"ok","version":"11.2.0",…}, to whoever asks.
Result<std::string> version_of(http::Client& client, const http::Url& url) {
  const std::string address = url.text("/api/health");
  Result<std::string> body = client.demand("GET", address);
  if (!body) return std::move(body).error();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view database, version;
  if (parser.parse(body->data(), body->size()).get(root) != simdjson::SUCCESS ||
      root["database"].get(database) != simdjson::SUCCESS) {
    return Error{Action::kFixConfig, address + ": what answers there is no Grafana"};
  }
  // It may be told to keep its version to itself.
  if (root["version"].get(version) != simdjson::SUCCESS) version = "";
  return std::string(version);
}

class Installer {
 public:
  Installer(http::Client client, http::Url url)
      : client_(std::move(client)), url_(std::move(url)) {}

  Installed install(const Content& content) {
    for (const DataSource& source : data_sources(content)) put(source);
    if (make_folder()) {
      for (const Dashboard& dashboard : dashboards(content)) put(dashboard);
    }
    return std::move(result_);
  }

 private:
  void put(const DataSource& source) {
    std::string path = "/api/datasources";
    std::optional<http::Answer> answer = ask("POST", path, source.json);
    if (answer && answer->status == kConflict) {
      path += "/uid/" + source.uid;
      answer = ask("PUT", path, source.json);
      if (answer && answer->status == 404) {
        return failed(fmt::format(
            "{}: there is another data source called {}: rename it, or name it by its uid, as in "
            "--loki uid:UID",
            url_.text(path), source.name));
      }
    }
    if (!answer) return;
    if (!answer->fine()) return refused(path, *answer, "Admin");
    result_.done.push_back(fmt::format("the data source {} (uid {})", source.name, source.uid));
  }

  bool make_folder() {
    constexpr const char* path = "/api/folders";
    auto answer = ask("POST", path, R"({"uid":"waybill","title":"Waybill"})");
    if (!answer) return false;
    bool there = answer->status == kConflict || answer->status == kPreconditionFailed;
    if (answer->fine() || there) return true;
    refused(path, *answer, "Editor");
    return false;
  }

  void put(const Dashboard& dashboard) {
    constexpr const char* path = "/api/dashboards/db";
    auto answer =
        ask("POST", path,
            R"({"overwrite":true,"folderUid":"waybill","message":"waybill setup grafana",)"
            R"("dashboard":)" +
                dashboard.json + "}");
    if (!answer) return;
    if (!answer->fine()) return refused(path, *answer, "Editor");
    result_.done.push_back(fmt::format("the dashboard {}", place_of(answer->body, dashboard)));
  }

  // {"url":"/d/waybill-logs/waybill-logs",…}
  std::string place_of(const std::string& body, const Dashboard& dashboard) const {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view path;
    if (parser.parse(body).get(root) != simdjson::SUCCESS ||
        root["url"].get(path) != simdjson::SUCCESS) {
      return std::string(dashboard.file);
    }
    // It begins with what Grafana itself takes for the path in front of it.
    http::Url site = url_;
    if (path.starts_with(site.path)) site.path.clear();
    return outputs::printable(site.text(path));
  }

  // Nothing: there was no answer, which is in the result.
  std::optional<http::Answer> ask(const std::string& method, std::string_view path,
                                  std::string_view body) {
    Result<http::Answer> answer = client_.ask(method, url_.text(path), body);
    if (answer) return *std::move(answer);
    failed(answer.error().what);
    return std::nullopt;
  }

  void refused(std::string_view path, const http::Answer& answer, const char* role) {
    std::string advice;
    if (answer.status == 401) advice = ": are the credentials right? see --token-file";
    if (answer.status == 403) {
      advice = fmt::format(": the service account needs the role {}", role);
    }
    failed(http::refusal(url_.text(path), answer).what + advice);
  }

  void failed(std::string what) { result_.failed.push_back(std::move(what)); }

  http::Client client_;
  const http::Url url_;
  Installed result_;
};

}  // namespace

Result<Installed> install(const Request& request, const Content& content) {
  Result<Server> server = server_of(request);
  if (!server) return std::move(server).error();
  Result<http::Client> client = http::Client::connect(server->settings, "Grafana");
  if (!client) return std::move(client).error();
  Result<std::string> version = version_of(*client, server->url);
  if (!version) return std::move(version).error();
  return Installer(*std::move(client), server->url).install(content);
}

}  // namespace waybill::daemon::grafana
