// SPDX-License-Identifier: Apache-2.0
#include "daemon/otel_environment.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
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

// A file of the form that is asked for.
struct Pem {
  Pem() {
    int fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, "-----BEGIN X-----\n", 18) == 18);
    close(fd);
  }
  Pem(Pem&&) = delete;
  ~Pem() { unlink(path.c_str()); }
  std::string path = "/tmp/waybill-pem-XXXXXX";
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
  Pem pem;
  Environment all{{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318"},
                   {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs:4318/base/v1/logs"},
                   {"OTEL_EXPORTER_OTLP_HEADERS", "x-a=1%2C2"},
                   {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                   {"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"},
                   {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
                   {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
                   {"OTEL_EXPORTER_OTLP_CERTIFICATE", pem.path},
                   {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", pem.path},
                   {"OTEL_EXPORTER_OTLP_CLIENT_KEY", pem.path}},
                  {}};
  CHECK(all.section() ==
        R"({type: otlp, endpoint: "https://logs:4318/base", headers: {"x-a": "1,2"}, )"
        R"(compression: none, timeout: 2500ms, tls: {ca_file: ")" +
            pem.path + R"(", cert_file: ")" + pem.path + R"(", key_file: ")" + pem.path + "\"}}");
  CHECK(all.notes.size() == 1);
  all.variables["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = "";
  CHECK(all.section()->ends_with(R"(, tls: {ca_file: ")" + pem.path + "\"}}"));
  CHECK(all.notes.size() == 2);
}

TEST_CASE("otel environment: an endpoint as each protocol has it") {
  struct Case {
    const char* variable;
    const char* endpoint;
    const char* protocol;
    const char* insecure;
    const char* section;
  };
  const char* all = "ENDPOINT";
  const char* logs = "LOGS_ENDPOINT";
  for (const Case& c : {
           Case{all, "http://o:4318/base", "", "", R"("http://o:4318/base")"},
           Case{all, "http://o:4318", "http/json", "", R"("http://o:4318", protocol: http/json)"},
           Case{logs, "http://o:4318/x", "", "", R"("http://o:4318/x", path: "")"},
           Case{logs, "http://o:4318", "", "", R"("http://o:4318", path: "")"},
           Case{logs, "http://o/a/v1/logs", "http/json", "",
                R"("http://o/a", protocol: http/json)"},
           Case{all, "http://o:4317", "grpc", "", R"("http://o:4317", protocol: grpc)"},
           Case{logs, "https://o:4317/v1/logs", "grpc", "true",
                R"("https://o:4317", protocol: grpc)"},
           Case{all, "o:4317", "grpc", "TRUE", R"("http://o:4317", protocol: grpc)"},
           Case{all, "o:4317", "grpc", "yes", R"("https://o:4317", protocol: grpc)"},
           Case{all, "o:4317", "grpc", "", R"("https://o:4317", protocol: grpc)"},
           Case{all, "unix:///run/o.sock", "grpc", "", R"("unix:///run/o.sock", protocol: grpc)"},
           Case{all, "unix:/run/o.sock", "grpc", "", R"("unix:///run/o.sock", protocol: grpc)"},
           Case{all, "dns:///o:4317", "grpc", "true", R"("http://o:4317", protocol: grpc)"},
           Case{all, "dns://8.8.8.8/o:4317", "grpc", "", R"("https://o:4317", protocol: grpc)"},
           Case{all, "dns:o:4317", "grpc", "", R"("https://o:4317", protocol: grpc)"},
       }) {
    const std::string prefix = "OTEL_EXPORTER_OTLP_";
    Environment one{{{prefix + c.variable, c.endpoint},
                     {prefix + "PROTOCOL", c.protocol},
                     {prefix + "INSECURE", c.insecure}},
                    {}};
    CHECK(one.section() == "{type: otlp, endpoint: " + std::string(c.section) + "}");
    CHECK(one.notes.size() == (std::string_view(c.insecure) == "yes" ? 2 : 1));
  }
}

TEST_CASE("otel environment: what cannot be used is said") {
  const std::string plain = R"({type: otlp, endpoint: "http://o:4318"})";
  for (auto [name, value] : {std::pair{"HEADERS", "a"},
                             {"COMPRESSION", "zstd"},
                             {"HEADERS", "Content-Type=text/plain"},
                             {"HEADERS", "a%20b=c"},
                             {"CERTIFICATE", "/nowhere/ca.pem"},
                             {"CLIENT_CERTIFICATE", "/nowhere/c.pem"},
                             {"CLIENT_KEY", "/nowhere/k.pem"},
                             {"TIMEOUT", "50"},
                             {"TIMEOUT", "700000"},
                             {"TIMEOUT", "0"},
                             {"TIMEOUT", "1s"},
                             {"PROTOCOL", "thrift"}}) {
    CAPTURE(name);
    const std::string variable = std::string("OTEL_EXPORTER_OTLP_") + name;
    Environment one{{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://o:4318"}, {variable, value}}, {}};
    CHECK(one.section() == plain);
    REQUIRE(!one.notes.empty());
    CHECK(std::any_of(one.notes.begin(), one.notes.end(), [&](const std::string& note) {
      return note.find(variable) != std::string::npos && note.find("ignored") != std::string::npos;
    }));
  }
}

TEST_CASE("otel environment: of several headers the others stay") {
  Environment one{{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://o:4318"},
                   {"OTEL_EXPORTER_OTLP_HEADERS", "a=1,Content-Type=x,b=2"}},
                  {}};
  CHECK(one.section() ==
        R"({type: otlp, endpoint: "http://o:4318", headers: {"a": "1", "b": "2"}})");
  CHECK(one.notes.size() == 2);
}

TEST_CASE("otel environment: an endpoint that cannot be used is said, and there is no output") {
  for (auto [protocol, endpoint] : {std::pair{"", "o:4318"},
                                    {"", "ftp://o"},
                                    {"", "http://o:99999"},
                                    {"", "http://"},
                                    {"grpc", "unix:o.sock"},
                                    {"grpc", "dns:///"},
                                    {"grpc", "xds:///o"}}) {
    CAPTURE(endpoint);
    Environment one{
        {{"OTEL_EXPORTER_OTLP_ENDPOINT", endpoint}, {"OTEL_EXPORTER_OTLP_PROTOCOL", protocol}}, {}};
    CHECK(!one.section());
    REQUIRE(one.notes.size() == 1);
    CHECK(one.notes[0].find("OTEL_EXPORTER_OTLP_ENDPOINT: ") == 0);
    CHECK(one.notes[0].find("ignored") != std::string::npos);
  }
}
