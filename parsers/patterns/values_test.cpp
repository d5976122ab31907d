// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/values.h"

#include <doctest/doctest.h>

#include <string>

namespace waybill::parsers::patterns {

namespace {

// The value as JSON.
std::string value_of(std::string_view text, Type type) {
  Arena arena;
  Field field;
  set_value(field, text, type, arena);
  std::string value(field.value.bytes());
  return field.type == JsonType::kString ? "\"" + value + "\"" : value;
}

void check(Type type, std::initializer_list<std::pair<std::string_view, std::string_view>> cases) {
  for (const auto& [text, value] : cases) {
    CAPTURE(text);
    CHECK(value_of(text, type) == value);
  }
}

}  // namespace

TEST_CASE("patterns: numbers keep their text, and what is none stays text") {
  check(Type::kInt, {{"0", "0"},
                     {"-7", "-7"},
                     {"123456789012345678901234567890", "123456789012345678901234567890"},
                     {"007", "\"007\""},
                     {"+1", "\"+1\""},
                     {"1.0", "\"1.0\""},
                     {"", "\"\""},
                     {"-", "\"-\""}});
  check(Type::kFloat, {{"1.50", "1.50"},
                       {"-0.1e-7", "-0.1e-7"},
                       {"12", "12"},
                       {".5", "\".5\""},
                       {"5.", "\"5.\""},
                       {"1e", "\"1e\""},
                       {"NaN", "\"NaN\""},
                       {"1,5", "\"1,5\""}});
  check(Type::kBool, {{"true", "true"}, {"FALSE", "false"}, {"yes", "\"yes\""}, {"1", "\"1\""}});
  check(Type::kText, {{"12", "\"12\""}});
}

TEST_CASE("patterns: durations become seconds, exactly") {
  check(Type::kDuration, {{"1.5s", "1.5"},
                          {"250ms", "0.25"},
                          {"12us", "0.000012"},
                          {"12\xC2\xB5s", "0.000012"},
                          {"12\xCE\xBCs", "0.000012"},
                          {"1ns", "0.000000001"},
                          {"0.25ns", "0.00000000025"},
                          {"1h2m3s", "3723"},
                          {"1m30.5s", "90.5"},
                          {"2 min", "120"},
                          {"1h 30m", "5400"},
                          {"3d", "259200"},
                          {"-5ms", "-0.005"},
                          {"0s", "0"},
                          {"-0s", "0"},
                          {"7", "7"},
                          {"7.250", "7.250"},
                          {"s", "\"s\""},
                          {"5x", "\"5x\""},
                          {"5ms later", "\"5ms later\""},
                          {"99999999999999999999s", "\"99999999999999999999s\""},
                          {"999999999999999999d", "\"999999999999999999d\""},
                          {"1.s", "\"1.s\""},
                          {"", "\"\""}});
}

TEST_CASE("patterns: sizes become bytes") {
  check(Type::kBytes, {{"1.5MiB", "1572864"},
                       {"3kB", "3000"},
                       {"3 KB", "3000"},
                       {"10K", "10240"},
                       {"2G", "2147483648"},
                       {"512", "512"},
                       {"512B", "512"},
                       {"0.3KiB", "307"},
                       {"-1", "\"-1\""},
                       {"1.5", "\"1.5\""},
                       {"3 apples", "\"3 apples\""},
                       {"999999999999999999T", "\"999999999999999999T\""},
                       {"", "\"\""}});
}

}  // namespace waybill::parsers::patterns
