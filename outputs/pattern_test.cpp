// SPDX-License-Identifier: Apache-2.0
#include "outputs/pattern.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "outputs/test_records.h"

namespace waybill::outputs {
namespace {

void no_blanks(std::string& value) { std::replace(value.begin(), value.end(), ' ', '_'); }

std::string fault_of(std::string_view text, bool fields = true) {
  Pattern pattern;
  return pattern.parse(text, fields, no_blanks);
}

TEST_CASE("pattern: time and fields of the record") {
  TestRecords records;
  Record& record =
      records.parse(R"({"ts":"2026-03-04T05:06:07Z","level":"warn","msg":"x","tenant_id":"acme"})");
  Pattern pattern;
  REQUIRE(pattern.parse("/l/{service_name}/%Y-%m-%d.%H/{level}{tenant_id}{input}.100%%{{x}", true,
                        no_blanks) == "");
  CHECK(!pattern.constant());
  CHECK(pattern.front() == "/l/");
  CHECK(pattern.of(records.batch(), record, records.identity) ==
        "/l/checkout/2026-03-04.05/WARNacmeapp.100%{x}");
  record.tenant_id = clean("a b");
  CHECK(pattern.of(records.batch(), record, records.identity) ==
        "/l/checkout/2026-03-04.05/WARNa_bapp.100%{x}");
  record.tenant_id = {};
  CHECK(pattern.of(records.batch(), record, records.identity) ==
        "/l/checkout/2026-03-04.05/WARNnoneapp.100%{x}");
  CHECK(pattern.example() == "/l/service_name/2000-01-01.00/INFOtenant_idinput.100%{x}");
}

TEST_CASE("pattern: text alone, and as such") {
  Pattern pattern;
  for (std::string_view text : {"", "/a/b.log", "50% {of} %Y {{", "{", "%"}) {
    CHECK(pattern.parse(pattern_quoted(text), true, no_blanks) == "");
    CHECK(pattern.constant());
    CHECK(pattern.front() == text);
    CHECK(pattern.example() == text);
  }
}

TEST_CASE("pattern: what is wrong with it") {
  CHECK(fault_of("a%") == "% is none of %Y, %m, %d, %H; a % itself is written %%");
  CHECK(fault_of("a%M").find("%M is none of") == 0);
  CHECK(fault_of("{trace_id}").find("{trace_id} is none of {service_name}, {level}") == 0);
  CHECK(fault_of("a{b") == "a { has no }; a { itself is written {{");
  CHECK(fault_of("{level}", false).find("only the time") == 0);
  CHECK(fault_of("logs-%Y.%m.%d", false) == "");
}

}  // namespace
}  // namespace waybill::outputs
