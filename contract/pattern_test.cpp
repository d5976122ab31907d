// SPDX-License-Identifier: Apache-2.0
#include "contract/pattern.h"

#include <doctest/doctest.h>

using waybill::contract::Pattern;
using waybill::contract::translate;

namespace {

bool matches(const char* pattern, const char* text) {
  auto made = Pattern::make(pattern);
  std::string why = made ? "" : made.error().what;
  INFO(pattern << ": " << why);
  REQUIRE(made.has_value());
  return (*made)->matches(text);
}

}  // namespace

TEST_CASE("pattern: as ECMA-262 means it") {
  struct {
    const char* pattern;
    const char* yes;
    const char* no;
  } cases[] = {
      {"^a$", "a", "a\n"},
      {"a", "bab", "b"},
      {"^.$", "x", "\u2028"},
      {"^\\s$", "\u00a0", "x"},
      {"^\\s$", "\ufeff", "\u200b"},
      {"^\\S$", "\u200b", "\u2028"},
      {"^[\\s]$", "\v", "a"},
      {"^[^\\s]$", "a", "\u3000"},
      {"^[\\S]$", "a", "\u3000"},
      {"^\\d$", "7", "\u0667"},
      {"^\\w$", "_", "é"},
      {"^\\W$", "é", "a"},
      {"^\\cA$", "\x01", "A"},
      {"^\\x41\\u0042\\u{43}$", "ABC", "AB"},
      {"^\\ud83d\\ude00$", "\U0001F600", "x"},
      {"^[\\u{1F600}-\\u{1F64F}]$", "\U0001F603", "\U0001F680"},
      {"^\\p{Letter}+$", "Zé", "Z1"},
      {"^\\p{Lu}$", "É", "é"},
      {"^\\P{L}$", "1", "a"},
      {"^[\\p{Script=Greek}\\d]+$", "α1", "b"},
      {"^\\p{gc=Decimal_Number}$", "\u0667", "x"},
      {"^\\p{ASCII}$", "~", "é"},
      {"^(?<year>\\d{4})$", "2024", "224"},
      {"^[^]$", "\n", ""},
      {"^(?:[]|a)$", "a", "b"},
      {"^[\\b]$", "\b", "b"},
      {"\\bab\\b", "x ab", "xab"},
      {"^[\\w-.]+$", "a-b.c", "a b"},
      {"^\\-\\/\\$\\\"$", "-/$\"", "-"},
      {"^{a}]$", "{a}]", "a"},
      {"^a{2,3}?$", "aaa", "a"},
      {"^[[a]$", "[", "b"},
      {"^[a-]$", "-", "b"},
      {"^🐲*$", "🐲🐲", "🐉"},
      {"^[.^$|(]$", "|", "a"},
      {"^\\p{White_Space}\\P{White_Space}$", "\u0085x", "x\u0085"},
      {"^\\p{Alphabetic}+$", "aéⅣ\u0345\U0001F150", "a1"},
      {"^\\P{Alpha}$", "1", "é"},
      {"^[^\\p{Alphabetic}]$", "\u2028", "\u0345"},
      {"^\\p{Uppercase}\\p{Lower}$", "Ⓐⓐ", "ⓐⒶ"},
      {"^[\\p{ID_Start}$_][\\p{ID_Continue}$]*$", "_ñ1", "1a"},
      {"^\\p{XIDS}$", "℘", "\u037A"},
      {"^\\p{Emoji}$", "😀", "x"},
      {"^\\p{Emoji_Presentation}$", "😀", "1"},
      {"^\\p{ExtPict}$", "©", "1"},
      {"^\\p{RI}{2}$", "🇩🇪", "DE"},
      {"^\\p{Ideographic}$", "漢", "か"},
      {"^\\p{Hex_Digit}$", "Ｆ", "G"},
      {"^\\p{AHex}$", "F", "Ｆ"},
      {"^\\p{Math}$", "+", "-"},
      {"^\\p{Dash}$", "-", "+"},
      {"^\\p{Any}$", "\n", "ab"},
      {"^[\\P{Any}a]$", "a", "b"},
      {"^(?:\\P{Any}|a)$", "a", "b"},
      {"^\\p{Assigned}$", "a", "\u0378"},
      {"^\\p{Cn}$", "\u0378", "a"},
      {"^\\p{Other}$", "\u0378", "a"},
      {"^\\p{gc=C}$", "\x01", "a"},
      {"^\\p{LC}$", "ǅ", "ª"},
      {"^\\p{Script=Grek}$", "α", "a"},
      {"^\\P{sc=Greek}$", "a", "α"},
      {"^\\p{scx=Grek}$", "\u0342", "a"},
      {"^\\p{Script_Extensions=Devanagari}$", "\u1CD0", "a"},
      {"^\\p{sc=Devanagari}$", "\u0904", "\u1CD0"},
      {"^\\p{scx=Common}$", "1", "\u1CD0"},
      {"^\\p{sc=Qaai}$", "\u0300", "a"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.pattern);
    CHECK(matches(one.pattern, one.yes));
    CHECK(!matches(one.pattern, one.no));
  }
}

