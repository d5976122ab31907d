// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/formats.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "parsers/formats/shapes.h"
#include "parsers/test_support.h"

using waybill::Level;
using waybill::parsers::TimeZone;
using waybill::parsers::formats::Match;
using waybill::parsers::formats::Pattern;
using waybill::parsers::formats::Subject;
using waybill::parsers::testing::kReadNs;
using waybill::parsers::testing::Parsed;

namespace {

struct Row {
  bool sample;
  std::string_view first;   // a format's name, or a line
  std::string_view second;  // its notation, or the record
};
constexpr Row kRows[] = {
#define FORMAT(name, notation) {false, name, notation},
#define SAMPLE(line, record) {true, line, record},
#include "parsers/formats/tables/all.inc"
#undef FORMAT
#undef SAMPLE
};

// What a line alone decides, but for its service.
std::string record_of(Parsed& parsed) {
  namespace part = waybill::part;
  uint32_t parts =
      part::kLevel | part::kIds | part::kMessage | part::kCode | part::kError | part::kContext;
  if (parsed->time_said) parts |= part::kTimestamp;
  return parsed.canonical_parts(parts);
}

std::string fault(std::string_view notation) {
  auto pattern = Pattern::compile(notation);
  return pattern ? "" : pattern.error().what;
}

}  // namespace

TEST_CASE("formats: every pattern compiles, has a sample, and every sample is of its format") {
  std::string name;
  bool sampled = true;
  for (const Row& row : kRows) {
    CAPTURE(row.first);
    if (!row.sample) {
      CHECK_MESSAGE(sampled, "a pattern of " << name << " without a sample");
      name = row.first;
      sampled = false;
      CHECK(fault(row.second).empty());
      continue;
    }
    sampled = true;
    Parsed parsed(row.first);
    CHECK(parsed->format == name);
    CHECK(record_of(parsed) == row.second);
    // By its name alone it is the same.
    Parsed named(row.first, {.format = name});
    CHECK(record_of(named) == row.second);
  }
  CHECK(sampled);
}

TEST_CASE("formats: what is nearly of a format, and is not") {
  for (std::string_view line : {
           "203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.1\"",
           "203.0.113.9 - - [02/Jan/2026] \"GET / HTTP/1.1\" 200 1",
           "203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.1\" 999 1",
           "I0132 03:04:05.678901 1 a.go:1] impossible day",
           "X0102 03:04:05.678901 1 a.go:1] no level",
           "2026-01-02 03:04:05 INFO [worker-1] cart.go:12 added",
           "2026-01-02 03:04:05 INFO db.local:5432 connected",
           "error: spec.items[3] must not be null",
           "2026-01-02 03:04:05 error: spec.items[3] must not be null",
           "Error: users.list[0] undefined",
           "info: spec.items[3] is null",
           "2026-01-02 03:04:05 users| 3",
           "2026-01-02 03:04:05 name| value| x",
           "worker [2026-01-02 03:04:05] jobs/42: done",
           "I0102 03:04:05.678901 1 a.go:1 no bracket",
           "type=USER_END msg=audit(12:42): not an epoch",
           "[2026-01-02 03:04:05] INFO done (all of it)",
           "error:",
           "::",
           "\"",
           "[",
       }) {
    CAPTURE(line);
    Parsed parsed(line);
    CHECK((parsed->format == "text" || parsed->format == "syslog"));
  }
}

TEST_CASE("formats: `parse.formats` may name some of them") {
  std::string_view glog = "I0102 03:04:05.678901 1 a.go:1] m";
  CHECK(Parsed(glog, {.formats = {"json", "glog"}})->format == "glog");
  CHECK(Parsed(glog, {.formats = {"redis", "access"}})->format == "none");
  CHECK(Parsed(glog, {.formats = {"formats"}})->format == "glog");
  CHECK(Parsed("WARNING:root:m", {.formats = {"glog", "python"}})->format == "python");
}

