// SPDX-License-Identifier: Apache-2.0
#include "lineage/propagation.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace waybill;
using namespace waybill::lineage;

namespace {

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kSpan = "00f067aa0ba902b7";
constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string trace(std::string_view text, bool decimal = false) {
  auto id = normalise_trace_id(text, decimal);
  return id ? std::string(view(*id)) : "none";
}
std::string span(std::string_view text, bool decimal = false) {
  auto id = normalise_span_id(text, decimal);
  return id ? std::string(view(*id)) : "none";
}

// trace/span/parent/flags, "-" for what is absent; "none" when it breaks its rules.
std::string shown(const std::optional<TraceContext>& context) {
  if (!context) return "none";
  auto digits = [](const auto& id) { return id ? std::string(view(*id)) : std::string("-"); };
  return digits(context->trace_id) + "/" + digits(context->span_id) + "/" +
         digits(context->parent_span_id) + "/" +
         (context->flags < 0 ? "-" : std::to_string(context->flags));
}

}  // namespace

TEST_CASE("traceparent: accepted") {
  for (std::string_view text :
       {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "  00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\t",
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future",
        "cc-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01-",
        "01-00000000000000000000000000000001-0000000000000001-00",
        "fe-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff"}) {
    CAPTURE(text);
    CHECK(parse_traceparent(text).has_value());
  }
  auto parsed = parse_traceparent(kParent);
  REQUIRE(parsed.has_value());
  CHECK(parsed->trace_id == kTrace);
  CHECK(parsed->span_id == kSpan);
  CHECK(parsed->flags == 1);
  // All flags of the version that we know, the sampled bit of any other.
  CHECK(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")->flags == 3);
  CHECK(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")->flags ==
        0xFF);
  CHECK(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")->flags == 1);
  CHECK(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")->flags == 0);
}

TEST_CASE("traceparent: refused") {
  for (std::string_view text :
       {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "CC-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future",
        "cc-12345678901234567890123456789012-1234567890123456-011",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "",
        " ",
        "-"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_traceparent(text).has_value());
  }
}

TEST_CASE("trace ids: forms in which logs have them") {
  CHECK(trace(kTrace) == kTrace);
  CHECK(trace("4BF92F3577B34DA6A3CE929D0E0E4736") == kTrace);
  CHECK(trace(" 4bf92f3577b34da6a3ce929d0e0e4736 ") == kTrace);
  CHECK(trace("4bf92f35-77b3-4da6-a3ce-929d0e0e4736") == kTrace);
  CHECK(trace("48485a3953bb6124") == "000000000000000048485a3953bb6124");
  CHECK(trace("1234567890123456") == "00000000000000001234567890123456");  // hex, not decimal
  CHECK(trace("0x4bf92f3577b34da6a3ce929d0e0e4736") == kTrace);
  CHECK(span("0x00f067aa0ba902b7") == kSpan);
  CHECK(trace("0x00000000000000000000000000000000") == "none");
  CHECK(says_no_id("0x0000000000000000"));
  CHECK(trace("projects/p-1/traces/4bf92f3577b34da6a3ce929d0e0e4736") == kTrace);
  CHECK(trace("t/a3ce929d0e0e4736") == std::string(16, '0') + "a3ce929d0e0e4736");
  CHECK(trace("5208512171318403364", true) == "000000000000000048485a3953bb6124");
  CHECK(trace("18446744073709551615", true) == "0000000000000000ffffffffffffffff");
  for (std::string_view bad :
       {"", "0", "null", "none", "00000000000000000000000000000000", "0000000000000000",
        "4bf92f3577b34da6a3ce929d0e0e473", "4bf92f3577b34da6a3ce929d0e0e47366",
        "4bf92f3577b34da6a3ce929d0e0e473g", "48485a3953bb612", "abc123",
        "4bf92f357-7b3-4da6-a3ce-929d0e0e4736", "5208512171318403364",
        "00000000-0000-0000-0000-000000000000", "projects/p/traces/"}) {
    CAPTURE(bad);
    CHECK(trace(bad) == "none");
  }
  for (std::string_view bad : {"", "0", "-1", "1.5", "18446744073709551616", "48485a39", "1 2"}) {
    CAPTURE(bad);
    CHECK(trace(bad, true) == "none");
    CHECK(span(bad, true) == "none");
  }
  CHECK(span(kSpan) == kSpan);
  CHECK(span("00F067AA0BA902B7") == kSpan);
  CHECK(span("74", true) == "000000000000004a");
  for (std::string_view bad : {"", "0", "0000000000000000", "00f067aa0ba902b", "00f067aa0ba902b7a",
                               "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902bg"}) {
    CAPTURE(bad);
    CHECK(span(bad) == "none");
  }
}

TEST_CASE("tracestate: sound ones") {
  std::string most, key(256, 'k'), value(256, 'v');
  for (int i = 0; i < 32; ++i) most += "k" + std::to_string(i) + "=v,";
  for (const std::string& text :
       {std::string("foo=1"), std::string("foo=1,bar=2"), std::string("foo=1 , ,bar=2,"),
        std::string("\tfoo=1\t,\tbar=2 "), std::string("t@v=1"), std::string("0a_-*/@b=x"),
        std::string("foo= leading"), std::string("foo=1,foo=2"), key + "=1", "a=" + value, most}) {
    CAPTURE(text);
    CHECK(is_tracestate(text));
  }
}

TEST_CASE("tracestate: broken ones") {
  std::string many, long_key(257, 'k'), long_value(257, 'v');
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
  for (const std::string& text :
       {std::string(), std::string(","), std::string(" "), std::string("foo"), std::string("foo="),
        std::string("=1"), std::string("@v=1"), std::string("_a=1"), std::string("Foo=1"),
        std::string("foo =1"), std::string("foo.bar=1"), std::string("foo=bar=baz"),
        std::string("foo=1;bar=2,="), std::string("foo=1,bar"), std::string("foo=\x1b[31m"),
        std::string("foo=\xc3\xa4"), long_key + "=1", "a=" + long_value, many}) {
    CAPTURE(text);
    CHECK_FALSE(is_tracestate(text));
  }
  // Nothing of what is too long is read.
  CHECK_FALSE(is_tracestate("a=1," + std::string(64 * 1024, ' ')));
  CHECK_FALSE(is_tracestate("a=" + std::string(64 * 1024, 'x')));
}

TEST_CASE("tracestate: its end in text") {
  auto prefix = [](std::string_view text) { return text.substr(0, tracestate_prefix(text)); };
  CHECK(prefix("foo=1,bar=2 and more") == "foo=1,bar=2 and more");  // blanks are part of values
  CHECK(prefix("foo=1, then text") == "foo=1");
  CHECK(prefix("foo=1\tnext") == "foo=1");
  CHECK(prefix("none") == "");
}

TEST_CASE("baggage: members") {
  Arena arena;
  auto member = [&](std::string_view baggage, std::string_view name) {
    return std::string(baggage_member(baggage, name, arena).value_or("none"));
  };
  CHECK(member("tenant_id=acme", "tenant_id") == "acme");
  CHECK(member("a=1, tenant_id = acme ;ttl=3;x , b=2", "tenant_id") == "acme");
  CHECK(member("tenant_id=a%20b%C3%A4", "tenant_id") == "a b\xc3\xa4");
  CHECK(member("tenant_id=a=b", "tenant_id") == "a=b");
  CHECK(member("xtenant_id=1,tenant_idx=2", "tenant_id") == "none");
  CHECK(member("tenant_id=", "tenant_id") == "none");
  CHECK(member("tenant_id", "tenant_id") == "none");
  CHECK(member("tenant_id=%4", "tenant_id") == "none");
  CHECK(member("tenant_id=%zz", "tenant_id") == "none");
  CHECK(member("", "tenant_id") == "none");
}

TEST_CASE("B3 in one header") {
  const std::string t = "80f198ee56343ba864fe8b2a57d3eff7", s = "e457b5a2e4d86bd1",
                    p = "05e3ac9a4f6e3b90";
  CHECK(shown(parse_b3(t + "-" + s + "-1-" + p)) == t + "/" + s + "/" + p + "/1");
  CHECK(shown(parse_b3(t + "-" + s + "-0")) == t + "/" + s + "/-/0");
  CHECK(shown(parse_b3(t + "-" + s + "-d")) == t + "/" + s + "/-/1");
  CHECK(shown(parse_b3(" " + t + "-" + s + " ")) == t + "/" + s + "/-/-");
  CHECK(shown(parse_b3(t + "-" + s + "-" + p)) == t + "/" + s + "/" + p + "/-");
  CHECK(shown(parse_b3(s + "-" + s)) == "0000000000000000" + s + "/" + s + "/-/-");
  CHECK(shown(parse_b3("0")) == "-/-/-/0");
  CHECK(shown(parse_b3("1")) == "-/-/-/1");
  CHECK(shown(parse_b3("d")) == "-/-/-/1");
  for (const std::string& bad :
       {std::string(), std::string("2"), t, t + "-", t + "-" + s + "-", t + "-" + s + "-2",
        t + "-" + s + "-1-", t + "-" + s + "-1-" + p + "-", t + "-" + s + "-11-" + p,
        t + "-" + s + "-1-" + p + "0", t + "0-" + s, t + "-" + s + "0-1", t.substr(1) + "-" + s,
        std::string("80F198ee56343ba864fe8b2a57d3eff7-") + s, t + "-E457b5a2e4d86bd1-1",
        std::string(32, '0') + "-" + s, t + "-" + std::string(16, '0'),
        std::string("80f198ee-5634-3ba8-64fe-8b2a57d3eff7")}) {
    CAPTURE(bad);
    CHECK(shown(parse_b3(bad)) == "none");
  }
}

TEST_CASE("B3 in several headers") {
  const std::string t = "80f198ee56343ba864fe8b2a57d3eff7", s = "e457b5a2e4d86bd1";
  CHECK(shown(parse_b3_headers({t, s, {}, "1", {}})) == t + "/" + s + "/-/1");
  CHECK(shown(parse_b3_headers({t, s, {}, "true", {}})) == t + "/" + s + "/-/1");
  CHECK(shown(parse_b3_headers({t, s, s, "0", "1"})) == t + "/" + s + "/" + s + "/1");
  CHECK(shown(parse_b3_headers({s, s, {}, {}, {}})) == "0000000000000000" + s + "/" + s + "/-/-");
  CHECK(shown(parse_b3_headers({t, {}, {}, "1", {}})) == "none");
  CHECK(shown(parse_b3_headers({t, s, {}, "10", {}})) == "none");
  CHECK(shown(parse_b3_headers({t, s, "x", {}, {}})) == "none");
  CHECK(shown(parse_b3_headers({"80F198EE56343BA864FE8B2A57D3EFF7", s, {}, {}, {}})) == "none");
}

TEST_CASE("Jaeger's header") {
  const std::string zeros(30, '0');
  CHECK(shown(parse_jaeger("3a:4b:0:1")) == zeros + "3a/000000000000004b/-/1");
  CHECK(shown(parse_jaeger("3a%3A4b%3a0%3A0")) == zeros + "3a/000000000000004b/-/0");
  CHECK(shown(parse_jaeger("3A:4B:9:2")) == zeros + "3a/000000000000004b/-/1");
  for (std::string_view bad :
       {"", "3a", "3a:4b:0", "3a:4b:0:1:2", "0:4b:0:1", "3a:0:0:1", "x:4b:0:1",
        "3a:4b:0:", "3a:4b:0:100", "3a:4b:0:x", "::0:1", "123456789012345678901234567890123:4b:0:1",
        "3a:12345678901234567:0:1"}) {
    CAPTURE(bad);
    CHECK(shown(parse_jaeger(bad)) == "none");
  }
}

TEST_CASE("gRPC's binary header") {
  for (std::string_view text :
       {"AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE=", "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE",
        "AABL-S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE"}) {
    CAPTURE(text);
    auto context = parse_grpc_trace(text);
    REQUIRE(context);
    CHECK(view(*context->trace_id) == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(view(*context->span_id) == "00f067aa0ba902b7");
    CHECK(context->flags == 1);
  }
  auto alone = parse_grpc_trace("AABL+S81d7NNpqPOkp0ODkc2");
  REQUIRE(alone);
  CHECK_FALSE(alone->span_id);
  CHECK(alone->flags == -1);
  for (std::string_view text :
       {"", "=", "A", "AA", "AAAA", "AQBL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE=",
        "AAFL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE=", "AABL+S81d7NNpqPOkp0ODkc",
        "AAAAAAAAAAAAAAAAAAAAAAAA", "AABL+S81d7NNpqPOkp0ODkc2AQAAAAAAAAAAAgE=",
        "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE!", "4bf92f3577b34da6a3ce929d0e0e4736"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_grpc_trace(text));
  }
  CHECK_FALSE(parse_grpc_trace(std::string(100'000, 'A')));
}

TEST_CASE("a traceparent that was printed as base64") {
  Arena arena;
  const std::string text =
      "MDAtNGJmOTJmMzU3N2IzNGRhNmEzY2U5MjlkMGUwZTQ3MzYtMDBmMDY3YWEwYmE5MDJiNy0wMQ==";
  constexpr std::string_view plain = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(unwrapped_traceparent(text, arena) == plain);
  CHECK(unwrapped_traceparent(text.substr(0, 74), arena) == plain);
  for (const std::string& other : {std::string(), std::string(plain), text.substr(0, 73),
                                   text + "=", "NDAt" + text.substr(4), text.substr(0, 73) + "!"}) {
    CAPTURE(other);
    CHECK_FALSE(unwrapped_traceparent(other, arena));
  }
}

TEST_CASE("X-Ray's header") {
  const std::string t = "67891233abcdef012345678912345678", s = "463ac35c9f6413ad";
  CHECK(shown(parse_xray("Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;"
                         "Sampled=1")) == t + "/" + s + "/-/1");
  CHECK(shown(parse_xray("Sampled=0; Parent=463ac35c9f6413ad ;Self=x; "
                         "Root=1-67891233-abcdef012345678912345678;Lineage=a:1|b")) ==
        t + "/" + s + "/-/0");
  CHECK(shown(parse_xray("Root=1-67891233-abcdef012345678912345678")) == t + "/-/-/-");
  CHECK(shown(parse_xray("Root=1-67891233-abcdef012345678912345678;Sampled=?")) == t + "/-/-/-");
  CHECK(shown(parse_xray("Root=1-123-abcdef012345678912345678")) ==
        "00000123abcdef012345678912345678/-/-/-");
  for (std::string_view bad :
       {"", "Root=", "Root=2-67891233-abcdef012345678912345678", "Parent=463ac35c9f6413ad",
        "Root=1-67891233-abcdef01234567891234567", "Root=1-67891233-abcdef0123456789123456789",
        "Root=1--abcdef012345678912345678", "Root=1-678912334-abcdef012345678912345678",
        "Root=1-67891233-abcdef01234567891234567g", "Root=1-00000000-000000000000000000000000",
        "Root=1-67891233-abcdef012345678912345678;Parent=46", "Root=1-"}) {
    CAPTURE(bad);
    CHECK(shown(parse_xray(bad)) == "none");
  }
}

TEST_CASE("Google Cloud's header") {
  const std::string t = "105445aa7843bc8bf206b12000100000";
  CHECK(shown(parse_google(t + "/74;o=1")) == t + "/000000000000004a/-/1");
  CHECK(shown(parse_google(t + "/74;o=0")) == t + "/000000000000004a/-/0");
  CHECK(shown(parse_google(t)) == t + "/-/-/-");
  CHECK(shown(parse_google(t + "/;o=")) == t + "/-/-/-");
  CHECK(shown(parse_google(t + ";o=1")) == t + "/-/-/1");
  CHECK(shown(parse_google(t + "/0;o=1")) == t + "/-/-/1");
  CHECK(shown(parse_google("105445AA7843BC8BF206B12000100000/1")) == t + "/0000000000000001/-/-");
  for (const std::string& bad : {std::string(), t + "/x", t + "/-1", t.substr(1), t + "0",
                                 std::string(32, '0'), t + "/18446744073709551616"}) {
    CAPTURE(bad);
    CHECK(shown(parse_google(bad)) == "none");
  }
}

TEST_CASE("Datadog's headers") {
  const std::string zeros(16, '0');
  CHECK(shown(parse_datadog({"5208512171318403364", "74", "1", {}})) ==
        zeros + "48485a3953bb6124/000000000000004a/-/1");
  CHECK(shown(parse_datadog(
            {"5208512171318403364", {}, "-1", "_dd.p.dm=-1,_dd.p.tid=66f8e1a200000000"})) ==
        "66f8e1a20000000048485a3953bb6124/-/-/0");
  CHECK(shown(parse_datadog({"0", "74", {}, {}})) == "none");
  CHECK(shown(parse_datadog({"48485a3953bb6124", {}, {}, {}})) == "none");
}

TEST_CASE("ids that say that there is none") {
  for (std::string_view none : {"", "0", "-", "null", "None", " ", "0000000000000000", "N/A"}) {
    CAPTURE(none);
    CHECK(says_no_id(none));
  }
  CHECK_FALSE(says_no_id("abc"));
  CHECK_FALSE(says_no_id("1"));
}
