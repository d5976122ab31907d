// SPDX-License-Identifier: Apache-2.0
#include "outputs/printable.h"
#include "config/flow_text.h"

#include <doctest/doctest.h>

#include "outputs/basics.h"

namespace waybill::outputs {
namespace {

std::string shown(std::string_view text) {
  Buffer out;
  append_printable(out, text);
  return std::string(out.view());
}

TEST_CASE("nothing that moves a terminal gets through") {
  CHECK(shown("plain text, größer 日本 🎉") == "plain text, größer 日本 🎉");
  CHECK(shown("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(shown("a\nb\rc\td") == "a\\nb\\rc\\td");
  CHECK(shown(std::string_view("\0\x7f", 2)) == "\\x00\\x7f");
  CHECK(shown("\u0085\u009b1m") == "\\u{0085}\\u{009b}1m");
  CHECK(shown("\u2028\u2029") == "\\u{2028}\\u{2029}");
  CHECK(shown("\u202eevil\u2066") == "\\u{202e}evil\\u{2066}");
  CHECK(shown("\xff\xc0\x80") == "\\xff\\xc0\\x80");
  CHECK(shown("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(shown("cut \xe6\x97") == "cut \\xe6\\x97");
  CHECK(shown("") == "");
}

TEST_CASE("every byte and every pair of bytes comes out harmless") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const char bytes[2] = {static_cast<char>(first), static_cast<char>(second)};
      std::string text = shown({bytes, 2});
      bool harmless = true;
      for (char c : text) harmless = harmless && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
      harmless = harmless && !(text.size() == 2 && first == 0xc2 && second < 0xa0);
      CHECK_MESSAGE(harmless, first << " " << second);
    }
  }
}

TEST_CASE("words for a message are cut between characters") {
  CHECK(printable("short") == "short");
  CHECK(printable("aaaaé", 5) == "aaaa…");
  CHECK(printable("aaaaaaaa", 5) == "aaaaa…");
  CHECK(printable("a\tb") == "a b");
}

TEST_CASE("a path becomes a YAML scalar that means the same") {
  CHECK(config::yaml_quoted("/var/log/a b.log") == "\"/var/log/a b.log\"");
  CHECK(config::yaml_quoted("a\"b\\c$d\n") == "\"a\\\"b\\\\c$$d\\x0a\"");
}

}  // namespace
}  // namespace waybill::outputs
