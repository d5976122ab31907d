// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/pretty.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "core/json_walker.h"

namespace waybill::outputs::console {
namespace {

struct Fixture {
  ByteBudget budget{1 << 20};
  Batch batch{budget};
  Record record;
  ErrorInfo error;
  Identity identity;
  std::string line;

  Fixture() {
    setenv("TZ", "UTC", 1);
    tzset();
    record.time_ns = record.read_ns = 1'700'000'000'123'456'789;  // 2023-11-14T22:13:20
    record.level = Level::kInfo;
    record.message = raw("hello");
    identity.service_name = "checkout";
  }
  static Text raw(std::string_view text) { return Text(text, TextForm::kRaw); }
  void field(std::string_view key, std::string_view value, JsonType type = JsonType::kString) {
    Field one;
    one.key = raw(key);
    one.value = raw(value);
    one.type = type;
    batch.fields.push_back(one);
    record.field_count = static_cast<uint32_t>(batch.fields.size());
  }
  void json(std::string text) {
    line = std::move(text) + std::string(kPadding, ' ');
    JsonWalker walker;
    uint32_t duplicates = 0;
    std::string_view view(line.data(), line.size() - kPadding);
    REQUIRE(walker.walk(view, batch.tokens, duplicates) == WalkOutcome::kObject);
    record.json = line.data();
    record.token_count = static_cast<uint32_t>(batch.tokens.size());
  }
  std::string show(bool colours = false) {
    Buffer out;
    Pretty(colours).append(out, batch, record, identity);
    return std::string(out.view());
  }
};

TEST_CASE_FIXTURE(Fixture, "pretty: time, level, service, message") {
  CHECK(show() == "22:13:20.123 INFO  checkout  hello\n");
  record.level = Level::kNone;
  CHECK(show() == "22:13:20.123       checkout  hello\n");
  identity.service_name = "unknown_service";
  record.level = Level::kError;
  CHECK(show() == "22:13:20.123 ERROR hello\n");
}

TEST_CASE_FIXTURE(Fixture, "pretty: a line of another day says which") {
  record.time_ns -= 86'400'000'000'000;
  CHECK(show() == "2023-11-13 22:13:20.123 INFO  checkout  hello\n");
  record.time_ns = -1;  // before 1970, and still a time
  CHECK(show() == "1969-12-31 23:59:59.999 INFO  checkout  hello\n");
}

TEST_CASE_FIXTURE(Fixture, "pretty: local time") {
  setenv("TZ", "XYZ-2", 1);
  tzset();
  CHECK(show().rfind("2023-11-15", 0) == std::string::npos);
  CHECK(show().rfind("00:13:20.123", 0) == 0);
  setenv("TZ", "UTC", 1);
  tzset();
}

TEST_CASE_FIXTURE(Fixture, "pretty: fields of a text line, quoted where they would run together") {
  field("order", "17", JsonType::kNumber);
  field("user", "Ann Lee");
  field("plain", "x");
  field("empty", "");
  field("quote", "say \"hi\"");
  CHECK(show() ==
        "22:13:20.123 INFO  checkout  hello  order=17  user=\"Ann Lee\"  plain=x  "
        "empty=\"\"  quote=\"say \\\"hi\\\"\"\n");
}

TEST_CASE_FIXTURE(Fixture, "pretty: fields of a JSON line, decoded, containers as JSON") {
  json(R"({"a":"tab\there","b":{"c":[1,true]},"k\u00e9y":null,"n":1.50})");
  CHECK(show() ==
        "22:13:20.123 INFO  checkout  hello  a=\"tab\\there\"  b={\"c\":[1,true]}  "
        "kéy=null  n=1.50\n");
}

TEST_CASE_FIXTURE(Fixture, "pretty: error, request and trace") {
  error.type = raw("PaymentError");
  error.message = raw("card declined");
  error.stack = raw("at charge (pay.js:10)\n\tat main\n");
  record.error = &error;
  record.logger = raw("pay");
  record.request_id = raw("r-1");
  record.trace_id = raw("4bf92f3577b34da6a3ce929d0e0e4736");
  record.trace_origin = TraceOrigin::kInherited;
  CHECK(show() ==
        "22:13:20.123 INFO  checkout  hello  PaymentError: card declined  logger=pay  "
        "req=r-1  trace=4bf92f35 (inherited)\n"
        "    at charge (pay.js:10)\n"
        "        at main\n");
  record.message = raw("card declined");
  CHECK(show().find("card declined  PaymentError  logger") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "pretty: further lines of a message stand below it, indented") {
  record.message = raw("first\r\nsecond\n\nfourth\n\n");
  field("k", "v");
  CHECK(show() == "22:13:20.123 INFO  checkout  first  k=v\n    second\n    \n    fourth\n");
}

TEST_CASE_FIXTURE(Fixture, "pretty: a trace that the message holds stands there once") {
  record.message = raw("it failed\nshop.CartError: empty\n\tat shop.Cart.check(Cart.java:7)");
  error.type = raw("shop.CartError");
  error.message = raw("empty");
  error.stack = raw("shop.CartError: empty\n\tat shop.Cart.check(Cart.java:7)");
  error.kind = raw("app");
  record.error = &error;
  std::string shown = show();
  CHECK(shown.find("it failed  kind=app\n") != std::string::npos);
  CHECK(shown.find("shop.CartError: empty") == shown.rfind("shop.CartError: empty"));
  CHECK(shown.find("Cart.java:7") == shown.rfind("Cart.java:7"));
}

TEST_CASE_FIXTURE(Fixture, "pretty: nothing of the line reaches the terminal as a command") {
  const char* evil = "\x1b]0;owned\x07\u009b2J\u2028\x7f";
  json("{\"\\u001b[2J\":\"\\u001b[2J\\r\\n\",\"nested\":{\"x\":\"\u009b\"}}");
  record.message = raw(evil);
  record.service_name = raw(evil);
  record.logger = record.thread = record.caller = raw(evil);
  record.request_id = record.correlation_id = record.tenant_id = raw(evil);
  record.trace_id = raw(evil);
  error.type = error.message = error.code = error.kind = raw(evil);
  error.stack = raw(std::string_view("one\x1b[31m\rtwo\ntwo\x08"));
  record.error = &error;
  std::string text = show();
  for (char c : text) {
    bool harmless = c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    CHECK(harmless);
  }
  CHECK(text.find("\u009b") == std::string::npos);
  CHECK(text.find("\u2028") == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);  // ours: the record's, two of the stack
}

TEST_CASE_FIXTURE(Fixture, "pretty: colours are balanced, and the same trace has the same one") {
  record.trace_id = raw("4bf92f3577b34da6a3ce929d0e0e4736");
  field("k", "v");
  std::string text = show(true);
  CHECK(text.find("\x1b[32mINFO\x1b[0m") != std::string::npos);
  size_t trace = text.find("4bf92f35");
  REQUIRE(trace != std::string::npos);
  std::string colour = text.substr(text.rfind("\x1b[38;5;", trace), 10);
  record.message = raw("another line");
  CHECK(show(true).find(colour) != std::string::npos);
  size_t on = 0, off = 0;
  for (size_t at = 0; (at = text.find("\x1b[", at)) != std::string::npos; ++at) {
    (text.compare(at, 4, "\x1b[0m") == 0 ? off : on)++;
  }
  CHECK(on == off);
  CHECK(show(false).find('\x1b') == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "pretty: messages of several services stand in a column") {
  Pretty pretty(false);
  Buffer out;
  identity.service_name = "checkout";
  pretty.append(out, batch, record, identity);
  record.service_name = raw("db");
  pretty.append(out, batch, record, identity);
  CHECK(out.view() == "22:13:20.123 INFO  checkout  hello\n22:13:20.123 INFO  db        hello\n");
}

TEST_CASE_FIXTURE(Fixture, "pretty: a line that was cut says so") {
  record.marks.truncated_bytes = 1234;
  CHECK(show().find("hello … (1234 bytes cut)") != std::string::npos);
}

}  // namespace
}  // namespace waybill::outputs::console
