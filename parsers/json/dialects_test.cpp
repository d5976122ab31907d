// SPDX-License-Identifier: Apache-2.0
// One line of each of the usual log libraries, field by field.
#include <doctest/doctest.h>

#include "parsers/test_support.h"

using waybill::TraceFields;
using waybill::parsers::testing::Parsed;

TEST_CASE("dialect: zap, production") {
  Parsed line(
      R"({"level":"error","ts":1767323045.678901,"logger":"shop.pay","caller":"pay/card.go:88",)"
      R"("msg":"card refused","order":17,"error":"declined","errorVerbose":"declined\nat pay",)"
      R"("stacktrace":"pay.Charge\n\tcard.go:88","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
      R"("span_id":"00f067aa0ba902b7"})");
  CHECK(line->format == "json");
  CHECK(line.time() == "2026-01-02T03:04:05.678901Z");
  CHECK(line.json() ==
        R"({"level":"ERROR","service_name":"unknown_service","message":"card refused",)"
        R"("logger":"shop.pay","caller":"pay/card.go:88","error":{"message":"declined",)"
        R"("stack":"pay.Charge\n\tcard.go:88"},"context":{"order":17,)"
        R"("errorVerbose":"declined\nat pay","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
        R"("span_id":"00f067aa0ba902b7"}})");
  CHECK(line.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(line.pointed(&TraceFields::span_id) == R"("00f067aa0ba902b7")");
}

TEST_CASE("dialect: zap, development keys in JSON") {
  Parsed line(R"({"L":"WARN","T":"2026-01-02T03:04:05.678+0100","N":"n","C":"a.go:1","M":"m",)"
              R"("S":"stack"})");
  CHECK(line.time() == "2026-01-02T02:04:05.678Z");
  CHECK(line.json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"m","logger":"n",)"
        R"("caller":"a.go:1","error":{"stack":"stack"}})");
}

TEST_CASE("dialect: logrus") {
  Parsed line(R"({"file":"main.go:12","func":"main.main","level":"warning","msg":"slow",)"
              R"("time":"2026-01-02T04:04:05+01:00","fields.msg":"inner"})");
  CHECK(line.time() == "2026-01-02T03:04:05.000Z");
  CHECK(line.json() == R"({"level":"WARN","service_name":"unknown_service","message":"slow",)"
                       R"("caller":"main.go:12","context":{"func":"main.main",)"
                       R"("fields.msg":"inner","level_text":"warning"}})");
}

TEST_CASE("dialect: slog") {
  Parsed line(
      R"({"time":"2026-01-02T03:04:05.123456789Z","level":"INFO+2","source":)"
      R"({"function":"main.f","file":"/app/main.go","line":42},"msg":"m","k":"v","k":"w"})");
  CHECK(line.time() == "2026-01-02T03:04:05.123456789Z");
  CHECK(line->severity == 11);
  CHECK(line->marks.duplicate_keys == 1);
  CHECK(line.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"m",)"
        R"("caller":"/app/main.go:42","context":{"source":{"function":"main.f"},"k":"w",)"
        R"("level_text":"INFO+2"}})");
}

TEST_CASE("dialect: zerolog") {
  Parsed line(R"({"level":"info","service":"auth","error":"timeout","caller":"a/b.go:9",)"
              R"("time":1767323045,"message":"login failed","stack":[{"func":"f"}]})");
  CHECK(line.time() == "2026-01-02T03:04:05.000Z");
  CHECK(line.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"login failed",)"
        R"("caller":"a/b.go:9","error":{"kind":"timeout","message":"timeout"},"context":{)"
        R"("service":"auth",)"
        R"("stack":[{"func":"f"}]}})");
}

TEST_CASE("dialect: pino") {
  Parsed line(R"({"level":30,"time":1767323045678,"pid":12,"hostname":"box","name":"api",)"
              R"("reqId":"req-7","err":{"type":"TypeError","message":"x is not a function",)"
              R"("stack":"TypeError: x\n    at f","extra":1},"msg":"oops"})");
  CHECK(line.time() == "2026-01-02T03:04:05.678Z");
  CHECK(line->severity == 9);
  CHECK(line.json() ==
        R"({"level":"INFO","service_name":"unknown_service","request_id":"req-7",)"
        R"("message":"oops","logger":"api","error":{"kind":"app","type":"TypeError",)"
        R"("message":"x is not a function","stack":"TypeError: x\n    at f"},)"
        R"("context":{"pid":12,"hostname":"box","err":{"extra":1},"level_text":"30"}})");
}

