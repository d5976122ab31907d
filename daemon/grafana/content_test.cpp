// SPDX-License-Identifier: Apache-2.0
#include "daemon/grafana/content.h"

#include <doctest/doctest.h>
#include <simdjson.h>

#include "daemon/grafana/data.h"

namespace waybill::daemon::grafana {
namespace {

std::string at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root, found;
  REQUIRE(parser.parse(json).get(root) == simdjson::SUCCESS);
  if (root.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "";
  return simdjson::minify(found);
}

constexpr std::string_view kPlaces =
    R"(sum by (@level@) (rate({a="b"@in_stream:X|Y@}@in_line:X|Y@ [5m])))";

TEST_CASE("grafana: a level that is a label is in the selector") {
  Content content;
  CHECK(filled(kPlaces, content, false) ==
        R"re(sum by (level) (rate({a="b", level=~"X|Y"} [5m])))re");
  content.level.name = "severity";
  CHECK(filled(kPlaces, content, false) ==
        R"re(sum by (severity) (rate({a="b", severity=~"X|Y"} [5m])))re");
}

TEST_CASE("grafana: a level that is no label is looked for behind it") {
  Content content;
  content.level.place = Level::Place::kMetadata;
  CHECK(filled(kPlaces, content, false) ==
        R"re(sum by (level) (rate({a="b"} | level=~"X|Y" [5m])))re");
  content.level.place = Level::Place::kLine;
  CHECK(filled("{}@in_line:X@", content, true) ==
        R"({} | json level=\"level\" | drop __error__, __error_details__ | level=~\"X\")");
}

TEST_CASE("grafana: what is not between two @ stays") {
  Content content;
  CHECK(filled("", content, false).empty());
  CHECK(filled("a@b", content, false) == "a@b");
  CHECK(filled("@loki_uid@ and @prometheus_uid@", content, false) ==
        "waybill-loki and waybill-prometheus");
}

TEST_CASE("grafana: data sources for URLs alone") {
  Content content;
  std::vector<DataSource> made = data_sources(content);
  REQUIRE(made.size() == 2);
  CHECK(at(made[0].json, "/url") == R"("http://loki:3100")");
  CHECK(at(made[0].json, "/jsonData/derivedFields") == "");
  CHECK(at(made[0].json, "/secureJsonData") == "");
  CHECK(at(made[1].json, "/jsonData") == R"({"httpMethod":"POST"})");
  content.prometheus = {"theirs", ""};
  content.traces = {"waybill-jaeger", "http://jaeger:16686/\"x\""};
  content.jaeger = true;
  content.tenant = "a\"b";
  made = data_sources(content);
  REQUIRE(made.size() == 2);
  CHECK(at(made[0].json, "/jsonData/derivedFields/0/datasourceUid") == R"("waybill-jaeger")");
  CHECK(at(made[0].json, "/secureJsonData/httpHeaderValue1") == R"("a\"b")");
  CHECK(at(made[1].json, "/type") == R"("jaeger")");
  CHECK(at(made[1].json, "/url") == R"("http://jaeger:16686/\"x\"")");
  CHECK(at(made[1].json, "/jsonData/tracesToLogsV2/query") ==
        R"re("{service_name=~\".+\"} | trace_id=\"${__trace.traceId}\"")re");
}

TEST_CASE("grafana: dashboards are JSON, wherever the level is") {
  for (auto place : {Level::Place::kLabel, Level::Place::kMetadata, Level::Place::kLine}) {
    Content content;
    content.level.place = place;
    content.loki.uid = "mine";
    std::vector<Dashboard> made = dashboards(content);
    REQUIRE(made.size() == 2);
    CHECK(at(made[0].json, "/uid") == R"("waybill-logs")");
    CHECK(at(made[0].json, "/templating/list/0/current/value") == R"("mine")");
    CHECK(at(made[1].json, "/uid") == R"("waybill-daemon")");
    for (const Dashboard& dashboard : made) CHECK(dashboard.json.find('@') == std::string::npos);
  }
}

TEST_CASE("grafana: files, and no `$` in them that Grafana takes for a variable") {
  Content content;
  content.traces = {"waybill-tempo", "http://tempo:3200"};
  std::vector<File> made = files(content, "/etc/grafana/provisioning/");
  REQUIRE(made.size() == 6);
  CHECK(made[0].path == "datasources/waybill.yaml");
  CHECK(made[0].text.find(R"("url": "$${__value.raw}")") != std::string::npos);
  CHECK(made[1].text.find(R"(path: "/etc/grafana/provisioning/dashboards/waybill")") !=
        std::string::npos);
  CHECK(made[5].path == "rules/loki.yaml");
  CHECK(made[5].text.find('@') == std::string::npos);
}

TEST_CASE("grafana: what is built in is what stands in the folder") {
  CHECK(embedded("logs.json").starts_with("{"));
  CHECK(embedded("logs.json").ends_with("}\n"));
  CHECK(embedded("nothing.json").empty());
}

}  // namespace
}  // namespace waybill::daemon::grafana