TEST_CASE("pattern: what is none") {
  for (const char* pattern : {"(",
                              ")",
                              "a)",
                              "[a",
                              "*a",
                              "a**",
                              "^*",
                              "a{2,1}",
                              "[b-a]",
                              "\\",
                              "\\a",
                              "\\u{110000}",
                              "\\u12",
                              "\\x1",
                              "(?P<n>a)",
                              "(?<>a)",
                              "\\p{alphabetic}",
                              "\\p{Greek}",
                              "\\p{Script=Klingon}",
                              "\\p{gc=Greek}",
                              "\\p{gc=Any}",
                              "\\p{}",
                              "\\p{=}",
                              "\\p{sc=}",
                              "\\p{RGI_Emoji}",
                              "\\p{Line_Break=Alphabetic}",
                              "(?<1a>b)",
                              "\\p",
                              "\\pL",
                              "(?#c)",
                              "(?i)a",
                              "\\c1",
                              "\\01",
                              "\\u{}"}) {
    CAPTURE(pattern);
    CHECK(!translate(pattern).invalid.empty());
    CHECK(!Pattern::make(pattern).has_value());
  }
}

TEST_CASE("pattern: what RE2 has not is refused by its name") {
  struct {
    const char* pattern;
    const char* construct;
  } cases[] = {
      {"a(?=b)", "look-ahead (?="},
      {"a(?!b)", "look-ahead (?!"},
      {"(?<=a)b", "look-behind (?<="},
      {"(?<!a)b", "look-behind (?<!"},
      {"(a)\\1", "back-reference \\1"},
      {"(?<n>a)\\k<n>", "back-reference \\k"},
      {"a{1001}", "{1001}"},
      {"(?i:a)", "flags"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.pattern);
    CHECK(translate(one.pattern).invalid.empty());
    auto made = Pattern::make(one.pattern);
    REQUIRE(!made.has_value());
    CHECK(made.error().what.find(one.construct) != std::string::npos);
  }
}

TEST_CASE("pattern: what is wrong with a property is said") {
  CHECK(translate("\\p{Greek}").invalid ==
        "there is no property \\p{Greek}: a script is written \\p{Script=Greek}");
  CHECK(translate("[\\p{Alphabet}]").invalid.find("(\\p{Alphabetic})") != std::string::npos);
}

TEST_CASE("pattern: properties without end are refused") {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "\\p{Alphabetic}";
  for (const std::string& pattern : {many, '[' + many + ']', "(?:" + many + ")"}) {
    auto made = Pattern::make(pattern);
    REQUIRE(!made.has_value());
    CHECK(made.error().what.starts_with("is too large"));
    CHECK(waybill::contract::is_ecma(pattern));
  }
}
