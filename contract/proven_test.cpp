// SPDX-License-Identifier: Apache-2.0
#include "contract/proven.h"

#include <doctest/doctest.h>

#include "contract/test_schemas.h"

using namespace waybill;
using namespace waybill::contract;
using namespace waybill::contract::testing;

namespace {

bool takes(Slot slot, const std::string& schema) {
  CompileOptions options;
  options.assert_formats = true;
  auto program = compiled(schema, options);
  return takes_all(*program, program->schemas.front(), slot);
}

const std::string kZeros = R"({"not":{"const":"00000000000000000000000000000000"}})";

}  // namespace

TEST_CASE("proven: what takes everything that we write, and what may not") {
  struct {
    Slot slot;
    const char* schema;
    bool takes;
  } cases[] = {
      {Slot::kTimestamp, R"({"type":"string","format":"date-time"})", true},
      {Slot::kTimestamp, R"({"type":["null","string"],"minLength":24,"maxLength":30})", true},
      {Slot::kTimestamp, R"({"maxLength":24})", false},
      {Slot::kTimestamp, R"({"pattern":"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$"})",
       true},
      {Slot::kTimestamp, R"({"pattern":"^20"})", false},
      {Slot::kTimestamp, R"({"pattern":"T"})", true},
      {Slot::kTimestamp, R"({"pattern":"^.{24}$"})", false},
      {Slot::kTimestamp, R"({"pattern":"\\.\\d{3}Z$"})", false},
      {Slot::kTimestamp, R"({"type":"number"})", false},
      {Slot::kTimestamp, R"({"minimum":7})", true},
      {Slot::kTimestamp, R"({"not":{"const":"x"}})", true},
      {Slot::kTimestamp, R"({"not":{"const":"2026-01-02T03:04:05.678Z"}})", false},
      {Slot::kTimestamp, R"({"allOf":[{"type":"string"}]})", false},
      {Slot::kTimestamp, R"({"format":"email"})", false},
      {Slot::kLevel, R"({"enum":["DEBUG","INFO","WARN","ERROR","FATAL"]})", true},
      {Slot::kLevel,
       R"({"enum":["x","\u0044EBUG","INFO","WARN",1,"ERROR","FATAL","TRACE",null,2]})", true},
      {Slot::kLevel, R"({"enum":["INFO","WARN","ERROR","FATAL"]})", false},
      {Slot::kLevel, R"({"not":{"const":"debug"},"pattern":"^[A-Z]+$"})", true},
      {Slot::kLevel, R"({"not":{"const":"DEBUG"}})", false},
      {Slot::kTraceId, R"({"pattern":"^[0-9a-f]{32}$"})", true},
      {Slot::kTraceId, R"({"pattern":"^[0-9A-F]{32}$"})", false},
      {Slot::kTraceId, R"({"not":{"const":"4bf92f3577b34da6a3ce929d0e0e4736"}})", false},
      {Slot::kTraceId, R"({"enum":["4bf92f3577b34da6a3ce929d0e0e4736"]})", false},
      {Slot::kSpanId, R"({"pattern":"^[0-9a-f]{16}$","not":{"const":"0000000000000000"}})", true},
      {Slot::kSpanId, R"({"pattern":"^[0-9a-f]{32}$"})", false},
      {Slot::kMessage, R"({"type":"string"})", false},
  };
  for (const auto& one : cases) {
    CAPTURE(one.schema);
    CHECK(takes(one.slot, one.schema) == one.takes);
  }
  CHECK(takes(Slot::kTraceId, kZeros));
}

TEST_CASE("proven: whether anything looks at a timestamp") {
  const std::string time = R"("timestamp":{"format":"date-time"})";
  CHECK(compiled(builtin_schema())->time_unseen);
  CHECK(compiled(R"({"properties":{)" + time + "}}")->time_unseen);
  CHECK(compiled(R"({"required":["timestamp"],"type":"object"})")->time_unseen);
  for (const char* more :
       {R"(,"patternProperties":{"^t":{"maxLength":1}})", R"(,"propertyNames":{"maxLength":1})",
        R"(,"allOf":[{"properties":{"timestamp":false}}])", R"(,"enum":[{}])",
        R"(,"dependentSchemas":{"level":{"properties":{"timestamp":false}}})",
        R"(,"unevaluatedProperties":false)"}) {
    CAPTURE(more);
    CHECK(!compiled(R"({"properties":{)" + time + "}" + more + "}")->time_unseen);
  }
  CHECK(!compiled(R"({"properties":{"timestamp":{"pattern":"^2026"}}})")->time_unseen);
  CHECK(!compiled(R"({"additionalProperties":{"maxLength":3}})")->time_unseen);
}
