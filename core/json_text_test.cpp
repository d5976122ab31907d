// SPDX-License-Identifier: Apache-2.0
#include "core/json_text.h"

#include <doctest/doctest.h>

#include <string>

using namespace waybill;

namespace {

std::string escaped(std::string_view characters) {
  Buffer out;
  append_json_string(out, characters);
  return std::string(out.view());
}

std::string decoded(std::string_view inside) {
  Arena arena;
  return std::string(characters(Text(inside, TextForm::kJson), arena));
}

}  // namespace

TEST_CASE("json_text: escaping follows RFC 8259, section 7") {
  CHECK(escaped("") == R"("")");
  CHECK(escaped("plain \xC3\xA9 \x7f /") == "\"plain \xC3\xA9 \x7f /\"");
  CHECK(escaped("a\"b\\c") == R"("a\"b\\c")");
  CHECK(escaped("\b\t\n\f\r\v") == R"("\b\t\n\f\r\u000b")");
  CHECK(escaped(std::string_view("\0\x01\x1f", 3)) == R"("\u0000\u0001\u001f")");
  // What needs escaping may stand at any place of a block of 16, and behind the last one.
  for (size_t size : {1u, 15u, 16u, 17u, 31u, 32u, 33u, 100u}) {
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '"';
      std::string expected = std::string(size, 'x').replace(at, 1, "\\\"");
      CHECK(escaped(text) == "\"" + expected + "\"");
      CHECK_FALSE(is_clean_json(text));
    }
    CHECK(is_clean_json(std::string(size, 'x')));
  }
  // Bytes above 0x7F are no control characters.
  CHECK(is_clean_json(std::string(40, '\xFF')));
}

TEST_CASE("json_text: decoding") {
  CHECK(decoded("") == "");
  CHECK(decoded(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
  CHECK(decoded(R"(a\u0041\u00e9\u20AC\uD83D\uDE00z)") ==
        "aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  CHECK(decoded(R"(\u0000)") == std::string(1, '\0'));
  CHECK(decoded(R"(\uffff)") == "\xEF\xBF\xBF");
  // Unpaired surrogates are replaced, and what follows them is not swallowed.
  CHECK(decoded(R"(\ud800)") == "\xEF\xBF\xBD");
  CHECK(decoded(R"(\udc00x)") == "\xEF\xBF\xBDx");
  CHECK(decoded(R"(\ud800\u0041)") ==
        "\xEF\xBF\xBD"
        "A");
  CHECK(decoded(R"(\ud800\ud83d\ude00)") == "\xEF\xBF\xBD\xF0\x9F\x98\x80");
  CHECK(decoded(R"(\ud800\n)") == "\xEF\xBF\xBD\n");
  CHECK(decoded(R"(\ud800abcdef)") ==
        "\xEF\xBF\xBD"
        "abcdef");
}

TEST_CASE("json_text: forms of a text") {
  CHECK(raw_text("plain").form == TextForm::kClean);
  CHECK(raw_text("a\"b").form == TextForm::kRaw);
  CHECK(raw_text("").form == TextForm::kClean);

  Buffer out;
  append_json(out, Text(std::string_view("a\"b"), TextForm::kRaw));
  append_json(out, Text(std::string_view(R"(\n)"), TextForm::kJson));
  append_json(out, Text(std::string_view("c"), TextForm::kClean));
  CHECK(out.view() == R"(a\"b\nc)");
  out.clear();
  append_characters(out, Text(std::string_view("a\"b"), TextForm::kRaw));
  append_characters(out, Text(std::string_view(R"(\n\u00e9)"), TextForm::kJson));
  append_characters(out, Text(std::string_view("c"), TextForm::kClean));
  CHECK(out.view() ==
        "a\"b\n\xC3\xA9"
        "c");
}

TEST_CASE("json_text: what could stand between quotes") {
  for (std::string_view good : {"", "abc", R"(\")", R"(\\)", R"(a\u00e9b)", R"(\b\f\n\r\t\/)"}) {
    CAPTURE(good);
    CHECK(is_json_inside(good));
  }
  for (std::string_view bad : {"\"", "\\", R"(a\)", R"(\q)", R"(\u12)", R"(\u12G4)", "a\tb",
                               R"(\a)", R"(\\\)", R"(\U00e9)"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_json_inside(bad));
  }
}

TEST_CASE("json_text: characters() gives back what it did not need of the arena") {
  Arena arena;
  std::string_view first =
      characters(Text(std::string_view(R"(\u0041\u0042)"), TextForm::kJson), arena);
  CHECK(first == "AB");
  CHECK(arena.allocate(1) == first.data() + 2);
}
