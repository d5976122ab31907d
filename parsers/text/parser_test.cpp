// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"
#include "parsers/text/header.h"

using waybill::Level;
using waybill::TraceFields;
using waybill::parsers::testing::Parsed;
using waybill::parsers::testing::Setup;

namespace {

struct Expected {
  std::string_view line;
  std::string_view time = {};  // "" = none
  Level level = Level::kInfo;
  bool said = false;  // by the line
  std::string_view thread = {};
  std::string_view message = {};  // "" = the whole line
};

void check(const Expected& expected) {
  CAPTURE(expected.line);
  Parsed line(expected.line, {.format = "text"});
  CHECK(line->format == "text");
  CHECK(line.time() == expected.time);
  CHECK(line->level == expected.level);
  CHECK(line->level_said == expected.said);
  CHECK(line.plain(line->thread) == expected.thread);
  CHECK(line.message() == (expected.message.empty() ? expected.line : expected.message));
}

}  // namespace

TEST_CASE("text: prefixes") {
  const Expected cases[] = {
      {"2026-01-02T03:04:05.678Z ERROR [main] it broke", "2026-01-02T03:04:05.678Z", Level::kError,
       true, "main", "it broke"},
      {"2026-01-02 03:04:05,678 [worker-3] WARN  disk is full", "2026-01-02T03:04:05.678Z",
       Level::kWarn, true, "worker-3", "disk is full"},
      {"[2026-01-02 03:04:05] [info] hello", "2026-01-02T03:04:05.000Z", Level::kInfo, true, "",
       "hello"},
      {"ERROR: [Jan  2 03:04:05.678] hello", "2026-01-02T03:04:05.678Z", Level::kError, true, "",
       "hello"},
      {"INFO: hello", "", Level::kInfo, true, "", "hello"},
      {"FINE: java.util.logging", "", Level::kDebug, true, "", "java.util.logging"},
      {"<error> hello", "", Level::kError, true, "", "hello"},
      {"(WARN) hello", "", Level::kWarn, true, "", "hello"},
      {"2026/01/02 03:04:05 main.go:23: started", "2026-01-02T03:04:05.000Z", Level::kInfo, false,
       "", "main.go:23: started"},
      {"2026-01-02T03:04:05Z error while reading", "2026-01-02T03:04:05.000Z", Level::kError, true,
       "", "while reading"},
      {"Jan  2 03:04:05 box sshd[7]: hi", "2026-01-02T03:04:05.000Z", Level::kInfo, false, "",
       "box sshd[7]: hi"},
      {"1767323045.678 hello", "2026-01-02T03:04:05.678Z", Level::kInfo, false, "", "hello"},
      {"[ERROR] [main] [x] y", "", Level::kError, true, "main", "[x] y"},
      {"[02/Jan/2026:04:04:05 +0100] GET /", "2026-01-02T03:04:05.000Z", Level::kInfo, false, "",
       "GET /"},
  };
  for (const Expected& each : cases) check(each);
}

