// SPDX-License-Identifier: Apache-2.0
// Lines of programs whose names for things are their own, and lines that only look like them.
#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using waybill::TraceFields;
using waybill::parsers::testing::Parsed;

namespace {

// Time, level, logger, thread, caller and message, "-" for what the line does not say; then the
// error, if it has one.
std::string said(std::string_view line) {
  Parsed parsed(line);
  auto part = [](std::string text) { return text.empty() ? "-" : text; };
  std::string all = part(parsed.time());
  all += " " + part(std::string(waybill::level_name(parsed->level)));
  all += " " + part(parsed.plain(parsed->logger));
  all += " " + part(parsed.plain(parsed->thread));
  all += " " + part(parsed.plain(parsed->caller));
  all += " " + part(parsed.message());
  if (parsed->error == nullptr) return all;
  return all + " | " + parsed.plain(parsed->error->type) + ": " +
         parsed.plain(parsed->error->message);
}

std::string context(std::string_view line) {
  return Parsed(line).canonical_parts(waybill::part::kContext);
}

struct Case {
  std::string_view line;
  std::string_view expected;
};

}  // namespace

TEST_CASE("programs: what they call time, level, logger, thread, caller and message") {
  const Case cases[] = {
      // hclog
      {R"({"@caller":"raft/log.go:88","@level":"warn","@message":"no peers","@module":)"
       R"("agent.raft","@timestamp":"2026-01-02T03:04:05.678901Z"})",
       "2026-01-02T03:04:05.678901Z WARN agent.raft - raft/log.go:88 no peers"},
      // python-json-logger, and all of a LogRecord
      {R"({"asctime":"2026-01-02 03:04:05,678","levelname":"WARNING","name":"shop.db",)"
       R"("message":"slow","filename":"db.py","lineno":9})",
       "2026-01-02T03:04:05.678Z WARN shop.db - db.py:9 slow"},
      {R"({"created":1767323045.678,"levelname":"ERROR","name":"shop","thread":140,)"
       R"("threadName":"MainThread","message":"down"})",
       "2026-01-02T03:04:05.678Z ERROR shop MainThread - down"},
      // loguru
      {R"({"text":"x\n","record":{"level":{"name":"ERROR","no":40},"message":"gone","name":)"
       R"("shop.db","thread":{"id":1,"name":"MainThread"},"file":{"name":"db.py"},"line":9,)"
       R"("exception":{"type":"OSError","value":"disk"},"time":{"timestamp":1767323045.678901}}})",
       "2026-01-02T03:04:05.678901Z ERROR shop.db MainThread db.py:9 gone | OSError: disk"},
      // Serilog's own, and NLog
      {R"({"Timestamp":"2026-01-02T04:04:05.678+01:00","Level":"Error","MessageTemplate":)"
       R"("Bye {User}","RenderedMessage":"Bye ada","Properties":{"SourceContext":"Shop.Cart"}})",
       "2026-01-02T03:04:05.678Z ERROR Shop.Cart - - Bye ada"},
      {R"({"Timestamp":"2026-01-02T03:04:05.678Z","Level":"Error","MessageTemplate":"Bye {User}"})",
       "2026-01-02T03:04:05.678Z ERROR - - - Bye {User}"},
      {R"({"Timestamp":"2026-01-02T03:04:05.678Z","Level":"Warn","Logger":"Shop.Cart",)"
       R"("Thread":"7","Message":"full"})",
       "2026-01-02T03:04:05.678Z WARN Shop.Cart 7 - full"},
      // logback
      {R"({"timestamp":1767323045678,"nanoseconds":678901234,"level":"WARN","threadName":"main",)"
       R"("loggerName":"shop.Cart","message":"{} left","arguments":["2"],"formattedMessage":)"
       R"("2 left","throwable":{"className":"shop.E","message":"why"}})",
       "2026-01-02T03:04:05.678901234Z WARN shop.Cart main - 2 left | shop.E: why"},
      // Monolog 1, in three kinds of zones
      {R"({"message":"m","level":300,"level_name":"WARNING","channel":"shop","datetime":{)"
       R"("date":"2026-01-02 03:04:05.678901","timezone_type":3,"timezone":"UTC"}})",
       "2026-01-02T03:04:05.678901Z WARN shop - - m"},
      {R"({"message":"m","level_name":"INFO","channel":"shop","datetime":{)"
       R"("date":"2026-07-02 03:04:05.678901","timezone_type":3,"timezone":"Europe/Berlin"}})",
       "2026-07-02T01:04:05.678901Z INFO shop - - m"},
      {R"({"message":"m","level_name":"INFO","channel":"shop","datetime":{)"
       R"("date":"2026-01-02 03:04:05.678901","timezone_type":1,"timezone":"-05:00"}})",
       "2026-01-02T08:04:05.678901Z INFO shop - - m"},
      // OpenTelemetry: OTLP, its consoles
      {R"({"timeUnixNano":"1767323045678901234","severityNumber":17,"severityText":"ERROR",)"
       R"("body":{"stringValue":"it broke"},"attributes":[]})",
       "2026-01-02T03:04:05.678901234Z ERROR - - - it broke"},
      {R"({"observedTimeUnixNano":"1767323045678901234","timeUnixNano":"0","severityNumber":9,)"
       R"("body":{"stringValue":"m"}})",
       "2026-01-02T03:04:05.678901234Z INFO - - - m"},
      {R"({"body":"it broke","severity_number":17,"severity_text":"ERROR","timestamp":)"
       R"("2026-01-02T03:04:05.678901Z","attributes":{"exception.type":"KeyError",)"
       R"("exception.message":"'a'"}})",
       "2026-01-02T03:04:05.678901Z ERROR - - - it broke | KeyError: 'a'"},
      // Google Cloud
      {R"({"insertId":"1a","textPayload":"out","timestamp":"2026-01-02T03:04:05Z",)"
       R"("severity":"WARNING","sourceLocation":{"file":"a.go","line":"7"}})",
       "2026-01-02T03:04:05.000Z WARN - - a.go:7 out"},
      {R"({"insertId":"1a","jsonPayload":{"message":"out","logger":"pay"},"severity":"ERROR"})",
       "- ERROR pay - - out"},
      {R"({"severity":"ERROR","message":"out","logging.googleapis.com/sourceLocation":)"
       R"({"file":"a.go","line":"7","function":"f"},"_thread":"main"})",
       "- ERROR - main a.go:7 out"},
      // Logstash, Elasticsearch 7, Azure, VictoriaLogs
      {R"({"level":"INFO","loggerName":"logstash.agent","timeMillis":1767323045678,)"
       R"("thread":"Api","logEvent":{"message":"started","port":9600}})",
       "2026-01-02T03:04:05.678Z INFO logstash.agent Api - started"},
      {R"({"type":"server","timestamp":"2026-01-02T03:04:05,678Z","level":"WARN","component":)"
       R"("o.e.c.Service","cluster.name":"c","node.name":"n","message":"slow"})",
       "2026-01-02T03:04:05.678Z WARN o.e.c.Service - - slow"},
      {R"({"time":"2026-01-02T03:04:05.678Z","level":"Informational","category":"Console",)"
       R"("resultDescription":"up"})",
       "2026-01-02T03:04:05.678Z INFO - - - up"},
      {R"({"_time":"2026-01-02T03:04:05.678Z","_msg":"up","level":"info"})",
       "2026-01-02T03:04:05.678Z INFO - - - up"},
      // Servers
      {R"({"t":{"$date":"2026-01-02T03:04:05.678+00:00"},"s":"D2","c":"REPL","id":7,"ctx":)"
       R"("conn7","msg":"beat"})",
       "2026-01-02T03:04:05.678Z DEBUG - conn7 - beat"},
      {R"({"timestamp":"2026-01-02 03:04:05.678 UTC","pid":7,"error_severity":"FATAL",)"
       R"("message":"no role"})",
       "2026-01-02T03:04:05.678Z FATAL - - - no role"},
      {R"({"prio":1,"err_code":3581,"subsystem":"Server","SQL_state":"HY000","msg":"old",)"
       R"("time":"2026-01-02T03:04:05.678901Z","label":"Warning"})",
       "2026-01-02T03:04:05.678901Z WARN Server - - old"},
      {R"({"start_time":"2026-01-02T03:04:05.678Z","method":"GET","response_code":503})",
       "2026-01-02T03:04:05.678Z - - - - -"},
      {R"({"started_at":1767323045678,"latencies":{"request":7},"client_ip":"192.0.2.1"})",
       "2026-01-02T03:04:05.678Z - - - - -"},
      {R"({"time_local":"02/Jan/2026:04:04:05 +0100","request":"GET / HTTP/1.1","status":"200"})",
       "2026-01-02T03:04:05.000Z - - - - -"},
      {R"({"msec":"1767323045.678","uri":"/"})", "2026-01-02T03:04:05.678Z - - - - -"},
      {R"({"kind":"Event","level":"Metadata","requestReceivedTimestamp":)"
       R"("2026-01-02T03:04:05.100000Z","stageTimestamp":"2026-01-02T03:04:05.200000Z"})",
       "2026-01-02T03:04:05.200000Z - - - - -"},
      {R"({"published":"2026-01-02T03:04:05.678Z","severity":"WARN","displayMessage":"Log in"})",
       "2026-01-02T03:04:05.678Z WARN - - - Log in"},
      {R"({"output":"03:04:05 Shell","priority":"Warning","rule":"Shell","time":)"
       R"("2026-01-02T03:04:05.678901234Z","output_fields":{"proc.name":"sh"}})",
       "2026-01-02T03:04:05.678901234Z WARN - - - 03:04:05 Shell"},
      {R"({"date_time":"1767323045.678901","level":"Error","logger_name":"Merge","query_id":"",)"
       R"("message":"m","source_file":"Merge.cpp","source_line":"7"})",
       "2026-01-02T03:04:05.678901Z ERROR Merge - Merge.cpp:7 m"},
      {R"({"start_time":1767323045678,"response":{"status":200},"apisix_latency":1.2})",
       "2026-01-02T03:04:05.678Z - - - - -"},
      {R"({"time":"[02/Jan/2026:03:04:05 +0000]","method":"GET","status":200})",
       "2026-01-02T03:04:05.000Z - - - - -"},
      {R"({"reason":"BackOff","message":"m","firstTimestamp":"2026-01-01T03:04:05Z",)"
       R"("lastTimestamp":"2026-01-02T03:04:05Z","type":"Warning","involvedObject":{}})",
       "2026-01-02T03:04:05.000Z WARN - - - m"},
      // Collectors
      {R"({"type":"LOG","log":{"level":"INFO","message":"m"}})", "- INFO - - - m"},
      {R"({"date":1767323045.678901,"log":"line","stream":"stdout"})",
       "2026-01-02T03:04:05.678901Z - - - - line"},
      // Java
      {R"({"timestamp":"2026-01-02T03:04:05.678Z","loggerName":"shop.Pay","level":"ERROR",)"
       R"("message":"m","threadName":"main","sourceFileName":"Pay.java","sourceLineNumber":7,)"
       R"("exception":{"refId":1,"exceptionType":"java.io.IOException","message":"gone"}})",
       "2026-01-02T03:04:05.678Z ERROR shop.Pay main Pay.java:7 m | java.io.IOException: gone"},
      {R"({"version":"1.1","short_message":"m","timestamp":1767323045.678,"level":3,"host":"h",)"
       R"("_process_thread_name":"main","_log_logger":"a.B","_error_type":"a.E",)"
       R"("_error_message":"gone"})",
       "2026-01-02T03:04:05.678Z ERROR a.B main - m | a.E: gone"},
      {R"({"Timestamp":"2026-01-02T03:04:05.678Z","Level":"INFO","LoggerName":"a.B","ThreadName":)"
       R"("main","LogMessage":"up"})",
       "2026-01-02T03:04:05.678Z INFO a.B main - up"},
      {R"({"type":"liberty_message","message":"up","ibm_threadId":"01","ibm_datetime":)"
       R"("2026-01-02T03:04:05.678+0000","module":"a.B","loglevel":"INFO"})",
       "2026-01-02T03:04:05.678Z INFO a.B 01 - up"},
      // Go
      {R"({"time":"2026-01-02T03:04:05.678Z","level":"INFO","source":"main.go:627","msg":"up"})",
       "2026-01-02T03:04:05.678Z INFO - - main.go:627 up"},
      {R"({"level":"info","msg":"up","logging-call-at":"a/b.go:7"})", "- INFO - - a/b.go:7 up"},
      {R"({"Time":"2026-01-02T03:04:05.678Z","Level":"warn","Msg":"up","caller":{"file":"a.go",)"
       R"("line":7}})",
       "2026-01-02T03:04:05.678Z WARN - - a.go:7 up"},
      // Ruby, Elixir, Haskell, Rust, Node.js
      {R"({"timestamp":"2026-01-02T03:04:05.678901Z","level":"error","level_index":4,"thread":)"
       R"("puma 1","name":"Orders","message":"m","exception":{"name":"RuntimeError",)"
       R"("message":"gone","stack_trace":["a.rb:1"]}})",
       "2026-01-02T03:04:05.678901Z ERROR Orders puma 1 - m | RuntimeError: gone"},
      {R"({"message":"m","syslog":{"severity":"error","timestamp":"2026-01-02T03:04:05.678Z"},)"
       R"("logger":{"thread_name":"#PID<0.7.0>","file_name":"a.ex","line":7}})",
       "2026-01-02T03:04:05.678Z ERROR - #PID<0.7.0> a.ex:7 m"},
      {R"({"at":"2026-01-02T03:04:05.678901Z","sev":"Error","msg":"m","thread":"7","loc":)"
       R"({"loc_fn":"src/A.hs","loc_ln":7}})",
       "2026-01-02T03:04:05.678901Z ERROR - 7 src/A.hs:7 m"},
      {R"({"timestamp":"2026-01-02T03:04:05.678901Z","level":"WARN","fields":{"message":"m"},)"
       R"("target":"app","filename":"src/main.rs","line_number":7,"threadName":"main"})",
       "2026-01-02T03:04:05.678901Z WARN app main src/main.rs:7 m"},
      {R"({"level":"info","time":"2026-01-02T03:04:05.678Z","pid":1,"hostname":"h","name":"pay",)"
       R"("msg":"m"})",
       "2026-01-02T03:04:05.678Z INFO pay - - m"},
      {R"({"name":"pay","hostname":"h","pid":1,"level":30,"msg":"m","src":{"file":"/a.js",)"
       R"("line":7},"v":0})",
       "- INFO pay - /a.js:7 m"},
      {R"({"context":{"logLevel":40,"package":"x"},"message":"m","time":1767323045678})",
       "2026-01-02T03:04:05.678Z WARN - - - m"},
      {R"({"0":"m","_meta":{"date":"2026-01-02T03:04:05.678Z","logLevelName":"WARN",)"
       R"("name":"pay"}})",
       "2026-01-02T03:04:05.678Z WARN pay - - m"},
      {R"({"startTime":"2026-01-02T03:04:05.678Z","categoryName":"pay","level":{"level":20000,)"
       R"("levelStr":"INFO"},"data":["m"]})",
       "2026-01-02T03:04:05.678Z INFO pay - - -"},
      {R"({"severity":"INFO","progname":"web","message":"m"})", "- INFO web - - m"},
      {R"({"level":"ERROR","message":"m","exception.class":"KeyError","exception.message":"a"})",
       "- ERROR - - - m | KeyError: a"},
      {R"({"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","message":{"errorType":)"
       R"("TypeError","errorMessage":"no cart","stackTrace":["a"]}})",
       "2026-01-02T03:04:05.678Z ERROR - - - - | TypeError: no cart"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    CHECK(said(each.line) == each.expected);
  }
}

TEST_CASE("programs: the same names in the lines of others are their own fields") {
  const Case cases[] = {
      {R"({"level":"info","msg":"m","name":"ada","channel":"mail","component":"cart",)"
       R"("created":"2025-01-02T03:04:05Z","start_time":"2025-01-02T03:04:05Z","ctx":"a"})",
       "- INFO - - - m"},
      {R"({"level":"info","msg":"m","published":"2025-01-02T03:04:05Z","priority":"error",)"
       R"("at":1767323045,"output":"x","label":"error","subsystem":"a"})",
       "- INFO - - - m"},
      {R"({"level":"info","url":"/pay","body":"{\"amount\":7}"})", "- INFO - - - -"},
      {R"({"level":"info","msg":"no such zone","record":{"name":"www","line":7},"filename":)"
       R"("zone.txt","lineno":7,"file":"zone.txt:7"})",
       "- INFO - - - no such zone"},
      {R"({"level":"info","msg":"m","func":"main.f","file":"main.go"})", "- INFO - - - m"},
      {R"({"level":"info","msg":"m","source":"box.example:443","type":"error"})", "- INFO - - - m"},
      {R"({"msg":"m","type":"error","0":"x","module":"a","startTime":1767323045678})",
       "- - - - - m"},
      {"started with log_level=debug, sev=error",
       "- INFO - - - started with log_level=debug, sev=error"},
      {R"({"level":"info","msg":"m","funcName":"f","name":"ada","source_file":"a.csv",)"
       R"("source_line":7})",
       "- INFO - - - m"},
      // A zone that is none, and nanoseconds that are a duration.
      {R"({"level_name":"INFO","message":"m","datetime":{"date":"2026-01-02 03:04:05",)"
       R"("timezone_type":3,"timezone":"Mars/Olympus"}})",
       "2026-01-02T03:04:05.000Z INFO - - - m"},
      {R"({"level":"info","msg":"m","time":1767323045,"nanoseconds":120000})",
       "2026-01-02T03:04:05.000Z INFO - - - m"},
      {R"({"level":"info","formattedMessage":"m","time":1767323045678,"nanoseconds":120000})",
       "2026-01-02T03:04:05.678Z INFO - - - m"},
      {R"({"date":20260102,"level":"info","msg":"m"})", "- INFO - - - m"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    CHECK(said(each.line) == each.expected);
  }
}

TEST_CASE("programs: a level that stands where others have something else stays there, too") {
  const Case cases[] = {
      // Datadog
      {R"({"date":"2026-01-02T03:04:05.678Z","status":"warn","message":"m","ddsource":"nodejs"})",
       "2026-01-02T03:04:05.678Z WARN - - - m"},
      {R"({"message":"m","status":"Error","timestamp":1767323045678,"logger":{"name":"a.B",)"
       R"("thread_name":"main"}})",
       "2026-01-02T03:04:05.678Z ERROR a.B main - m"},
      {R"({"time":"2026-01-02T03:04:05Z","msg":"m","level":"info","status":"error"})",
       "2026-01-02T03:04:05.000Z INFO - - - m"},
      {R"({"time":"2026-01-02T03:04:05Z","msg":"m","status":200})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      {R"({"time":"2026-01-02T03:04:05Z","msg":"m","status":"50"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      {R"({"time":"2026-01-02T03:04:05Z","msg":"m","status":"failed"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      {R"({"time":"2026-01-02T03:04:05Z","msg":"m","status":"fine"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      {R"({"id":7,"status":"error","total":3})", "- - - - - -"},  // no line of a log
      // Kibana 7
      {R"({"type":"log","@timestamp":"2026-01-02T03:04:05Z","tags":["plugin","warning"],)"
       R"("pid":7,"message":"m"})",
       "2026-01-02T03:04:05.000Z WARN - - - m"},
      {R"({"@timestamp":"2026-01-02T03:04:05Z","tags":["error"],"message":"m"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      {R"({"type":"ops","@timestamp":"2026-01-02T03:04:05Z","tags":[],"pid":7,"message":"m"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      {R"({"type":"order","tags":["critical","gift"],"message":"m","pid":3})", "- - - - - m"},
      // Names of single programs in the lines of others.
      {R"({"message":"seat taken","s":"D2"})", "- - - - - seat taken"},
      {R"({"message":"m","EventTime":"2027-01-01T00:00:00Z"})", "- - - - - m"},
      {R"({"message":"m","date_time":"2027-01-01T00:00:00Z"})", "- - - - - m"},
      {R"({"EventTime":"2026-01-02T03:04:05Z","Message":"m","SourceModuleName":"in"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
      // Nextcloud
      {R"({"reqId":"9w","level":3,"time":"2026-01-02T03:04:05Z","remoteAddr":"192.0.2.1",)"
       R"("user":"--","app":"core","message":"m"})",
       "2026-01-02T03:04:05.000Z ERROR - - - m"},
      {R"({"reqId":"9w","level":3,"time":"2026-01-02T03:04:05Z","app":"core","message":"m"})",
       "2026-01-02T03:04:05.000Z - - - - m"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    CHECK(said(each.line) == each.expected);
  }
  CHECK(context(cases[0].line) == R"({"context":{"status":"warn","ddsource":"nodejs"}})");
}

TEST_CASE("programs: what is lifted is gone from where it stood") {
  CHECK(context(R"({"level_name":"INFO","message":"m","channel":"shop","datetime":{"date":)"
                R"("2026-01-02 03:04:05","timezone_type":3,"timezone":"UTC"}})") ==
        R"({"context":{"datetime":{"timezone_type":3}}})");
  CHECK(context(R"({"severity_text":"INFO","body":"m"})") == "{}");
  CHECK(context(R"({"level":"INFO","func":"f","file":"a.go:7","msg":"m"})") ==
        R"({"context":{"func":"f"}})");
  // More of such names than wait: the rest stays.
  std::string line = R"({"levelname":"INFO")";
  for (int i = 0; i < 20; ++i) line += R"(,"at":"x","ctx":"y","channel":"z")";
  CHECK(said(line + R"(,"message":"m"})") == "- INFO - - - m");
}

TEST_CASE("programs: ids in a map of the logger's") {
  constexpr std::string_view kTrace = R"("4bf92f3577b34da6a3ce929d0e0e4736")";
  constexpr std::string_view kSpan = R"("00f067aa0ba902b7")";
  auto line = [&](std::string_view map, std::string_view trace, std::string_view span) {
    return R"({"level":"INFO","message":"m",")" + std::string(map) + R"(":{")" +
           std::string(trace) + R"(":)" + std::string(kTrace) + R"(,")" + std::string(span) +
           R"(":)" + std::string(kSpan) + R"(,"sampled":"true"}})";
  };
  Parsed quarkus(line("mdc", "traceId", "spanId"));
  CHECK(quarkus.pointed(&TraceFields::trace_id) == kTrace);
  CHECK(quarkus.pointed(&TraceFields::span_id) == kSpan);
  CHECK(quarkus.pointed(&TraceFields::flags) == R"("true")");
  Parsed log4j(line("contextMap", "traceId", "spanId"));
  CHECK(log4j.pointed(&TraceFields::trace_id) == kTrace);
  CHECK(log4j.pointed(&TraceFields::span_id) == kSpan);
  Parsed serilog(line("Properties", "TraceId", "SpanId"));
  CHECK(serilog.pointed(&TraceFields::trace_id) == kTrace);
  CHECK(serilog.pointed(&TraceFields::span_id) == kSpan);
}

TEST_CASE("programs: OpenTelemetry's ids and service") {
  Parsed line(
      R"({"severity_text":"INFO","body":"m","trace_id":"0x4bf92f3577b34da6a3ce929d0e0e4736",)"
      R"("resource":{"attributes":{"service.name":"shop"}}})");
  CHECK(line.pointed(&TraceFields::trace_id) == R"("0x4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(line->service_name.bytes() == "shop");
}
