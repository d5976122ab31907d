// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using waybill::Level;
using waybill::TraceFields;
using waybill::parsers::testing::Parsed;

TEST_CASE("logfmt: a line that is nothing but pairs") {
  Parsed line(R"(time="2026-01-02T03:04:05Z" level=warning msg="disk \"full\"\n" free=0 ok=true )"
              R"(ratio=1.50 code=007 empty= quoted="" n=null)");
  CHECK(line->format == "logfmt");
  CHECK(line.time() == "2026-01-02T03:04:05.000Z");
  CHECK(line.json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"disk \"full\"\n",)"
        R"("context":{"free":0,"ok":true,"ratio":1.50,"code":"007","empty":"","quoted":"",)"
        R"("n":"null","level_text":"warning"}})");
}

TEST_CASE("logfmt: names of the record are lifted") {
  Parsed line(
      "ts=1767323045.5 lvl=error logger=a.b caller=x.go:1 request_id=r err=\"bad thing\" "
      "traceID=4bf92f3577b34da6a3ce929d0e0e4736 service_name=own");
  CHECK(line.time() == "2026-01-02T03:04:05.500Z");
  CHECK(line.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(line.json() == R"({"level":"ERROR","service_name":"own","request_id":"r","logger":"a.b",)"
                       R"("caller":"x.go:1","error":{"message":"bad thing"},)"
                       R"("context":{"traceID":"4bf92f3577b34da6a3ce929d0e0e4736"}})");
}

TEST_CASE("logfmt: of equal keys the last one wins, and the others are counted") {
  Parsed line("level=info msg=a k=1 k=2 level=error k=3");
  CHECK(line->format == "logfmt");
  CHECK(line->marks.duplicate_keys == 3);
  CHECK(line.json() ==
        R"({"level":"ERROR","service_name":"unknown_service","message":"a","context":{"k":3}})");
}

TEST_CASE("logfmt: lines that are something else") {
  for (std::string_view line : {"hello a=1 b=2 c=3",     // begins with a word
                                "a=1 b=2",               // two pairs that say nothing
                                "a=1 b=2 c=3 and more",  // ends in words
                                "level=info msg=a,b=c",  // something between pairs
                                "a=1 b=2 c=3 =",         //
                                R"(a=1 b="x y" "=)", R"(a=1 b="x"y c=2)", "x", "=", "",
                                "a=", "a==b c=1 d=2", "1a=1 b=2 c=3"}) {
    CAPTURE(line);
    CHECK(Parsed(line)->format == "text");
  }
  CHECK(Parsed("a=1 b=2 c=3")->format == "logfmt");
  CHECK(Parsed("msg=x")->format == "logfmt");
}

TEST_CASE("logfmt: a bare value goes on to the next blank") {
  Parsed line("level=info msg=hello,world call=f(x) list=[a;b]|c d=1,5");
  CHECK(line->format == "logfmt");
  CHECK(line.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"hello,world",)"
        R"j("context":{"call":"f(x)","list":"[a;b]|c","d":"1,5"}})j");
}

TEST_CASE("logfmt: without a level the default holds, and bad UTF-8 is repaired") {
  Parsed line("msg=caf\xE9 a=1", {.default_level = Level::kDebug});
  CHECK(line->level == Level::kDebug);
  CHECK(line->severity == 5);
  CHECK_FALSE(line->level_said);
  CHECK(line->marks.repaired);
  CHECK(line.message() == "caf\xEF\xBF\xBD");
}

TEST_CASE("logfmt: escapes that only Go knows stay as they are written") {
  CHECK(Parsed(R"(msg="a\x41\"b\\c" n=1)").message() == R"(a\x41"b\c)");
  CHECK(Parsed(R"(msg="tab\there" n=1)").message() == "tab\there");
}

TEST_CASE("logfmt: a line of very many equal keys stays cheap and keeps every value once") {
  std::string line = "msg=x";
  for (int i = 0; i < 2000; ++i) line += " k=" + std::to_string(i);
  Parsed parsed(line);
  CHECK(parsed->format == "logfmt");
  CHECK(parsed->marks.duplicate_keys == 1999);
  CHECK(parsed.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"x","context":{"k":1999}})");
}

TEST_CASE("logfmt: a line of very many empty values stays cheap") {
  std::string line = "msg=x";
  for (int i = 0; i < 50'000; ++i) line += " k" + std::to_string(i % 1000) + "=";
  Parsed parsed(line);
  CHECK(parsed->format == "logfmt");
  CHECK(parsed->marks.duplicate_keys == 49'000);
}

TEST_CASE("logfmt: date, clock and zone that stand apart") {
  CHECK(Parsed(R"(device="fw" date=2026-01-02 time=03:04:05 timezone="CEST" n=1)").time() ==
        "2026-01-02T01:04:05.000Z");
  CHECK(Parsed(R"(device="fw" date=2026-01-02 time=03:04:05 timezone="Mars/One" n=1)").time() ==
        "2026-01-02T03:04:05.000Z");
}