TEST_CASE("dialect: bunyan") {
  Parsed line(R"({"name":"app","hostname":"h","pid":1,"level":50,"req_id":"9","err":)"
              R"({"message":"m1","name":"Error","stack":"s","code":"ENOENT"},"msg":"read failed",)"
              R"("time":"2026-01-02T03:04:05.678Z","v":0})");
  CHECK(
      line.json() ==
      R"({"level":"ERROR","service_name":"unknown_service","request_id":"9",)"
      R"("message":"read failed","logger":"app","error":{"kind":"fs","type":"Error",)"
      R"("code":"ENOENT",)"
      R"("message":"m1","stack":"s"},"context":{"hostname":"h","pid":1,"v":0,"level_text":"50"}})");
}

TEST_CASE("dialect: log4j2, JsonLayout") {
  Parsed line(
      R"({"instant":{"epochSecond":1767323045,"nanoOfSecond":678901234},"thread":"main",)"
      R"("level":"FATAL","loggerName":"com.shop.Pay","message":"dead","thrown":)"
      R"({"commonElementCount":0,"name":"java.io.IOException","message":"gone",)"
      R"("extendedStackTrace":"java.io.IOException: gone\n\tat a"},"endOfBatch":false,)"
      R"("contextMap":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","request_id":"r1","u":"v"},)"
      R"("threadId":1,"source":{"class":"C","method":"m","file":"C.java","line":5}})");
  CHECK(line.time() == "2026-01-02T03:04:05.678901234Z");
  CHECK(line.json() ==
        R"({"level":"FATAL","service_name":"unknown_service","request_id":"r1","message":"dead",)"
        R"("logger":"com.shop.Pay","thread":"main","caller":"C.java:5","error":)"
        R"({"kind":"app","type":"java.io.IOException","message":"gone",)"
        R"("stack":"java.io.IOException: gone\n\tat a"},"context":{"thrown":)"
        R"({"commonElementCount":0},"endOfBatch":false,"contextMap":)"
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","u":"v"},"threadId":1,)"
        R"("source":{"class":"C","method":"m"}}})");
  CHECK(line.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
}

TEST_CASE("dialect: ECS, dotted and nested") {
  constexpr auto expected =
      R"({"level":"WARN","service_name":"shop","message":"m","logger":"a.B","thread":"t-1",)"
      R"("error":{"kind":"app","type":"E","message":"e","stack":"s"},"context":{)"
      R"("ecs.version":"1.2.0"}})";
  Parsed dotted(
      R"({"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"WARN","message":"m",)"
      R"("ecs.version":"1.2.0","service.name":"shop","process.thread.name":"t-1",)"
      R"("log.logger":"a.B","error.type":"E","error.message":"e","error.stack_trace":"s"})");
  CHECK(dotted.time() == "2026-01-02T03:04:05.678Z");
  CHECK(dotted.json() == expected);
  Parsed nested(
      R"({"@timestamp":"2026-01-02T03:04:05.678Z","log":{"level":"WARN","logger":"a.B"},)"
      R"("message":"m","ecs.version":"1.2.0","service":{"name":"shop"},"process":)"
      R"({"thread":{"name":"t-1"}},"error":{"type":"E","message":"e","stack_trace":"s"}})");
  CHECK(nested.json() == expected);
  Parsed origin(
      R"({"log":{"origin":{"file":{"name":"A.java","line":7},"function":"f"}},)"
      R"("trace":{"id":"4bf92f3577b34da6a3ce929d0e0e4736"},"span":{"id":"00f067aa0ba902b7"},)"
      R"("message":"m"})");
  CHECK(origin->caller.bytes() == "A.java:7");
  CHECK(origin.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(origin.pointed(&TraceFields::span_id) == R"("00f067aa0ba902b7")");
}

TEST_CASE("dialect: Google Cloud") {
  Parsed line(
      R"({"severity":"NOTICE","timestampSeconds":1767323045,"timestampNanos":5000000,)"
      R"("message":"m","logging.googleapis.com/trace":"projects/p/traces/)"
      R"(4bf92f3577b34da6a3ce929d0e0e4736","logging.googleapis.com/spanId":"00f067aa0ba902b7",)"
      R"("logging.googleapis.com/trace_sampled":true,"logging.googleapis.com/labels":{"a":"b"}})");
  CHECK(line.time() == "2026-01-02T03:04:05.005000000Z");
  CHECK(line->severity == 10);
  CHECK(line.pointed(&TraceFields::trace_id) ==
        R"("projects/p/traces/4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(line.pointed(&TraceFields::span_id) == R"("00f067aa0ba902b7")");
  CHECK(line.pointed(&TraceFields::flags) == "true");
  Parsed nested(
      R"({"severity":"ERROR","timestamp":{"seconds":1767323045,"nanos":7},"message":"m"})");
  CHECK(nested.time() == "2026-01-02T03:04:05.000000007Z");
  CHECK(nested.json() == R"({"level":"ERROR","service_name":"unknown_service","message":"m"})");
}

