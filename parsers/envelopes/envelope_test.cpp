// SPDX-License-Identifier: Apache-2.0
#include "parsers/envelopes/envelope.h"

#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using waybill::Level;
using waybill::parsers::testing::Parsed;

namespace {

struct Case {
  std::string_view line;
  std::string_view format;
  std::string_view time;
  std::string_view json;  // of the record, without its service
};

void check(const Case& each) {
  CAPTURE(each.line);
  Parsed parsed(each.line);
  CHECK(parsed->format == each.format);
  CHECK(parsed.time() == each.time);
  namespace part = waybill::part;
  CHECK(parsed.canonical_parts(part::kLevel | part::kMessage | part::kCode | part::kError |
                               part::kContext) == each.json);
  CHECK(parsed->line == each.line);
}

}  // namespace

TEST_CASE("envelope: CRI") {
  const Case cases[] = {
      {"2025-12-31T23:59:58.123456789Z stdout F hello a=1", "cri", "2025-12-31T23:59:58.123456789Z",
       R"({"level":"INFO","message":"hello a=1","context":{"a":1}})"},
      {"2025-12-31T23:59:58.1+01:00 stderr F:x {\"level\":\"error\",\"msg\":\"m\"}", "json",
       "2025-12-31T22:59:58.100Z", R"({"level":"ERROR","message":"m"})"},
      {"2025-12-31T23:59:58.123Z stdout F 23:59:57 INFO late", "cri", "2025-12-31T23:59:57.000Z",
       R"({"level":"INFO","message":"late"})"},
      {"2025-12-31T23:59:58.123Z stdout F ", "cri", "2025-12-31T23:59:58.123Z",
       R"({"level":"INFO","message":""})"},
      {"2025-12-31T23:59:58.123Z stdout FOO bar", "text", "2025-12-31T23:59:58.123Z",
       R"({"level":"INFO","message":"stdout FOO bar"})"},
  };
  for (const Case& each : cases) check(each);
  CHECK(Parsed("2025-12-31T23:59:58.1Z stderr F x")->stream == "stderr");
  Parsed bad("2025-12-31T23:59:58.1Z stderr F caf\xE9");
  CHECK(bad.message() == "caf\xEF\xBF\xBD");
  CHECK(bad->marks.repaired);
}

