// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/settings.h"

#include <doctest/doctest.h>

#include "outputs/otlp/test_bench.h"

namespace waybill::outputs::otlp {
namespace {

using test::test_urls;

TEST_CASE("otlp: settings") {
  const Descriptor& otlp = descriptor();
  CHECK(faults_of(otlp, "{type: otlp, endpoint: 'http://otel:4318', compression: none}") == "");
  CHECK(faults_of(otlp, "{endpoint: 'http://o', protocol: http/protobuf}") == "");
  CHECK(faults_of(otlp, "{endpoint: 'http://o', protocol: grpc}") == "");
  CHECK(faults_of(otlp, "{endpoint: 'http://o', protocol: http/json}") == "");
  CHECK(faults_of(otlp, "{endpoints: ['grpc://a', 'grpcs://b:1']}") == "");
  CHECK(faults_of(otlp, "{}").find("endpoint") != std::string::npos);
  CHECK(faults_of(otlp, otlp.to_section("http://otel:4318", {})) == "");
  Backend backend({}, test_urls());
  CHECK(backend.endpoint().urls == std::vector<std::string>{"http://otel:4318/base/v1/logs"});
  CHECK(backend.endpoint().coding == http::Coding::kGzip);
  CHECK(backend.probes().size() == 1);
}

TEST_CASE("otlp: settings of gRPC") {
  const Descriptor& otlp = descriptor();
  auto says = [&](const char* yaml, const char* words) {
    return faults_of(otlp, yaml).find(words) != std::string::npos;
  };
  CHECK(says("{endpoint: 'http://o/base', protocol: grpc}", "without /base"));
  CHECK(says("{endpoint: 'http://o', protocol: grpc, path: /x}", "path of its own"));
  CHECK(says("{endpoint: 'http://o', protocol: grpc, http2: false}", "HTTP/2"));
  CHECK(says("{endpoint: 'grpc://o', protocol: http/protobuf}", "scheme says gRPC"));
  CHECK(says("{endpoint: 'http://o', path: logs}", "slash"));
  for (const char* target : {"grpc://otel", "grpcs://otel:7", "http://otel:4317"}) {
    CHECK(faults_of(otlp, otlp.to_section(target, {})) == "");
  }
  CHECK(otlp.to_section("http://otel:4317", {}).find("protocol: grpc") != std::string::npos);
  CHECK(otlp.to_section("http://otel:4318", {}).find("protocol") == std::string::npos);
  CHECK(otlp.to_section("http://otel:4317/base", {}).find("protocol") == std::string::npos);
  Settings settings;
  settings.protocol = Protocol::kGrpc;
  const std::string path = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  for (auto [url, whole] : {std::pair("http://o", "http://o:4317"),
                            {"http://o:5", "http://o:5"},
                            {"https://o", "https://o"}}) {
    Backend backend(settings, {*http::parse_url(url)});
    CHECK(backend.endpoint().urls == std::vector<std::string>{whole + path});
    CHECK(backend.endpoint().wire == http::Wire::kGrpc);
  }
  settings.protocol = Protocol::kHttpJson;
  settings.path = "/x";
  Backend json(settings, test_urls());
  CHECK(json.endpoint().urls.front() == "http://otel:4318/base/x");
  CHECK(json.probes().front().body == "{}");
}

TEST_CASE("otlp: advice") {
  auto advice_on = [](const char* yaml) {
    config::Diagnostics diagnostics;
    std::vector<config::Fault> warnings;
    advise(config::section_from_text("--to", yaml, diagnostics), warnings);
    CHECK(diagnostics.empty());
    return warnings.empty() ? "" : warnings.front().message;
  };
  CHECK(advice_on("{endpoint: 'http://o:4318'}") == "");
  CHECK(advice_on("{endpoint: 'http://o:4317', protocol: grpc}") == "");
  CHECK(advice_on("{endpoint: 'http://o:4317'}").find("endpoint: warning: 4317 is where") == 0);
  CHECK(advice_on("{endpoints: ['http://o', 'http://o:4317']}").find("endpoints: warning: 4317") ==
        0);
  CHECK(advice_on("{endpoint: 'http://o:4318', protocol: grpc}").find("port is 4317") !=
        std::string::npos);
  CHECK(advice_on("{endpoint: 'grpc://o', batch: {bytes: 5MiB}}").find("batch: warning: ") == 0);
  CHECK(advice_on("{endpoint: 'http://o', batch: {bytes: 5MiB}}") == "");
}

}  // namespace
}  // namespace waybill::outputs::otlp
