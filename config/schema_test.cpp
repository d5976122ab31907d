// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "config/test_support.h"

namespace waybill::config {

namespace {

using testing::faults_of;

Config loaded(std::string_view text) {
  static Diagnostics diagnostics;
  auto config =
      load("etc/w.yaml", text, testing::known_formats(), diagnostics, testing::test_environment());
  REQUIRE(config.has_value());
  CHECK(testing::lines_of(diagnostics) == "");
  return *std::move(config);
}

}  // namespace

TEST_CASE("schema: absent, empty, and all of it") {
  CHECK(!loaded("").schema);
  Config empty = loaded("schema: {}");
  REQUIRE(empty.schema.has_value());
  CHECK(empty.schema->all.file == "builtin");
  CHECK(empty.schema->all.on_violation == SchemaRule::OnViolation::kTag);
  Config config = loaded(
      "schema:\n"
      "  file: all.json\n"
      "  on: line\n"
      "  format: assert\n"
      "  on_violation: drop\n"
      "  map: {\"https://example.org/\": far}\n"
      "  by_service:\n"
      "    pay: {file: pay.json, on_violation: quarantine}\n"
      "    a.b c: {on_violation: off, on: record}\n");
  const SchemaSettings& schema = *config.schema;
  CHECK(schema.all.base_folder == "etc");
  CHECK(schema.map ==
        std::vector<std::pair<std::string, std::string>>{{"https://example.org/", "far"}});
  REQUIRE(schema.by_service.size() == 2);
  const SchemaRule& pay = schema.by_service[0].rule;
  CHECK(pay.file == "pay.json");
  CHECK(pay.on == SchemaRule::On::kLine);
  CHECK(pay.format == SchemaRule::Format::kAssert);
  CHECK(pay.on_violation == SchemaRule::OnViolation::kQuarantine);
  CHECK(schema.by_service[1].service == "a.b c");
  CHECK(schema.by_service[1].rule.file == "all.json");
  CHECK(schema.by_service[1].rule.on == SchemaRule::On::kRecord);
  CHECK(schema.by_service[1].rule.on_violation == SchemaRule::OnViolation::kOff);
}

TEST_CASE("schema: faults") {
  CHECK(faults_of("schema: {file: ''}") == "w.yaml:1:10: schema.file: must not be empty\n");
  CHECK(faults_of("schema: {on: lines}") ==
        "w.yaml:1:10: schema.on: 'lines' is not one of record, line (did you mean 'line'?)\n");
  CHECK(faults_of("schema: {by_service: {pay: {map: {}}}}") ==
        "w.yaml:1:29: unknown key 'map' in schema.by_service.pay (known here: file, on, "
        "format, on_violation, unrepaired)\n");
}

}  // namespace waybill::config
