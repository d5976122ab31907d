// SPDX-License-Identifier: Apache-2.0
#include "contract/formats.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace waybill::contract;

TEST_CASE("formats: each by its definition") {
  struct Case {
    const char* format;
    std::vector<std::string> yes, no;
  };
  std::vector<Case> cases = {
      {"date-time",
       {"2024-05-01T10:00:00Z", "2024-02-29t23:59:60z", "2024-05-01T10:00:00.123456789+05:30",
        "1998-12-31T15:59:60.1-08:00"},
       {"2024-05-01 10:00:00Z", "2024-05-01T10:00:00", "2023-02-29T10:00:00Z",
        "2024-05-01T10:00:60Z", "2024-05-01T10:00:00.Z", "2024-05-01T24:00:00Z", "",
        "2024-05-01T10:00:00+5:30", "2024-05-01T10:00:00+24:00"}},
      {"date",
       {"2024-12-31", "2000-02-29"},
       {"1900-02-29", "2024-13-01", "2024-1-01", "2024-04-31", "2024-04-3\xd9\xa1"}},
      {"time",
       {"10:00:00Z", "23:59:60+00:00", "01:29:60+01:30"},
       {"10:00Z", "10:00:00", "22:59:60Z", "10:60:00Z"}},
      {"duration",
       {"P1Y2M3D", "P4W", "PT1H30M", "P1DT2S", "PT0S", "P1M", "P2M3DT4M"},
       {"P", "PT", "P1D2Y", "P1YT", "1D", "P1W2D", "PT1S1M", "P1.5D", "P1Y1D", "PT1H1S"}},
      {"uuid",
       {"2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"},
       {"2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
        "2eb8aa08-aa98-11ea-b4aa73b4-41d16380", "zeb8aa08-aa98-11ea-b4aa-73b441d16380"}},
      {"ipv4",
       {"0.0.0.0", "192.168.1.255"},
       {"256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "1..3.4", "a.b.c.d"}},
      {"ipv6",
       {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "1:2:3:4:5:6:1.2.3.4",
        "fe80::a"},
       {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g",
        "1:", ":1:2:3:4:5:6:7:8", "::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3"}},
      {"hostname",
       {"a", "example.com", "1host", "a-b.c", "xn--bcher-kva"},
       {"", ".", "a.", ".a", "-a", "a-", "a_b", "a..b", std::string(64, 'a'), "xn--X"}},
      {"idn-hostname",
       {"a.b", "bücher.example", "例え。テスト", "xn--bcher-kva", "א1.ב", "l·l"},
       {"", "a..b", "-ü", "ü-", "ü_", "a·b", "0ا", "aא", "\u0300a", std::string(60, 'a') + "üü",
        "\u302eあ", "xn--bcher-KVA"}},
      {"email",
       {"a@b", "a.b+c@example.com", "\"a b\"@x", "\"a@\\\"b\\\\\"@x", "a@[127.0.0.1]",
        "a@[IPv6:::1]"},
       {"a", "@b", "a@", ".a@b", "a.@b", "a..b@c", "a b@c", "\"a@b", "\"a\\\\\"b\"@x", "\"a\\\"@x",
        "a@[1.2.3]", "a@b_c"}},
      {"uri",
       {"http://a/b?c#d", "urn:a:b", "mailto:a@b", "http://[::1]:80/", "a:", "http://a%20b"},
       {"", "/a", "a", "http://a b", "http://a/%g1", "http://[1]", "http://a:x", "1:a",
        "http://a#b#c", "http://é"}},
      {"uri-reference",
       {"", "a", "/a", "#b", "?c", "//a/b", "http://a"},
       {"a b", "#a#b", "\\a", "%", "1:a"}},
      {"iri",
       {"http://a/é?ü#ß", "http://ñandú.example/"},
       {"é", "http://a b", "http://\u0085", "/é"}},
      {"iri-reference", {"é", "#ñ", "//é/a"}, {"\\é", "é é"}},
      {"idn-email", {"ñ@exämple.com", "a@b", "\"é\"@x"}, {"ñ", "ñ@", "@ñ", "é@ä_b", "é é@a"}},
      {"uri-template",
       {"", "/a/{b}", "{+a,b*}", "{a:3}", "{?a.b}"},
       {"{", "}", "{}", "{a", "{a:0}", "{=a}", "a b", "{a,}"}},
      {"regex", {"", "a*", "(?=a)", "(a)\\1", "[]"}, {"(", "[", "*", "\\a"}},
      {"json-pointer", {"", "/", "/a~0b~1c", "//"}, {"a", "/~", "/~2"}},
      {"relative-json-pointer", {"0", "1/a", "12#", "0#"}, {"", "/a", "01", "-1", "1#a", "+1"}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.format);
    auto format = format_of(one.format);
    REQUIRE(format.has_value());
    CHECK(format_name(*format) == one.format);
    for (const std::string& text : one.yes) {
      CAPTURE(text);
      CHECK(has_format(*format, text));
    }
    for (const std::string& text : one.no) {
      CAPTURE(text);
      CHECK(!has_format(*format, text));
    }
  }
  CHECK(!format_of("color").has_value());
}