TEST_CASE("envelope: Docker's json-file") {
  const Case cases[] = {
      {R"({"log":"it \"broke\"\n","stream":"stderr","time":"2025-12-31T23:59:58.123456789Z"})",
       "docker", "2025-12-31T23:59:58.123456789Z", R"({"level":"INFO","message":"it \"broke\""})"},
      {R"({"log":"{\"level\":\"warn\",\"msg\":\"m\"}\n","stream":"stdout",)"
       R"("attrs":{"tag":"shop"},"time":"2025-12-31T23:59:58Z"})",
       "json", "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"m","context":{"tag":"shop"}})"},
      {R"({"log":"a program's own","level":"info"})", "json", "",
       R"({"level":"INFO","message":"a program's own"})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("envelope: RFC 5424") {
  const Case cases[] = {
      {"<34>1 2025-12-31T23:59:58.003Z host.example.com su 71 ID47 - \xEF\xBB\xBF'su root' failed",
       "syslog", "2025-12-31T23:59:58.003Z",
       R"({"level":"ERROR","message":"'su root' failed","logger":"su",)"
       R"("context":{"facility":"auth","hostname":"host.example.com","pid":71,"msgid":"ID47"}})"},
      {R"(<165>1 2025-12-31T23:59:58Z h app a1 - [x@1 iut="3" s="a \"b\\ \]"][y] Hello)", "syslog",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"Hello","logger":"app","context":{"facility":"local4",)"
       R"("hostname":"h","procid":"a1","x@1.iut":"3","x@1.s":"a \"b\\ ]","y":""}})"},
      {R"(<14>1 - - - - - - {"level":"debug","msg":"m","hostname":"own"})", "json", "",
       R"({"level":"DEBUG","message":"m","context":{"hostname":"own","facility":"user"}})"},
      {R"(<14>1 - h - - - - {"msg":"m","hostname":"own"})", "json", "",
       R"({"level":"INFO","message":"m",)"
       R"("context":{"hostname":"own","facility":"user","hostname_2":"h"}})"},
      {"<14>1 - - - - - -", "syslog", "",
       R"({"level":"INFO","message":"","context":{"facility":"user"}})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("envelope: RFC 3164 and its dialects") {
  const Case cases[] = {
      {"<38>Dec 31 23:59:58 box sshd[71]: Accepted publickey", "syslog", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"Accepted publickey","logger":"sshd",)"
       R"("context":{"facility":"auth","hostname":"box","pid":71}})"},
      {"Dec 31 23:59:58 box Some App[71]: started", "syslog", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"started","logger":"Some App",)"
       R"("context":{"hostname":"box","pid":71}})"},
      {"Dec  1 03:04:05 box kernel: [ 12.5] oom", "syslog", "2025-12-01T03:04:05.000Z",
       R"({"level":"INFO","message":"[ 12.5] oom","logger":"kernel",)"
       R"("context":{"hostname":"box"}})"},
      {"Dec 31 23:59:58 gw user.warn kernel: drop IN=eth0", "syslog", "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"drop IN=eth0","logger":"kernel",)"
       R"("context":{"IN":"eth0","hostname":"gw","facility":"user"}})"},
      {"2025-12-31T23:59:58.5+01:00 web-1 app[71]: ERROR it broke", "syslog",
       "2025-12-31T22:59:58.500Z",
       R"({"level":"ERROR","message":"it broke","logger":"app",)"
       R"("context":{"hostname":"web-1","pid":71}})"},
      {"<27>xapi: died", "syslog", "",
       R"({"level":"ERROR","message":"died","logger":"xapi","context":{"facility":"daemon"}})"},
      {"<4>usb 1-1: reset", "syslog", "",
       R"({"level":"WARN","message":"usb 1-1: reset","context":{"facility":"kern"}})"},
      // lumberjack
      {R"(<27>Dec 31 23:59:58 gw app[71]: @cee: {"level":"warn","msg":"full"})", "json",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"full","logger":"app",)"
       R"("context":{"facility":"daemon","hostname":"gw","pid":71}})"},
      {R"(<27>Dec 31 23:59:58 gw @cee: {"msg":"full"})", "json", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"full","context":{"facility":"daemon","hostname":"gw"}})"},
      {R"(<27>1 2025-12-31T23:59:58Z gw app 71 - - @cee:{"msg":"full"})", "json",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"full","logger":"app",)"
       R"("context":{"facility":"daemon","hostname":"gw","pid":71}})"},
      {"<27>Dec 31 23:59:58 gw app[71]: @cee: full", "syslog", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"@cee: full","logger":"app",)"
       R"("context":{"facility":"daemon","hostname":"gw","pid":71}})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("envelope: what only looks like syslog") {
  for (std::string_view line : {
           "2026-01-01T00:00:00Z server started: ok",
           "2026-01-01T00:00:00Z ERROR db: gone",
           "Jan  1 00:00:00 started",
           "Jan  1 00:00:00 INFO main: x",
           "<192>1 - - - - - - x",
           "<007>x",
           "<p>hello</p>",
           "<>x",
       }) {
    CAPTURE(line);
    CHECK(Parsed(line)->format == "text");
  }
}

TEST_CASE("envelope: what is too long once its bytes are repaired has none") {
  // A tag has 64 bytes at most, and each of these becomes three.
  Parsed parsed("<13>Dec 31 23:59:58 box " + std::string(40, '\xFF') + ": x");
  CHECK(parsed->marks.repaired);
  CHECK(parsed.message().ends_with(": x"));
  CHECK(Parsed("RP/0/" + std::string(9, '\xFF') + "/CPU0:Dec 31 23:59:58 UTC: a[7]: x")
            ->marks.repaired);
}

