// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/json_scan.h"

#include <doctest/doctest.h>

#include <string>

using namespace waybill::parsers::multiline;
using State = JsonScan::State;

TEST_CASE("json scan: an object over several lines") {
  JsonScan scan;
  scan.begin();
  CHECK(scan.feed("{") == State::kOpen);
  CHECK(scan.feed(R"(  "a}": "}{[",)") == State::kOpen);
  CHECK(scan.feed(R"(  "b\"": [1, -2.5e3, true, null, {)") == State::kOpen);
  CHECK(scan.feed("  }]") == State::kOpen);
  CHECK(scan.feed("} ") == State::kClosed);
}

TEST_CASE("json scan: what is no object") {
  JsonScan scan;
  scan.begin();
  CHECK(scan.feed("{") == State::kOpen);
  CHECK(scan.feed("after") == State::kBroken);
  scan.begin();
  CHECK(scan.feed(R"({"a": "no end)") == State::kBroken);
  scan.begin();
  CHECK(scan.feed("{ } more") == State::kBroken);
  // Another record.
  scan.begin();
  CHECK(scan.feed("{") == State::kOpen);
  CHECK(scan.feed(R"({"msg":"x"})") == State::kBroken);
  scan.begin();
  CHECK(scan.feed(R"({"a": [)") == State::kOpen);
  CHECK(scan.feed(R"({"b":1},)") == State::kOpen);
  CHECK(scan.feed(R"({"c":1})") == State::kOpen);
  CHECK(scan.feed("}") == State::kBroken);
  scan.begin();
  CHECK(scan.feed(R"({"a":)" + std::string(2000, '[')) == State::kBroken);
}

TEST_CASE("json scan: several objects on a line") {
  CHECK(end_of_first_object(R"({"a":"}{"}{"b":1})") == 10);
  CHECK(end_of_first_object(R"({"a":1} , {"b":1})") == 7);
  CHECK(end_of_first_object(R"({"a":{}}{})") == 8);
  const size_t none = std::string_view::npos;
  CHECK(end_of_first_object(R"({"a":1})") == none);
  CHECK(end_of_first_object(R"({"a":1} x)") == none);
  CHECK(end_of_first_object(R"({"a":1)") == none);
  CHECK(end_of_first_object(R"({"a)") == none);
  CHECK(end_of_first_object("}{") == none);
  CHECK(end_of_first_object("") == none);
}