TEST_CASE("text: loggers, processes, and fields between bars") {
  struct Case {
    std::string_view line, thread, logger, message, context;
  };
  const Case cases[] = {
      {"2026-01-02T03:04:05Z | DEBUG | a.b.c:42 - words", "", "a.b.c:42", "words", ""},
      {"2026-01-02 03:04:05,678 INFO [IPC handler 19 on 80] org.a.B: up", "IPC handler 19 on 80",
       "org.a.B", "up", ""},
      {"2026-01-02 03:04:05.678 [main] INFO  c.e.Shop - up", "main", "c.e.Shop", "up", ""},
      {"2026-01-02 03:04:05,678 - WARN  [QuorumPeer:80] - slow", "QuorumPeer:80", "", "slow", ""},
      {"2026-01-02 03:04:05,678 WARN  [org.a.events] (worker-3) type=X", "worker-3", "org.a.events",
       "type=X", R"("type":"X")"},
      {"2026-01-02 03:04:05.6|Warn|Auth|Failure ip 1", "", "Auth", "Failure ip 1", ""},
      {"2026-01-02 03:04:05 | INFO  | Felix | Activator | up", "Felix", "Activator", "up", ""},
      {"2026-01-02 03:04:05 SERVICE ALERT: down", "", "", "SERVICE ALERT: down", ""},
      {"2026-01-02 03:04:05 - INFO - __main__ - up", "", "__main__", "up", ""},
      {"2026-01-02 03:04:05,678 myapp ERROR bad", "", "myapp", "bad", ""},
      {"2026-01-02 03:04:05,678 MainThread ERROR bad", "MainThread", "", "bad", ""},
      {"2026-01-02 03:04:05 app - ERROR - bad", "", "app", "bad", ""},
      {"2026-01-02 03:04:05 app: WARNING slow", "", "app", "slow", ""},
      {"2026-01-02 03:04:05 99.00% [DEBUG] switch.c:281 idle", "", "", "switch.c:281 idle", ""},
      {"2026-01-02 03:04:05 [error] <0.71.0> closing", "", "", "<0.71.0> closing", ""},
      {"2026-01-02 03:04:05 <0.71.0> [error] closing", "0.71.0", "", "closing", ""},
      {"2026-01-02 03:04:05,678;ERROR;bad", "", "", "bad", ""},
      {"2026-01-02 03:04:05,678::WARNING::[cart:7] bad", "cart:7", "", "bad", ""},
      {"[2026-01-02 03:04:05,678] kopf.objects         [ERROR   ] failed", "", "kopf.objects",
       "failed", ""},
      {"2026-01-02 03:04:05 [ERROR] [main.cpp:12] bad", "", "", "bad", ""},
      {"2026-01-02 03:04:05 HTTP ERROR 404 returned", "", "", "HTTP ERROR 404 returned", ""},
      {"2026-01-02 03:04:05 printing ERROR to console", "", "", "printing ERROR to console", ""},
      {"2026-01-02 03:04:05 last ERROR was it", "", "", "last ERROR was it", ""},
      {"2026-01-02 03:04:05 clicked [error] button", "", "", "clicked [error] button", ""},
      {"2026-01-02 03:04:05 section [http] is missing", "", "", "section [http] is missing", ""},
      {"2026-01-02 03:04:05 => ERROR x", "", "", "=> ERROR x", ""},
      {"2026-01-02 03:04:05 [system] Activating", "", "", "[system] Activating", ""},
      {"2026-01-02 03:04:05 Got ERROR from it", "", "", "Got ERROR from it", ""},
      {"2026-01-02 03:04:05 it returned ERROR again", "", "", "it returned ERROR again", ""},
      {"2026-01-02 03:04:05 71 ERROR it broke", "", "", "it broke", R"("pid":71)"},
      {"[2026-01-02T03:04:05Z ERROR shop::cart] gone", "", "shop::cart", "gone", ""},
      {"[DEBUG 2026-01-02 03:04:05 main]  started", "", "main", "started", ""},
      {"2026-01-02T03:04:05Z  INFO shop::cart: saved id=7", "", "shop::cart", "saved id=7",
       R"("id":7)"},
      {"17/06/09 20:10:52 INFO executor.Backend: got task", "", "executor.Backend", "got task", ""},
      {"17/06/09 20:10:52 ERROR Utils: it broke", "", "Utils", "it broke", ""},
      {"2026-01-02 03:04:05 INFO  org.a.Master        [] - up", "", "org.a.Master", "up", ""},
      {"[2026-01-02 03:04:05,678]   INFO -   shop.SERVER - up", "", "shop.SERVER", "up", ""},
      {"ERROR [2026-01-02 03:04:05,678] [main] a.b.C: gone", "main", "a.b.C", "gone", ""},
      {"2026-01-02 03:04:05,678 [7] ERROR App.Foo [(null)] - gone", "7", "App.Foo", "gone", ""},
      {"2026-01-02 03:04:05 [main] WARN a.b.Foo [user=ada] - slow", "main", "a.b.Foo", "slow",
       R"("user":"ada")"},
      {"03:04:05.678 [main] WARN  c.e.Foo -- slow", "main", "c.e.Foo", "slow", ""},
      {"[2026-01-02 03:04:05,678] [INFO] [akka.Log] [sys-2] [] - up", "sys-2", "akka.Log", "up",
       ""},
      {"2026-01-02 03:04:05 [scrapy.core.engine] INFO: Spider opened", "", "scrapy.core.engine",
       "Spider opened", ""},
      {"2026-01-02 03:04:05 INFO sqlalchemy.engine.Engine SELECT 1", "", "sqlalchemy.engine.Engine",
       "SELECT 1", ""},
      {"2026-01-02 03:04:05 - MainThread - app.db - WARNING - slow", "MainThread", "app.db", "slow",
       ""},
      {"2026-01-02 03:04:05 - synapse.http - 71 - WARNING - GET-1 - slow", "", "synapse.http",
       "GET-1 - slow", R"("line":71)"},
      {"2026-01-02 03:04:05,678 shop.cart WARNING slow", "", "shop.cart", "slow", ""},
      {"2026-01-02 03:04:05,678 shop.cart    WARNING  slow", "", "shop.cart", "slow", ""},
      {"2026-01-02 03:04:05,678 root         WARNING  slow", "root", "", "slow", ""},
      {"2026-01-02 03:04:05,678 | app.db | WARNING | slow", "", "app.db", "slow", ""},
      {"2026-01-02 03:04:05+0000 http-nio-8080-exec-1 WARN ada slow", "http-nio-8080-exec-1", "",
       "ada slow", ""},
      {"[2026-01-02T03:04:05,678] <launcher> WARN  system - slow", "launcher", "system", "slow",
       ""},
      {"2026-01-02 03:04:05 (MainThread) WARNING slow", "MainThread", "", "slow", ""},
      {"2026-01-02 03:04:05.678 UTC [1] LOG C-0x5: db/ada login", "1", "", "C-0x5: db/ada login",
       R"("level_text":"LOG")"},
      {"[ABCDE] 2026/01/02 03:04:05 WARNING: slow", "ABCDE", "", "slow", ""},
      {"[2026-01-02 03:04:05.678 71M] Resizing", "71M", "", "Resizing", ""},
      {"Fri Jan  2 03:04:05 2026 -> WARNING: slow", "", "", "slow", ""},
      {"[02-Jan-2026 03:04:05] WARNING: [pool www] busy", "", "", "[pool www] busy", ""},
      // Prose that a logger's name is not to be taken out of.
      {"2026-01-02 03:04:05 ERROR open: no such file", "", "", "open: no such file", ""},
      {"2026-01-02 03:04:05 ERROR Timeout: none left", "", "", "Timeout: none left", ""},
      {"2026-01-02 03:04:05 ERROR www.shop.example.com is down", "", "",
       "www.shop.example.com is down", ""},
      {"2026-01-02 03:04:05 ERROR java.io.IOException gone", "", "", "java.io.IOException gone",
       ""},
      {"2026-01-02 03:04:05 got ERROR from it", "", "", "got ERROR from it", ""},
      {"2026-01-02 03:04:05 - we had it - ERROR - gone", "", "", "we had it - ERROR - gone", ""},
      {"2026-01-02 03:04:05 (so far) ERROR gone", "", "", "(so far) ERROR gone", ""},
      {"2026-01-02 03:04:05 ERROR fail to open", "", "", "fail to open", ""},
      {"2026-01-02 03:04:05 INFO server started: ok", "", "", "server started: ok", ""},
      {"2026-01-02 03:04:05 INFO http://a/b: 200", "", "", "http://a/b: 200", ""},
      {"2026-01-02 03:04:05 42 is the answer", "", "", "42 is the answer", ""},
      {"2026-01-02 03:04:05 INFO [**] x", "", "", "[**] x", ""},
      {"2026-01-02 03:04:05 INFO a.b.Store  up", "", "a.b.Store", "up", ""},
      {"2026-01-02 03:04:05 ERROR a.b.Store cannot be cast", "", "", "a.b.Store cannot be cast",
       ""},
      {"2026-01-02 03:04:05 INFO www.example.Com is up", "", "", "www.example.Com is up", ""},
      {"2026-01-02 03:04:05 ERROR (db.shop.com:5432) - off", "", "", "(db.shop.com:5432) - off",
       ""},
      {"2026-01-02 03:04:05 ERROR dial(db.shop.com:5432) - off", "", "",
       "dial(db.shop.com:5432) - off", ""},
      {"2026-01-02 03:04:05 | cart | login | failed | error | x", "", "",
       "cart | login | failed | error | x", ""},
      {"2026-01-02 03:04:05 - Bag - shipped - error - foo", "", "Bag", "shipped - error - foo", ""},
      {"2026-01-02 03:04:05 index.html ERROR gone", "", "", "index.html ERROR gone", ""},
      {"2026-01-02 03:04:05 shop.yaml ERROR gone", "", "", "shop.yaml ERROR gone", ""},
      {"2026-01-02 03:04:05 ada@shop.example ERROR gone", "", "", "ada@shop.example ERROR gone",
       ""},
      {"2026-01-02 03:04:05 www.shop.com ERROR gone", "", "", "www.shop.com ERROR gone", ""},
      {"2026-01-02 03:04:05 cart.go ERROR gone", "", "", "cart.go ERROR gone", ""},
      {"2026-01-02 03:04:05 e.g. ERROR gone", "", "", "e.g. ERROR gone", ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    Parsed line(each.line, {.format = "text"});
    CHECK(line->time_said);
    CHECK(line.plain(line->thread) == each.thread);
    CHECK(line.plain(line->logger) == each.logger);
    CHECK(line.message() == each.message);
    CHECK(line.json().find(each.context) != std::string::npos);
  }
}

TEST_CASE("text: callers, headers without a time, and PHP") {
  Parsed placed("2026-01-02 03:04:05 ERROR [main] (Foo.java:12) - gone", {.format = "text"});
  CHECK(placed->caller.bytes() == "Foo.java:12");
  CHECK(placed.message() == "gone");
  Parsed method("2026-01-02 03:04:05 ERROR a.b.Foo.bar(Foo.java:12) - gone", {.format = "text"});
  CHECK(method->logger.bytes() == "a.b.Foo.bar");
  CHECK(method->caller.bytes() == "Foo.java:12");
  Parsed bare("2026-01-02 03:04:05 - Foo:12 - ERROR - gone", {.format = "text"});
  CHECK(bare->logger.bytes() == "Foo:12");
  CHECK_FALSE(bare->caller);
  Parsed simple("[main] ERROR org.foo.Bar - gone", {.format = "text"});
  CHECK(simple->level == Level::kError);
  CHECK(simple->thread.bytes() == "main");
  CHECK(simple->logger.bytes() == "org.foo.Bar");
  CHECK(simple.message() == "gone");
  check({"[02-Jan-2026 03:04:05 Europe/Berlin] PHP Parse error:  unexpected end",
         "2026-01-02T02:04:05.000Z", Level::kError, true, "", "PHP Parse error:  unexpected end"});
  check({"PHP Fatal error:  Uncaught Error: gone", "", Level::kFatal, true});
  check({"PHP Deprecated:  old", "", Level::kInfo, true});
  check({"PHP is: here"});
}

TEST_CASE("text: what is the message's own") {
  const Expected cases[] = {
      {"hello world"},
      {"[main] no time and no level before it"},
      {"information is power"},
      {"log in to continue"},
      {"INFORMATION123 x"},
      {"INFOx y"},
      {"2026-01-02T03:04:05abc is a name"},
      {"2026-13-40T03:04:05Z impossible"},
      {"12:99:00 impossible"},
      {"-- x --"},
      {"[] x"},
      {"[unclosed ERROR"},
      {"  indented"},
      {"="},
      {"http request served"},
      {"HTTP server listens"},
      {"Config loaded"},
      {"Log file opened"},
      {"Fine, thank you"},
      {"Success is near"},
      {"fail to open"},
      {"E"},
      {"x"},
  };
  for (const Expected& each : cases) check(each);
  // Nothing but a prefix is what was said.
  check({"2026-01-02T03:04:05Z ERROR [main]", "2026-01-02T03:04:05.000Z", Level::kError, true, "",
         "2026-01-02T03:04:05Z ERROR [main]"});
  check({"ERROR", "", Level::kError, true, "", "ERROR"});
}

TEST_CASE("text: a level in the first words") {
  const Expected cases[] = {
      {"error: no such file", "", Level::kError, true, "", ""},
      {"warning: old", "", Level::kWarn, true, "", ""},
      {"panic: runtime error", "", Level::kFatal, true, "", ""},
      {"fatal error: all goroutines are asleep", "", Level::kFatal, true, "", ""},
      {"Traceback (most recent call last):", "", Level::kError, true, "", ""},
      {"Exception in thread \"main\" java.lang.E", "", Level::kError, true, "", ""},
      {"Error opening file", "", Level::kError, true, "", ""},
      {"auth: Error: no such user", "", Level::kError, true, "", ""},
      {"   crmd:   warning: slow", "", Level::kWarn, true, "", ""},
      {"debug1: Reading configuration", "", Level::kDebug, true, "", ""},
      {"warn  2026-01-02 03:04:05: slow", "2026-01-02T03:04:05.000Z", Level::kWarn, true, "",
       "slow"},
      {"error [2026-01-02T03:04:05Z] gone", "2026-01-02T03:04:05.000Z", Level::kError, true, "",
       "gone"},
      {" WARN slow", "", Level::kWarn, true, "", "slow"},
      {"   WARN slow", "", Level::kWarn, true, "", ""},
      {"warn the others: 5 left", "", Level::kWarn, true, "", ""},
      {"note: Error in 5 lines", "", Level::kInfo, false, "", ""},
      {"debug symbols are missing", "", Level::kInfo, false, "", ""},
      {"info desk closed", "", Level::kInfo, false, "", ""},
      {"errors were found", "", Level::kInfo, false, "", ""},
      {"no error: all is well", "", Level::kInfo, false, "", ""},
  };
  for (const Expected& each : cases) check(each);
}

TEST_CASE("text: the default level, and the source's word") {
  Parsed line("hello", {.default_level = Level::kWarn});
  CHECK(line->level == Level::kWarn);
  CHECK(line->severity == 13);
  CHECK_FALSE(line->level_said);
  CHECK(Parsed("WARNING: x").json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"x",)"
        R"("context":{"level_text":"WARNING"}})");
  CHECK(Parsed("[warn] x").json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"x"})");
  CHECK(Parsed("[e] x").json() ==
        R"({"level":"ERROR","service_name":"unknown_service","message":"x",)"
        R"("context":{"level_text":"e"}})");
}

