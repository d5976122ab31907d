// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/lines.h"

#include <doctest/doctest.h>

#include "outputs/test_records.h"

namespace waybill::outputs::file {
namespace {

TEST_CASE("file: what a line says is one name, and none that leads away") {
  TestRecords records;
  Pattern pattern;
  REQUIRE(pattern.parse("{service_name}", true, clean_for_path) == "");
  auto name_of = [&](std::string_view service) {
    Record& record = records.make("x");
    record.service_name = Text(service, TextForm::kRaw);
    return std::string(pattern.of(records.batch(), record, records.identity));
  };
  CHECK(name_of("a.b-c_D9") == "a.b-c_D9");
  CHECK(name_of("..") == "_.");
  CHECK(name_of("../../etc/passwd") == "_._.._etc_passwd");
  CHECK(name_of(std::string_view("a\0b\n\x1b\xff", 6)) == "a_b___");
  CHECK(name_of(std::string(5000, 'x')) == std::string(kMostOfValue, 'x'));
  Record& record = records.make("x");
  records.identity.service_name = "";
  CHECK(pattern.of(records.batch(), record, records.identity) == "none");
}

}  // namespace
}  // namespace waybill::outputs::file
