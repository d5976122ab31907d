// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/flow_text.h"
#include "outputs/basics.h"
#include "outputs/http/grpc.h"
#include "outputs/http/http_output.h"
#include "outputs/otlp/encoder.h"

namespace waybill::outputs::otlp {

namespace {

constexpr std::string_view kGrpcScheme = "grpc://";    // gRPC in the clear
constexpr std::string_view kGrpcsScheme = "grpcs://";  // and over TLS

// Makes an endpoint as gRPC's own tools write it one of http or https; false for any other one.
bool take_grpc_scheme(std::string& endpoint) {
  const bool tls = endpoint.starts_with(kGrpcsScheme);
  if (!tls && !endpoint.starts_with(kGrpcScheme)) return false;
  endpoint.erase(0, tls ? kGrpcsScheme.size() : kGrpcScheme.size());
  size_t authority = std::min(endpoint.find('/'), endpoint.size());
  size_t host = std::min(endpoint.rfind('@', authority) + 1, authority);  // npos + 1 is 0
  size_t bracket = endpoint.find(']', host);
  size_t colon = endpoint.find(':', bracket < authority ? bracket : host);
  if (colon >= authority) endpoint.insert(authority, fmt::format(":{}", kGrpcPort));
  endpoint.insert(0, tls ? "https://" : "http://");
  return true;
}

// Endpoints of grpc:// say what the protocol is. False when that is another one than is said.
bool read_schemes(const config::Section& section, Settings& settings) {
  bool any = take_grpc_scheme(settings.endpoint);
  for (std::string& endpoint : settings.endpoints) any = take_grpc_scheme(endpoint) || any;
  if (!any || settings.protocol == Protocol::kGrpc) return true;
  if (section.has("protocol")) {
    section.fault("protocol",
                  "the endpoint's scheme says gRPC: write `protocol: grpc`, or http://");
    return false;
  }
  settings.protocol = Protocol::kGrpc;
  return true;
}

// What gRPC cannot do, and what it has no use for.
bool check_grpc(const config::Section& section, const Settings& settings,
                const std::vector<http::Url>& urls) {
  bool fine = true;
  auto refuse = [&](const char* key, std::string why) {
    section.fault(key, std::move(why));
    fine = false;
  };
  for (const http::Url& url : urls) {
    if (url.path.empty() && url.query.empty()) continue;
    refuse(settings.endpoint.empty() ? "endpoints" : "endpoint",
           fmt::format("gRPC has a path of its own: write the URL without {}{}", url.path,
                       url.query.empty() ? "" : "?" + url.query));
  }
  if (section.has("path")) refuse("path", "gRPC has a path of its own");
  if (!settings.http2) refuse("http2", "gRPC is HTTP/2, and nothing else");
  if (!settings.auth.aws.region.empty()) {
    refuse("auth", "AWS signs no gRPC: use http/protobuf");
  }
  return fine;
}

std::unique_ptr<Output> make(const config::Section& section) {
  Settings settings;
  options().read(section, settings);
  if (!read_schemes(section, settings)) return nullptr;
  std::vector<http::Url> urls = http::read_urls(section, settings);
  if (urls.empty()) return nullptr;
  if (settings.protocol == Protocol::kGrpc && !check_grpc(section, settings, urls)) return nullptr;
  if (!settings.path.empty() && !settings.path.starts_with('/')) {
    section.fault("path", "a path begins with a slash: /v1/logs");
    return nullptr;
  }
  return http::make_output(section, settings, std::make_unique<Backend>(settings, urls));
}

// The port of a collector's gRPC means that, where there is nothing else to say so.
std::string to_section(std::string_view value, const Identity&) {
  Result<http::Url> url = http::parse_url(value);
  const bool grpc = url && url->port_said && url->port == kGrpcPort && url->path.empty();
  return fmt::format("{{type: otlp, endpoint: {}{}}}", config::yaml_quoted(value),
                     grpc ? ", protocol: grpc" : "");
}

const config::OptionList& option_list() { return options().list(); }

}  // namespace

const config::OptionTable<Settings>& options() {
  static const auto table = [] {
    config::OptionTable<Settings> made;
    http::add_options(made,
                      "base URL of the collector, without /v1/logs, such as http://otel:4318; of "
                      "gRPC http://otel:4317, https://otel:4317 or grpc://otel")
        .choice(
            "protocol", &Settings::protocol, {"http/protobuf", "http/json", "grpc"},
            "how records are sent; grpc without saying so for an endpoint of grpc:// or grpcs://")
        .text("path", &Settings::path, "behind the endpoint, for http/protobuf and http/json")
        .choice("compression", &Settings::compression, {"gzip", "none", "zstd"},
                "of requests: gzip takes a fraction of the bytes and several times the processor "
                "time; zstd takes less of both, where the receiver knows it");
    http::add_compression_level(made);
    return made;
  }();
  return table;
}

void advise(const config::Section& section, std::vector<config::Fault>& warnings) {
  Settings settings;
  options().read(section, settings);
  if (!read_schemes(section, settings)) return;
  auto warn = [&](const std::string& key, const std::string& words) {
    warnings.push_back({section.file(), section.position_of(key),
                        fmt::format("{}{}{}: warning: {}", section.path(),
                                    section.path().empty() ? "" : ".", key, words)});
  };
  const bool grpc = settings.protocol == Protocol::kGrpc;
  const char* key = settings.endpoint.empty() ? "endpoints" : "endpoint";
  std::vector<std::string> endpoints = settings.endpoints;
  if (!settings.endpoint.empty()) endpoints.push_back(settings.endpoint);
  auto any_at = [&](int port) {
    return std::any_of(endpoints.begin(), endpoints.end(), [&](const std::string& endpoint) {
      Result<http::Url> url = http::parse_url(endpoint);
      return url && url->port == port;
    });
  };
  if (!grpc && any_at(kGrpcPort)) {
    const char* over = settings.protocol == Protocol::kHttpJson ? "http/json" : "http/protobuf";
    warn(key, fmt::format("{} is where a collector takes gRPC: write `protocol: grpc`, or port {} "
                          "for {}",
                          kGrpcPort, kHttpPort, over));
  }
  if (grpc && any_at(kHttpPort)) {
    warn(key, fmt::format("{} is where a collector takes OTLP over HTTP: gRPC's port is {}",
                          kHttpPort, kGrpcPort));
  }
  if (grpc && settings.batch.bytes > http::grpc::kUsualLimit) {
    warn("batch",
         "gRPC's receivers take 4 MiB in a request, unless they are told otherwise: what "
         "is larger will be halved until they take it");
  }
}

const Descriptor& descriptor() {
  static const Descriptor made{
      "otlp", "exports to an OpenTelemetry collector", &option_list, &make, "otlp=", &to_section};
  return made;
}

}  // namespace waybill::outputs::otlp