TEST_CASE("text: pairs are noted and stay where they are") {
  Parsed line(R"(INFO served path=/x/y?a=b status=200 took=1.5e3 ok=true who="a \"b\"" end)");
  CHECK(line.message() ==
        R"(served path=/x/y?a=b status=200 took=1.5e3 ok=true who="a \"b\"" end)");
  CHECK(line.json() ==
        R"({"level":"INFO","service_name":"unknown_service",)"
        R"("message":"served path=/x/y?a=b status=200 took=1.5e3 ok=true who=\"a \\\"b\\\"\" end",)"
        R"("context":{"path":"/x/y?a=b","status":200,"took":1.5e3,"ok":true,"who":"a \"b\""}})");
  // Known names are lifted, but for those that mean something else in prose.
  Parsed known(
      "did it request_id=r-1 logger=a.b msg=x time=2020-01-01T00:00:00Z service=x "
      "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 level=error");
  CHECK(known->request_id.bytes() == "r-1");
  CHECK(known->logger.bytes() == "a.b");
  CHECK(known->level == Level::kError);
  CHECK_FALSE(known->time_said);
  CHECK(known.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(known.json().find(R"("context":{"msg":"x","time":"2020-01-01T00:00:00Z","service":"x",)") !=
        std::string::npos);
  // A level before the message is the line's; of equal keys the last one stays.
  Parsed twice("WARN a=1 level=debug a=2");
  CHECK(twice->level == Level::kWarn);
  CHECK(twice.json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"a=1 level=debug a=2",)"
        R"("context":{"level":"debug","a":2}})");
  Parsed ids("x request_id=first request_id=last");
  CHECK(ids->request_id.bytes() == "last");
}