TEST_CASE("dialect: logstash-logback-encoder") {
  Parsed line(R"({"@timestamp":"2026-01-02T04:04:05.678+01:00","@version":"1","message":"m",)"
              R"("logger_name":"c.A","thread_name":"main","level":"DEBUG","level_value":10000,)"
              R"("stack_trace":"s","tags":["t"]})");
  CHECK(line.time() == "2026-01-02T03:04:05.678Z");
  CHECK(line.json() ==
        R"({"level":"DEBUG","service_name":"unknown_service","message":"m","logger":"c.A",)"
        R"("thread":"main","error":{"stack":"s"},"context":{"@version":"1","level_value":10000,)"
        R"("tags":["t"]}})");
}

TEST_CASE("dialect: Serilog, compact") {
  Parsed line(R"({"@t":"2026-01-02T03:04:05.6789012Z","@mt":"Hello {Name}","@m":"Hello you",)"
              R"("@l":"Verbose","@x":"System.E: x","SourceContext":"A.B","Name":"you",)"
              R"("@tr":"4bf92f3577b34da6a3ce929d0e0e4736","@sp":"00f067aa0ba902b7"})");
  CHECK(line.time() == "2026-01-02T03:04:05.6789012Z");
  CHECK(line->severity == 1);
  CHECK(line.json() ==
        R"({"level":"DEBUG","service_name":"unknown_service","message":"Hello you",)"
        R"("logger":"A.B","error":{"kind":"app","type":"System.E","message":"x",)"
        R"("stack":"System.E: x"},"context":{"@mt":"Hello {Name}",)"
        R"("Name":"you","@tr":"4bf92f3577b34da6a3ce929d0e0e4736","@sp":"00f067aa0ba902b7",)"
        R"("level_text":"Verbose"}})");
  CHECK(line.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  // Information is what is meant when nothing is said.
  Parsed silent(R"({"@t":"2026-01-02T03:04:05Z","@mt":"m"})");
  CHECK(silent->level == waybill::Level::kInfo);
  CHECK(silent->severity == 9);
  CHECK(silent->level_said);
}

TEST_CASE("dialect: .NET console") {
  Parsed line(R"({"EventId":14,"LogLevel":"Critical","Category":"App.Web","Message":"down",)"
              R"("Timestamp":"2026-01-02T03:04:05.678Z","Exception":"E: x","State":{"a":1}})");
  CHECK(line.json() ==
        R"({"level":"FATAL","service_name":"unknown_service","message":"down","logger":"App.Web",)"
        R"("error":{"stack":"E: x"},"context":{"EventId":14,"State":{"a":1},)"
        R"("level_text":"Critical"}})");
}

TEST_CASE("dialect: GELF") {
  Parsed line(R"({"version":"1.1","host":"box","short_message":"s","full_message":"s\nmore",)"
              R"("timestamp":1767323045.678,"level":3,"_logger":"a.b","_user":7})");
  CHECK(line.time() == "2026-01-02T03:04:05.678Z");
  CHECK(line.json().find(R"("message":"s")") != std::string::npos);
  CHECK(line->logger.bytes() == "a.b");
  // Its keys say that the number is a syslog severity.
  CHECK(line->level == waybill::Level::kError);
  CHECK(line.json().find(R"("level_text":"3")") != std::string::npos);
}

TEST_CASE("dialect: GELF with a trace in its full message") {
  Parsed line(
      R"({"version":"1.1","host":"box","short_message":"it failed","level":3,"full_message":)"
      R"_("it failed\nshop.CartError: empty\n\tat shop.Cart.check(Cart.java:7)"})_");
  CHECK(line.json().find(
            R"("error":{"kind":"app","type":"shop.CartError","message":"empty",)"
            R"_("stack":"shop.CartError: empty\n\tat shop.Cart.check(Cart.java:7)"})_") !=
        std::string::npos);
}

TEST_CASE("dialect: Monolog") {
  Parsed line(
      R"({"message":"it failed","context":{"exception":{"class":"RuntimeException","message":)"
      R"("disk is gone","code":0,"file":"/app/a.php:7"},"order":17},"level":400,"level_name":)"
      R"("ERROR","channel":"shop","datetime":"2026-01-02T03:04:05.678901+00:00","extra":{}})");
  CHECK(line.time() == "2026-01-02T03:04:05.678901Z");
  CHECK(
      line.json() ==
      R"({"level":"ERROR","service_name":"unknown_service","message":"it failed","logger":"shop",)"
      R"("error":{"kind":"app","type":"RuntimeException","message":"disk is gone"},"context":{)"
      R"("exception":{"code":0,"file":"/app/a.php:7"},"order":17,"level":400,"extra":{}}})");
}

TEST_CASE("dialect: a day and an hour that stand apart") {
  Parsed line(R"({"date":"2026-01-02","time":"03:04:05.678","level":"info","msg":"m"})");
  CHECK(line.time() == "2026-01-02T03:04:05.678Z");
  CHECK(line.json() == R"({"level":"INFO","service_name":"unknown_service","message":"m"})");
  Parsed zoned("date=2026-01-02 time=03:04:05 tz=\"-0700\" level=alert msg=\"login failed\" id=7");
  CHECK(zoned.time() == "2026-01-02T10:04:05.000Z");
  CHECK(zoned.json().find("tz") == std::string::npos);
  Parsed whole(R"({"date":"2026-01-02 03:04:05","msg":"m"})");
  CHECK(whole.time() == "2026-01-02T03:04:05.000Z");
  Parsed midnight(R"({"date":"2026-01-02T00:00:00","time":"03:04:05","tz":".5","msg":"m"})");
  CHECK(midnight.time() == "2026-01-02T03:04:05.000Z");
  Parsed prose("2026-01-02 03:04:05 INFO sent date=2025-01-01T10:00:00Z");
  CHECK(prose.time() == "2026-01-02T03:04:05.000Z");
  CHECK(prose.json().find(R"("date":"2025-01-01T10:00:00Z")") != std::string::npos);
  Parsed object(R"(2026-01-02 03:04:05 INFO x {"date":"2025-01-01 10:00:00","a":1})");
  CHECK(object.time() == "2026-01-02T03:04:05.000Z");
  Parsed day(R"({"date":"2026-01-02","time":"2025-01-02T03:04:05Z","msg":"m"})");
  CHECK(day.time() == "2025-01-02T03:04:05.000Z");
  CHECK(day.json().find(R"("date":"2026-01-02")") != std::string::npos);
}

TEST_CASE("dialect: Rust tracing") {
  Parsed line(R"({"timestamp":"2026-01-02T03:04:05.678901Z","level":"ERROR","fields":{"message":)"
              R"("failed","error":"broken pipe","n":3},"target":"shop::pay","span":{"name":"s"},)"
              R"("spans":[{"name":"s"}]})");
  CHECK(line.json() == R"({"level":"ERROR","service_name":"unknown_service","message":"failed",)"
                       R"("logger":"shop::pay","error":{"kind":"network","message":"broken pipe"},)"
                       R"("context":{"fields":{"n":3},)"
                       R"("span":{"name":"s"},"spans":[{"name":"s"}]}})");
}

TEST_CASE("dialect: Python, three of them") {
  Parsed json_logger(R"({"asctime":"2026-01-02 03:04:05,678","levelname":"CRITICAL","name":"app",)"
                     R"("message":"m","exc_info":"Traceback"})");
  CHECK(json_logger.time() == "2026-01-02T03:04:05.678Z");
  CHECK(json_logger.json() ==
        R"({"level":"FATAL","service_name":"unknown_service","message":"m","logger":"app",)"
        R"("error":{"stack":"Traceback"},"context":{"level_text":"CRITICAL"}})");
  Parsed structlog(R"({"event":"user_logged_in","level":"info","timestamp":)"
                   R"("2026-01-02T03:04:05.678901Z","logger":"auth","exception":"Traceback"})");
  CHECK(structlog.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"user_logged_in",)"
        R"("logger":"auth","error":{"stack":"Traceback"}})");
  Parsed loguru(R"({"text":"t\n","record":{"level":{"name":"WARNING","no":30},"message":"m",)"
                R"("time":{"repr":"x","timestamp":1767323045.678901},"line":5}})");
  CHECK(loguru.time() == "2026-01-02T03:04:05.678901Z");
  CHECK(loguru.json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"m","context":{"text":"t\n",)"
        R"("record":{"level":{"no":30},"time":{"repr":"x"},"line":5},"level_text":"WARNING"}})");
}

TEST_CASE("dialect: journald and winston") {
  Parsed journal(R"({"__REALTIME_TIMESTAMP":"1767323045678901","PRIORITY":"4","MESSAGE":"m",)"
                 R"("SYSLOG_IDENTIFIER":"sshd","_PID":"7"})");
  CHECK(journal.time() == "2026-01-02T03:04:05.678901Z");
  CHECK(journal.json() ==
        R"({"level":"WARN","service_name":"unknown_service","message":"m","logger":"sshd",)"
        R"("context":{"_PID":"7","level_text":"4"}})");
  Parsed winston(
      R"({"level":"silly","message":"m","timestamp":"2026-01-02 03:04:05","stack":"s"})");
  CHECK(winston->severity == 1);
  CHECK(winston.json() == R"({"level":"DEBUG","service_name":"unknown_service","message":"m",)"
                          R"("error":{"stack":"s"},"context":{"level_text":"silly"}})");
}