TEST_CASE("envelope: one inside the other, and a format of its own") {
  check({R"({"log":"<11>Dec 31 23:59:58 box app: boom\n","stream":"stdout",)"
         R"("time":"2025-12-31T23:59:59Z"})",
         "syslog", "2025-12-31T23:59:58.000Z",
         R"({"level":"ERROR","message":"boom","logger":"app",)"
         R"("context":{"facility":"user","hostname":"box"}})"});
  std::string_view cri = "2025-12-31T23:59:58.123Z stdout F {\"msg\":\"m\",\"level\":\"info\"}";
  CHECK(Parsed(cri, {.format = "cri"})->format == "json");
  CHECK(Parsed(cri, {.format = "text"})->stream.empty());
  CHECK(Parsed("no envelope", {.format = "cri"})->format == "none");
}

TEST_CASE("envelope: a clock inside is of the zone that the envelope shows") {
  const char* cases[][2] = {
      {"2026-01-02T12:30:05+02:00 box app[7]: [12:30:05] [INF] up", "2026-01-02T10:30:05.000Z"},
      {"2026-01-02T03:04:05.7Z stdout F 04:04:05,678 INFO up", "2026-01-02T03:04:05.678Z"},
      // Not whole quarter hours: what the line says counts.
      {"2026-01-02T03:04:05.7Z stdout F 02:57:01,678 INFO up", "2026-01-02T02:57:01.678Z"},
      // A whole time is as it stands.
      {"2026-01-02T03:15:01.2Z stdout F 2026-01-02 03:00:00 INFO x", "2026-01-02T03:00:00.000Z"},
  };
  for (const auto& [line, time] : cases) {
    CAPTURE(line);
    CHECK(Parsed(line).time() == time);
  }
}

TEST_CASE("envelope: the line inside of one that was asked for is of any form") {
  const char* line =
      "2026-01-02T03:04:05.7Z stdout F 203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] "
      "\"POST /login HTTP/1.1\" 302 -";
  CHECK(Parsed(line, {.format = "cri"})->format == "access");
}