TEST_CASE("formats: bad UTF-8 in a line is replaced") {
  Parsed parsed("WARNING:root:caf\xE9");
  CHECK(parsed->format == "python");
  CHECK(parsed.message() == "caf\xEF\xBF\xBD");
  CHECK(parsed->marks.repaired);
}

TEST_CASE("pattern: faults in the notation are told") {
  CHECK(fault("%{time} %{message}").empty());
  CHECK(fault("no fields") == "a pattern needs at least one %{…}");
  CHECK(fault("%{time") == "'%{' without '}' at \"%{time\"");
  CHECK(fault("%{a:integer}") == "unknown type 'integer'");
  CHECK(fault("%{a}%{b}") == "nothing says where 'a' ends, before 'b'");
  std::string many;
  for (int i = 0; i < 30; ++i) many += "%{a:int} ";
  CHECK(fault(many) == "more than 21 fields");
}

TEST_CASE("pattern: times that few programs write") {
  TimeZone utc;
  auto read = [&](std::string_view text) {
    auto time = waybill::parsers::formats::stamp_time(text, utc, kReadNs);
    return time ? std::to_string(time->ns / 1'000'000) + "," + std::to_string(time->size) : "no";
  };
  CHECK(read("01-02|03:04:05.678] x") == "1767323045678,18");
  CHECK(read("20260102:030405.678 x") == "1767323045678,19");
  CHECK(read("1/2/26 3:04:05:678 UTC] x") == "1767323045678,22");
  CHECK(read("1/2/26, 4:04:05:678 CET] x") == "1767323045678,23");
  CHECK(read("01/02/2026, 3:04:05 PM   ERROR") == "1767366245000,22");
  CHECK(read("01/02/2026, 3:04:05\xE2\x80\xAFPM   ERROR") == "1767366245000,24");
  CHECK(read("02Jan2026 03:04:05.678] x") == "1767323045678,22");
  CHECK(read("02Jan2026 03:04:05.67") == "1767323045670,21");
  for (std::string_view none : {"", "01-02|", "13/32/2026, 3:04:05", "1/2/26", "1/2/26 3:04", "x",
                                "20261302:030405.678", "02Foo2026 03:04:05.678", "1/2/26 3:04:5"}) {
    CAPTURE(none);
    CHECK(read(none) == "no");
  }
}

