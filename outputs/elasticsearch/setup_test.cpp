// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/setup.h"

#include <doctest/doctest.h>
#include <simdjson.h>

namespace waybill::outputs::elasticsearch {
namespace {

std::string at(const IndexTemplate& made, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root, found;
  REQUIRE(parser.parse(made.body).get(root) == simdjson::SUCCESS);
  if (root.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "";
  return simdjson::minify(found);
}

TEST_CASE("elasticsearch: the index template") {
  Settings settings;
  settings.data_stream = "logs-checkout-default";
  IndexTemplate made = index_template(settings, Server::kElasticsearch);
  CHECK(made.name == "waybill-logs-checkout-default");
  CHECK(at(made, "/index_patterns") == R"(["logs-checkout-default"])");
  CHECK(at(made, "/data_stream") == "{}");
  CHECK(at(made, "/priority") == "250");
  const std::string properties = "/template/mappings/properties";
  CHECK(at(made, properties + "/context/type") == R"("flattened")");
  CHECK(at(made, properties + "/@timestamp/type") == R"("date")");
  CHECK(at(made, properties + "/trace.id/type") == R"("keyword")");
  CHECK(at(made, properties + "/log.offset/type") == R"("long")");
  CHECK(at(made, "/template/mappings/dynamic_templates/0/strings/mapping/type") == R"("keyword")");
  made = index_template(settings, Server::kOpenSearch);
  CHECK(at(made, properties + "/context") == R"({"type":"flat_object"})");
}

TEST_CASE("elasticsearch: the template of indices by day, with the record's own names") {
  Settings settings;
  settings.index = "app-%Y.%m.%d";
  settings.mapping = Mapping::kFlat;
  IndexTemplate made = index_template(settings, Server::kElasticsearch);
  CHECK(made.name == "waybill-app-..");
  CHECK(at(made, "/index_patterns") == R"(["app-*.*.*"])");
  CHECK(at(made, "/data_stream") == "");
  const std::string properties = "/template/mappings/properties";
  CHECK(at(made, properties + "/source/type") == R"("flattened")");
  CHECK(at(made, properties + "/trace_id/type") == R"("keyword")");
  CHECK(at(made, properties + "/trace.id") == "");
}

TEST_CASE("elasticsearch: what cannot be an ingest pipeline is said before it is sent") {
  CHECK(pipeline_fault(R"({"processors":[{"set":{"field":"a","value":1}}]})") == "");
  CHECK(pipeline_fault(R"({"description":"none"})") == R"(there is no list of "processors" in it)");
  CHECK(pipeline_fault("[]") == "it is no JSON object");
  CHECK(pipeline_fault("{").find("JSON") != std::string::npos);
}

}  // namespace
}  // namespace waybill::outputs::elasticsearch