TEST_CASE("text: very many pairs are read up to a limit") {
  std::string line = "x";
  for (int i = 0; i < 500; ++i) line += " k" + std::to_string(i) + "=" + std::to_string(i);
  Parsed parsed(line);
  CHECK(parsed.message() == line);
  CHECK(parsed->field_count == 64);
}

TEST_CASE("text: colours are stripped, bad UTF-8 is repaired and marked") {
  Parsed colours("\x1b[31mERROR\x1b[0m \x1b[1;4mbroken\x1b[m a=1");
  CHECK(colours->level == Level::kError);
  CHECK(colours.message() == "broken a=1");
  CHECK_FALSE(colours->marks.repaired);
  Parsed bad("caf\xE9 \xFF=1");
  CHECK(bad.message() == "caf\xEF\xBF\xBD \xEF\xBF\xBD=1");
  CHECK(bad->marks.repaired);
  Parsed controls(std::string_view("a\0b\tc\x7f", 6));
  CHECK(controls.message() == std::string_view("a\0b\tc\x7f", 6));
}

TEST_CASE("line parser: a format of its own, and lines that nobody wants") {
  Parsed forced("not json", {.format = "json"});
  CHECK(forced->format == "none");
  CHECK(forced.message() == "not json");
  CHECK_FALSE(forced->level_said);
  Parsed repaired("not \xFF json", {.format = "json"});
  CHECK(repaired.message() == "not \xEF\xBF\xBD json");
  CHECK(repaired->marks.repaired);
  CHECK(Parsed(R"({"a":1})", {.format = "text"})->format == "text");

  waybill::parsers::LineParser parser({}, {"json"});
  waybill::Source source;
  source.format = "auto";
  CHECK(parser.candidates(source) == std::vector<std::string_view>{"json"});
  waybill::parsers::LineParser in_order({}, {"text", "access", "json"});
  CHECK(in_order.candidates(source) == std::vector<std::string_view>{"text", "formats", "json"});
  source.format = "text";  // an input's own format beats the list
  CHECK(parser.candidates(source) == std::vector<std::string_view>{"text"});
  CHECK(waybill::parsers::format_names().front() == "auto");
}