TEST_CASE("pattern: types take what they say") {
  TimeZone utc;
  auto taken = [&](std::string_view notation, std::string_view line) {
    auto pattern = Pattern::compile(notation);
    REQUIRE(pattern.has_value());
    Subject subject{line, utc, kReadNs};
    Match match;
    if (!pattern->match(subject, match)) return std::string("no");
    std::string out;
    for (size_t i = 0; i < match.count; ++i) {
      out += std::string(match.captures[i].name) + "=" + std::string(match.captures[i].value) + ";";
    }
    return out;
  };
  CHECK(taken("%{a:int}", "007") == "a=007;");
  CHECK(taken("%{a:int}", "1.5") == "no");
  CHECK(taken("%{a:num}", "-1.5") == "a=-1.5;");
  CHECK(taken("%{a:num}", "1.") == "no");
  CHECK(taken("%{a:word}: %{b}", "a:b: c: d") == "a=a:b;b=c: d;");
  CHECK(taken("%{a}: %{b}", "a:b: c: d") == "a=a:b;b=c: d;");
  CHECK(taken("%{a:last} (%{b:class})", "a (b) c (d.E)") == "a=a (b) c;b=d.E;");
  CHECK(taken("%{a:opt} %{b:opt}", "- x") == "b=x;");
  CHECK(taken("\"%{a:quoted}\"", R"("a \"b\" c")") == R"(a=a \"b\" c;)");
  CHECK(taken("%{a:source}", "x/y.go:12") == "a=x/y.go:12;");
  CHECK(taken("%{a:source}", "x:12") == "no");
  CHECK(taken("%{a:class}", "a.b.c") == "a=a.b.c;");
  CHECK(taken("%{a:class}", "a.b") == "no");
  CHECK(taken("%{a:name}:%{b}", "root:slow: x") == "a=root;b=slow: x;");
  CHECK(taken("%{a:name} %{b}", "[main] x") == "no");
  CHECK(taken("%{a:peer}", "203.0.113.9:80") == "a=203.0.113.9;target_port=80;");
  CHECK(taken("%{client:peer}", "[2001:db8::9]:80") == "client=2001:db8::9;client_port=80;");
  CHECK(taken("%{a:peer}", "2001:db8::9") == "a=2001:db8::9;");
  CHECK(taken("[%{level}] %{a}", "[ INFO  ]  x ") == "a=x;");
  CHECK(taken("%{:request}\"", "GET /a b HTTP/1.1\"") ==
        "=GET /a b HTTP/1.1;method=GET;path=/a b;protocol=HTTP/1.1;");
  CHECK(taken("%{a:clients} %{b}", "10.0.0.2, 10.0.0.1 x") == "a=10.0.0.2;forwarded=10.0.0.1;b=x;");
  CHECK(taken("%{a:clients} %{b}", "10.0.0.2, x") == "a=10.0.0.2;forwarded=x;");
  CHECK(taken("%{a:address} %{b}", "localhost x") == "no");
  CHECK(taken("%{a:user} [%{b}]", "- [x]") == "b=x;");
  CHECK(taken("%{a:user} [%{b}]", "Ada King [x]") == "a=Ada King;b=x;");
  CHECK(taken("%{a:user} [%{b}]", "- - [x]") == "no");
  CHECK(taken("%{a:csv},%{b:csv},%{c:csv}", R"("a ""b""",,c)") == R"(a=a ""b"";c=c;)");
  CHECK(taken("%{a:csv},%{b:csv}", R"("a "")") == "no");
  CHECK(taken("[%{a:inside}/%{b:inside}]", "[a b/c]") == "a=a b;b=c;");
  CHECK(taken("[%{a:inside}/%{b:inside}]", "[a] b/c]") == "no");
  CHECK(taken("%{level:initial} %{b}", "D2 x") == "b=x;");
  CHECK(taken("%{level:initial} %{b}", "INFO x") == "no");
  CHECK(taken("%{a:program} %{b}", "INFO x") == "no");
  CHECK(taken("%{a:caps} %{b}", "- x") == "b=x;");
  CHECK(taken("%{a:caps} %{b}", "Repl x") == "no");
  CHECK(taken("%{a:dotted}: %{b}", "odoo: x") == "no");
  CHECK(taken("%{a:plain}", R"({"a":1})") == "no");
  CHECK(taken("%{a:hex} %{b}", "0000004A x") == "a=0000004A;b=x;");
  CHECK(taken("%{a:hex} %{b}", "0000004g x") == "no");
  CHECK(taken("%{a:title} in %{b}", "Not Found in x") == "a=Not Found;b=x;");
  CHECK(taken("%{a:title} in %{b}", "rows in x") == "no");
  CHECK(taken("%{a:warning}: %{b}", "ResourceWarning: x") == "a=ResourceWarning;b=x;");
  CHECK(taken("%{a:warning}: %{b}", "Resource: x") == "no");
  CHECK(taken("%{a:mosquitto}", "New client connected") == "a=New client connected;");
  CHECK(taken("%{a:mosquitto}", "New York") == "no");
  CHECK(taken("(%{:sssd}) %{a}", "(0x0040) x") == "a=x;");
  CHECK(taken("(%{:sssd}) %{a}", "(1x0040) x") == "no");
  CHECK(taken("%{:daymonth} %{a}", "02 Jan 03:04:05 x") == "a=x;");
  CHECK(taken("%{:daymonth} %{a}", "02/01/2026 03:04:05 x") == "no");
  CHECK(taken("(%{a:class})", "(org.foo.Bar:191)") == "line=191;a=org.foo.Bar;");
  CHECK(taken("%{m:postgres} %{b}", "[1] x@y LOG:  a LOG:  b") == "m=[1] x@y;b=a LOG:  b;");
}
