// SPDX-License-Identifier: Apache-2.0
#include "daemon/otel_environment.h"

#include <doctest/doctest.h>

#include <map>

using namespace waybill;

namespace {

struct Environment {
  std::map<std::string, std::string> variables;
  std::vector<std::string> notes;

  std::optional<std::string> section() {
    notes.clear();
    return daemon::otlp_from_environment(
        [this](const char* name) -> std::optional<std::string> {
          auto found = variables.find(name);
          if (found == variables.end()) return std::nullopt;
          return found->second;
        },
        notes);
  }
};

}  // namespace

TEST_CASE("otel environment: without an endpoint there is no output") {
  Environment none;
  CHECK(!none.section());
  Environment empty{{{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}}, {}};
  CHECK(!empty.section());
  CHECK(empty.notes.empty());
  Environment off{
      {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://o:4318"}, {"OTEL_LOGS_EXPORTER", "none"}}, {}};
  CHECK(!off.section());
}

TEST_CASE("otel environment: every variable finds its option, that of logs first") {
  Environment all{{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318"},
                   {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs:4318/base/v1/logs"},
                   {"OTEL_EXPORTER_OTLP_HEADERS", "x-a=1%2C2"},
                   {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                   {"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"},
                   {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
                   {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
                   {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"},
                   {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c.pem"},
                   {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/k.pem"}},
                  {}};
  CHECK(all.section() ==
        R"({type: otlp, endpoint: "https://logs:4318/base", headers: {"x-a": "1,2"}, )"
        R"(compression: none, timeout: 2500ms, )"
        R"(tls: {ca_file: "/ca.pem", cert_file: "/c.pem", key_file: "/k.pem"}})");
  CHECK(all.notes.size() == 1);
}

TEST_CASE("otel environment: what cannot be used is said") {
  const std::string plain = R"({type: otlp, endpoint: "http://o:4318"})";
  for (auto [name, value, still] : {std::tuple{"HEADERS", "a", true},
                                    {"COMPRESSION", "zstd", true},
                                    {"TIMEOUT", "0", true},
                                    {"TIMEOUT", "1s", true},
                                    {"PROTOCOL", "grpc", false},
                                    {"LOGS_ENDPOINT", "http://o:4318/other", false}}) {
    CAPTURE(name);
    const std::string variable = std::string("OTEL_EXPORTER_OTLP_") + name;
    Environment one{{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://o:4318"}, {variable, value}}, {}};
    CHECK(one.section() == (still ? std::optional(plain) : std::nullopt));
    REQUIRE(!one.notes.empty());
    CHECK(one.notes.back().find(variable) != std::string::npos);
  }
}