TEST_CASE("envelope: what commands put before the lines of containers") {
  const Case cases[] = {
      {"2025-12-31T23:59:58.123456789Z 2025/12/31 23:59:57 [error] 71#71: it broke", "nginx_error",
       "2025-12-31T23:59:57.000Z",
       R"({"level":"ERROR","message":"it broke","thread":"71","context":{"pid":71}})"},
      {"2025-12-31T23:59:58.123456789Z 71:M 31 Dec 2025 23:59:57.678 # low", "redis",
       "2025-12-31T23:59:57.678Z",
       R"({"level":"WARN","message":"low",)"
       R"("context":{"pid":71,"role":"M","level_text":"warning"}})"},
      {"2025-12-31T23:59:58.123456789+01:00 {\"level\":\"warn\",\"msg\":\"m\"}", "json",
       "2025-12-31T22:59:58.123456789Z", R"({"level":"WARN","message":"m"})"},
      {"2025-12-31T23:59:58.123456789Z level=warn msg=m", "logfmt",
       "2025-12-31T23:59:58.123456789Z", R"({"level":"WARN","message":"m"})"},
      {"[pod/shop-7/main] 2025-12-31T23:59:57.678Z ERROR it broke", "collected",
       "2025-12-31T23:59:57.678Z",
       R"({"level":"ERROR","message":"it broke","context":{"pod":"shop-7","container":"main"}})"},
      {"shop-web-1  | 2025-12-31 23:59:57,678 ERROR it broke", "collected",
       "2025-12-31T23:59:57.678Z",
       R"({"level":"ERROR","message":"it broke","logger":"shop-web-1"})"},
      // A name of one's own, Swarm's and pm2's.
      {"traefik      | time=\"2025-12-31T23:59:57Z\" level=error msg=\"it broke\"", "logfmt",
       "2025-12-31T23:59:57.000Z", R"({"level":"ERROR","message":"it broke","logger":"traefik"})"},
      {"shop_web.1.abc123@node1    | 2025-12-31T23:59:57Z x", "collected",
       "2025-12-31T23:59:57.000Z",
       R"({"level":"INFO","message":"x","logger":"shop_web.1.abc123@node1"})"},
      {"0|web  | 2025-12-31T23:59:57: up", "collected", "2025-12-31T23:59:57.000Z",
       R"({"level":"INFO","message":"up","logger":"web","context":{"process":0}})"},
      {"cache  | 71:M 31 Dec 2025 23:59:57.678 * up", "redis", "2025-12-31T23:59:57.678Z",
       R"({"level":"INFO","message":"up","logger":"cache",)"
       R"("context":{"pid":71,"role":"M","level_text":"notice"}})"},
      {"web  | 203.0.113.9 - - [31/Dec/2025:23:59:57 +0000] \"GET / HTTP/1.1\" 200 12", "access",
       "2025-12-31T23:59:57.000Z",
       R"({"level":"INFO","message":"GET / HTTP/1.1","logger":"web",)"
       R"("context":{"client":"203.0.113.9","method":"GET","path":"/",)"
       R"("protocol":"HTTP/1.1","status":200,"bytes":12}})"},
      // Supervisors' times, and any before pairs that begin with the same.
      {"2025-12-31_23:59:58.12345 ts=2025-12-31T23:59:57.678Z level=error msg=m", "logfmt",
       "2025-12-31T23:59:57.678Z", R"({"level":"ERROR","message":"m"})"},
      {R"(2025-12-31_23:59:58.12345 {"severity":"ERROR","message":"m"})", "json",
       "2025-12-31T23:59:58.12345Z", R"({"level":"ERROR","message":"m"})"},
      {"2025-12-31 23:59:58 time=\"2025-12-31T23:59:57Z\" level=error msg=m", "logfmt",
       "2025-12-31T23:59:57.000Z", R"({"level":"ERROR","message":"m"})"},
      {"2025-12-31 23:59:58.123456789  [2025-12-31 23:59:57] watchdog.gate     ERROR   : it broke",
       "collected", "2025-12-31T23:59:57.000Z",
       R"({"level":"ERROR","message":"it broke","logger":"watchdog.gate"})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("envelope: what may belong to any line keeps what such commands put before it") {
  CHECK(Parsed("2025-12-31T23:59:58.123456789Z main.main()").message() == "main.main()");
  for (std::string_view not_inside : {"Error: full", "ValueError: full", "  up"}) {
    CHECK(Parsed("web_1 | " + std::string(not_inside)).message().starts_with("web_1"));
  }
}

TEST_CASE("envelope: what such commands have not written") {
  for (std::string_view line : {
           // Times of the program's own, and messages that speak of times.
           "2025-12-31T23:59:58.123456789Z INFO worker: up",
           "2025-12-31T23:59:58.123456789Z [main] INFO up",
           "2025-12-31T23:59:58.123456789Z     INFO up",
           "2025-12-31T23:59:58.123456789Z 2025-12-01 00:00:00 is when it was",
           "2025-12-31T23:59:58.123456Z 2025-12-31 23:59:58 is when it was",
           "2025-12-31T23:59:58Z 2025-12-31 23:59:58 is when it was",
           "2025-12-31T23:59:58.123456789Z 23:59:58 is when it was",
           "row_1 | 2025 | x",
           "2025-12-31_23:59:58.12345 INFO up",
           "2025-12-31 23:59:58 time=20ms is long",
           "2025-12-31 23:59:58 ts=2025-12-31T23:59:58Z",
           "2025-12-31 23:59:58 t=2025-12-01T00:00:00Z is when it was",
           "2025-12-31 23:59:58.123456789 INFO since 2025-12-31 23:59:58",
           "INFO | 2025-12-31 23:59:57,678 it broke",
           "error | 2025-12-31 23:59:57,678 it broke",
           "7 | 2025-12-31 23:59:57,678 it broke",
           "the web | 2025-12-31 23:59:57,678 it broke",
           "web | up",
           "web_1 | up",
           "[pod/shop] up",
           "[pod/shop 7/main] up",
       }) {
    CAPTURE(line);
    CHECK(Parsed(line)->format == "text");
  }
  CHECK(Parsed("2025-12-31T23:59:58.123456789Z 2025-12-01 00:00:00 x").time() ==
        "2025-12-31T23:59:58.123456789Z");
}