TEST_CASE("text: what stands behind a time and is none of its") {
  const struct {
    std::string_view line, time, level, message;
  } cases[] = {
      {"Fri Jan  2 03:04:05 ERROR 2026 orders lost", "2026-01-02T03:04:05.000Z", "ERROR",
       "2026 orders lost"},
      {"Thu Jan  2 03:04:05 ERROR 2025 orders", "2026-01-02T03:04:05.000Z", "ERROR", "2025 orders"},
      {"Wed Dec 31 23:59:59 FATAL 2025 budget exceeded", "2025-12-31T23:59:59.000Z", "FATAL",
       "2025 budget exceeded"},
      {"Fri Jan  2 03:04:05 GET 2026 /x", "2026-01-02T03:04:05.000Z", "INFO", "GET 2026 /x"},
      {"Fri Jan  2 03:04:05 CST 2026 up", "2026-01-02T03:04:05.000Z", "INFO", "up"},
      {"2026 May 08 12:16:123 items", "", "INFO", "2026 May 08 12:16:123 items"},
      {"1/9/2026 9:23:123 x", "", "INFO", "1/9/2026 9:23:123 x"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.line);
    Parsed parsed(each.line);
    CHECK(parsed.time() == each.time);
    CHECK(waybill::level_name(parsed->level) == each.level);
    CHECK(parsed.message() == each.message);
  }
}
