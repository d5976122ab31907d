// SPDX-License-Identifier: Apache-2.0
#include "parsers/event_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "parsers/multiline/rules.h"
#include "parsers/test_reading.h"

using namespace waybill;
using parsers::EventReader;
using parsers::testing::Reading;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("event reader: a trace within one read is one record") {
  Reading reading;
  reading.read(
      "hello\nTraceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'\nbye\n",
      reading.source());
  CHECK(reading.messages ==
        Texts{"hello", "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'",
              "bye"});
  CHECK(reading.counts == std::vector<uint32_t>{1, 3, 1});
  CHECK_FALSE(reading.keeps());
}

TEST_CASE("event reader: a trace over several reads is one record, and keeps their tickets") {
  Reading reading;
  auto source = reading.source();
  TicketRef first = reading.read("java.lang.IllegalStateException: x\n", source);
  CHECK(reading.messages.empty());
  CHECK(reading.keeps());
  CHECK(first.use_count() > 1);
  TicketRef second = reading.read("\tat a.B.c(B.java:1)\n", source);
  CHECK(reading.messages.empty());
  reading.read("\tat a.B.d(B.java:2)\nbye\n", source);
  CHECK(reading.messages ==
        Texts{"java.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)",
              "bye"});
  CHECK(first.use_count() == 1);
  CHECK(second.use_count() == 1);
}

TEST_CASE("event reader: what has a form of its own is no part of the timed line above") {
  Reading reading;
  auto source = reading.source();
  std::string timed;
  for (int i = 0; i < 20; ++i) timed += "2026-01-02 03:04:05,678 INFO [main] shop.Cart - step\n";
  reading.read(timed, source);
  reading.read(
      "[pid: 71|app: 0|req: 1/2] 203.0.113.9 () {40 vars in 512 bytes} [Fri Jan  2 03:04:05 2026] "
      "GET /cart => generated 12 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 79 bytes (1 switches "
      "on core 0)\n",
      source);
  reading.read("2026-01-02 03:04:06,678 INFO [main] shop.Cart - step\nand another\n", source);
  reading.flush();
  REQUIRE(reading.messages.size() == 22);
  CHECK(reading.messages[19] == "step");
  CHECK(reading.messages[20] == "GET /cart");
  CHECK(reading.messages[21] == "step\nand another");
}

TEST_CASE("event reader: a crash is no part of a timed line that speaks of no trouble") {
  std::string timed;
  for (int i = 0; i < 14; ++i) timed += "2026-01-02 03:04:05,678 INFO [main] shop.Cart - step\n";
  for (std::string crash :
       {"Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'",
        "TypeError: no cart\n    at check (/app/cart.js:7:11)",
        "PrismaError: \nInvalid call:\nError in it\n    at f (/app/x.js:1:2)",
        "java.lang.OutOfMemoryError: Java heap space"}) {
    CAPTURE(crash);
    Reading calm;
    calm.read(timed + crash + "\n" + timed, calm.source());
    calm.flush();
    REQUIRE(calm.messages.size() == 29);
    CHECK(calm.messages[13] == "step");
    CHECK(calm.messages[14] == crash);
    // It is below an error.
    Reading bad;
    std::string error = "2026-01-02 03:04:05,678 ERROR [main] shop.Cart - failed\n";
    bad.read(timed + error + crash + "\n" + timed, bad.source());
    bad.flush();
    REQUIRE(bad.messages.size() == 29);
    CHECK(bad.messages[14] == "failed\n" + crash);
  }
  // Other lines are, and such a class without frames is as any other.
  Reading plain;
  plain.read(timed + "select 1\nTypeError: said\nfrom cart\n", plain.source());
  plain.flush();
  CHECK(plain.messages.back() == "step\nselect 1\nTypeError: said\nfrom cart");
}

TEST_CASE("event reader: zap's object above its stack is no part of the message") {
  for (std::string front :
       {"2026-01-02T03:04:05Z\tERROR\t", "1.7673230451234567e+09\tERROR\tcart/x.go:7\t"}) {
    CAPTURE(front);
    Reading reading;
    reading.read(front +
                     "it broke\t{\"cart\": 7, \"error\": \"\\\"x\\\" not found\"}\n"
                     "shop.example/cart.(*Cart).add\n\t/go/cart.go:324\n",
                 reading.source());
    reading.flush();
    REQUIRE(reading.json.size() == 1);
    CHECK(reading.messages[0] == "it broke\nshop.example/cart.(*Cart).add\n\t/go/cart.go:324");
    CHECK(reading.json[0].find(R"("context":{"cart": 7})") != std::string::npos);
  }
  // What is no object stays.
  Reading plain;
  plain.read("2026-01-02T03:04:05Z\tERROR\tit broke\t{no}\nmain.main\n\t/go/a.go:3\n",
             plain.source());
  plain.flush();
  CHECK(plain.messages == Texts{"it broke\t{no}\nmain.main\n\t/go/a.go:3"});
}

TEST_CASE("event reader: a message of several lines, above its exception's frames") {
  std::string trace =
      "shop.db.QueryException: it failed [SQL: select a\nfrom cart\n  where b=?;\n] ---> "
      "shop.IoException: gone\n   at shop.Cart.Check() in Cart.cs:line 7\n";
  Reading reading;
  reading.read("up\n" + trace + "bye\n", reading.source());
  CHECK(reading.messages == Texts{"up", trace.substr(0, trace.size() - 1), "bye"});
  // Within envelopes, with others between.
  Reading cri;
  std::string lines;
  for (std::string line : {"F a.BError: x\n", "F of two\n", "F \tat a.B.c(B.java:1)\n"}) {
    lines += "2026-01-02T03:04:05Z stderr " + line + "2026-01-02T03:04:05Z stdout F tick\n";
  }
  cri.read(lines, cri.source("/var/log/x"));
  cri.flush();
  CHECK(cri.messages == Texts{"tick", "tick", "tick", "a.BError: x\nof two\n\tat a.B.c(B.java:1)"});
  // Without frames, or with those of another one, lines are records of their own.
  for (std::string text : {"a.b.ConnectException: refused\nretrying\nbye\n",
                           "a.b.ConnectException: refused\n2026-01-02 03:04:05 INFO up\nbye\n"}) {
    Reading plain;
    plain.read(text, plain.source());
    plain.flush();
    CHECK(plain.messages.size() == 3);
  }
  Reading two;
  two.read(
      "a.b.ConnectException: refused\nretrying\na.b.TimeException: late\n\tat a.B.c(B.java:1)\n",
      two.source());
  two.flush();
  CHECK(two.messages == Texts{"a.b.ConnectException: refused", "retrying",
                              "a.b.TimeException: late\n\tat a.B.c(B.java:1)"});
}

TEST_CASE("event reader: what nothing follows comes when its time is over") {
  Reading reading;
  TicketRef ticket = reading.read("2026-01-02T03:04:05Z ERROR broken\n", reading.source());
  CHECK(reading.messages.empty());
  CHECK(ticket.use_count() == 2);
  reading.flush();
  CHECK(reading.messages == Texts{"broken"});
  CHECK(reading.lines == Texts{"2026-01-02T03:04:05Z ERROR broken"});
  CHECK(ticket.use_count() == 1);
  CHECK_FALSE(reading.keeps());
}

TEST_CASE("event reader: lines that are records by themselves never wait") {
  Reading reading;
  reading.read(
      "{\"level\":\"error\",\"msg\":\"x\"}\nlevel=error msg=y\n"
      "2026-01-02T03:04:05Z INFO z\nplain\n",
      reading.source());
  CHECK(reading.messages.size() == 4);
  CHECK_FALSE(reading.keeps());
}

TEST_CASE("event reader: a runtime's pieces are put together, each stream by itself") {
  Reading reading;
  auto source = reading.source("/var/log/pods/x.log");
  reading.read(
      "2026-01-02T03:04:05.1Z stdout P {\"msg\":\"one \n"
      "2026-01-02T03:04:05.2Z stderr F other\n"
      "2026-01-02T03:04:05.3Z stdout P and \n",
      source);
  CHECK(reading.messages == Texts{"other"});
  reading.read("2026-01-02T03:04:05.4Z stdout F two\"}\n", source);
  CHECK(reading.messages == Texts{"other", "one and two"});
  CHECK(reading.counts.back() == 3);
  CHECK_FALSE(reading.keeps());
  // Docker's pieces have no line end.
  reading.read(R"({"log":"a ","stream":"stdout","time":"2026-01-02T03:04:05Z"})"
               "\n"
               R"({"log":"b\n","stream":"stdout","time":"2026-01-02T03:04:05Z"})"
               "\n",
               source);
  CHECK(reading.messages.back() == "a b");
}

TEST_CASE("event reader: pieces that come to more than a line may have are cut, and counted") {
  Reading reading({.max_line = 20});
  std::string piece(15, 'x');
  reading.read("2026-01-02T03:04:05.1Z stdout P " + piece + "\n2026-01-02T03:04:05.1Z stdout P " +
                   piece + "\n2026-01-02T03:04:05.1Z stdout F " + piece + "\n",
               reading.source());
  reading.flush();
  CHECK(reading.messages == Texts{std::string(20, 'x')});
  auto discarded = reading.reader().take_discarded();
  CHECK(discarded.lines == 1);
  CHECK(discarded.bytes == 25);
}

TEST_CASE("event reader: a trace in a container's lines, and in a log of JSON lines") {
  Reading reading;
  auto source = reading.source();
  reading.read(
      "2026-01-02T03:04:05.1Z stderr F shop.CartError: empty\n"
      "2026-01-02T03:04:05.1Z stdout F between\n"
      "2026-01-02T03:04:05.1Z stderr F \tat shop.Cart.check(Cart.java:7)\n",
      source);
  reading.flush();
  CHECK(reading.messages ==
        Texts{"between", "shop.CartError: empty\n\tat shop.Cart.check(Cart.java:7)"});
  reading.messages.clear();
  auto line = [](const std::string& app, const std::string& message) {
    return R"({"time":"2026-01-02T03:04:05Z","app":")" + app + R"(","msg":")" + message + "\"}\n";
  };
  reading.read(line("shop", "shop.CartError: empty") +
                   line("shop", "\\tat shop.Cart.a(Cart.java:7)") +
                   line("till", "\\tat till.Till.a(Till.java:7)") +
                   line("shop", "\\tat shop.Cart.b(Cart.java:9)"),
               source);
  reading.flush();
  // A line that says something else besides is no part of another one.
  CHECK(reading.messages ==
        Texts{"shop.CartError: empty\n\tat shop.Cart.a(Cart.java:7)\n\tat shop.Cart.b(Cart.java:9)",
              "\tat till.Till.a(Till.java:7)"});
}

TEST_CASE("event reader: a container's lines with nothing inside are empty") {
  const std::string front = "2026-01-02T03:04:05.678901234Z stdout F ";
  std::string lines;
  for (std::string_view inside : {"", "2026-01-02 03:04:05.678 ERROR 1 --- [main] c.e.App : failed",
                                  "", "java.lang.IllegalStateException: x", "\tat a.B.c(B.java:1)",
                                  "", "2026-01-02 03:04:05.679  INFO 1 --- [main] c.e.App : up"}) {
    lines += front + std::string(inside) + "\n";
  }
  Reading cri;
  cri.read(lines, cri.source("/var/log/x"));
  cri.flush();
  CHECK(cri.messages ==
        Texts{"failed\n\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)", "up"});
  CHECK(cri.counts == std::vector<uint32_t>{3, 1});
  CHECK(cri.lines[0].find(front + "\n" + front + "java") != std::string::npos);
  CHECK(cri.reader().take_discarded().empty == 3);
  // Wherever the reads begin; and Docker's.
  Reading docker;
  auto source = docker.source("/var/log/y");
  for (std::string_view inside : {"PrismaError: ", "Invalid call:", "", "", "no server", "",
                                  "    at f (/app/x.js:1:2)", "", "up"}) {
    docker.read("{\"log\":\"" + std::string(inside) +
                    "\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}\n",
                source);
  }
  docker.flush();
  CHECK(docker.reader().take_discarded().empty == 4);
  CHECK(docker.messages.size() == 5);  // they come too late for a message of several lines
  CHECK(docker.messages.back() == "up");
  // Nothing inside ends a line that had been split.
  Reading pieces;
  pieces.read("2026-01-02T03:04:05Z stdout P one\n2026-01-02T03:04:05Z stdout F \n",
              pieces.source("/var/log/z"));
  pieces.flush();
  CHECK(pieces.messages == Texts{"one"});
  CHECK(pieces.reader().take_discarded().empty == 0);
  // In syslog's it is a message.
  Reading syslog;
  syslog.read("Jan  2 03:04:05 web app[71]:  \n", syslog.source("/var/log/s"));
  syslog.flush();
  CHECK(syslog.messages.size() == 1);
}

TEST_CASE("event reader: lines of several processes in one syslog file are kept apart") {
  Reading reading;
  reading.read(
      "Jan  2 03:04:05 box shop[7]: shop.CartError: empty\n"
      "Jan  2 03:04:05 box till[8]: till.Error: open\n"
      "Jan  2 03:04:05 box shop[7]: \tat shop.Cart.check(Cart.java:7)\n"
      "Jan  2 03:04:05 box till[8]: \tat till.Till.open(Till.java:7)\n",
      reading.source("/var/log/syslog"));
  reading.flush();
  CHECK(reading.messages == Texts{"shop.CartError: empty\n\tat shop.Cart.check(Cart.java:7)",
                                  "till.Error: open\n\tat till.Till.open(Till.java:7)"});
}

TEST_CASE("event reader: JSON over several lines, and several objects on one") {
  Reading reading;
  auto source = reading.source();
  reading.read("{\n  \"msg\": \"pretty\",\n  \"n\": {\n    \"a\": 1\n", source);
  CHECK(reading.messages.empty());
  reading.read("  }\n}\n{\"msg\":\"a\"}{\"msg\":\"b\"} {\"msg\":\"c\"}\n{ no json\n  at all }\n",
               source);
  reading.flush();
  CHECK(reading.messages == Texts{"pretty", "a", "b", "c", "{ no json", "  at all }"});
  CHECK(reading.json[0] == R"({"message":"pretty","context":{"n": {     "a": 1   }}})");
}

TEST_CASE("event reader: an event is never larger than its bounds") {
  Reading reading({.max_lines = 3});
  std::string text = "shop.CartError: empty\n";
  for (int i = 0; i < 7; ++i) text += "\tat shop.Cart.check(Cart.java:7)\n";
  reading.read(text, reading.source());
  reading.flush();
  CHECK(reading.counts == std::vector<uint32_t>{3, 3, 2});
}

TEST_CASE("event reader: line ends and empty lines of Windows") {
  Reading reading;
  reading.read("panic: boom\r\n\r\ngoroutine 1 [running]:\r\nmain.main()\r\nbye\r\n",
               reading.source());
  CHECK(reading.messages == Texts{"panic: boom\n\ngoroutine 1 [running]:\nmain.main()", "bye"});
}

TEST_CASE("event reader: off means a line, a record") {
  Reading reading({.automatic = false});
  reading.read("Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'\n",
               reading.source());
  CHECK(reading.messages.size() == 3);
  CHECK_FALSE(reading.keeps());
}

TEST_CASE("event reader: rules of one's own, and no other") {
  auto rules = parsers::multiline::Rules::compile({{"^order ", ""}, {"^BEGIN", "^[.]"}});
  REQUIRE(rules.has_value());
  Reading reading({.automatic = false, .rules = *rules});
  auto from = reading.source();
  reading.read("alone\norder 1\n{\"item\":1}\nlast\norder 2\nBEGIN\n.a\nb\n\tc\norder 3\n", from);
  CHECK(reading.messages ==
        Texts{"alone", "order 1\n{\"item\":1}\nlast", "order 2", "BEGIN\n.a", "b", "\tc"});
  CHECK(reading.keeps());
  reading.read("of it\norder 4\n", from);
  CHECK(reading.messages.back() == "order 3\nof it");
  reading.flush();
  CHECK(reading.messages.back() == "order 4");
}

TEST_CASE("event reader: rules of one's own come first, then what is automatic") {
  auto rules = parsers::multiline::Rules::compile({{"", "^[+] "}});
  REQUIRE(rules.has_value());
  Reading reading({.rules = *rules});
  reading.read(
      "{\"msg\":\"a\"}\n+ b\n"
      "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'\n+ c\nd\n",
      reading.source());
  reading.flush();
  REQUIRE(reading.messages.size() == 3);
  CHECK(reading.messages[0] == "{\"msg\":\"a\"}\n+ b");
  CHECK(reading.messages[1] ==
        "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'\n+ c");
  CHECK(reading.messages[2] == "d");
}

TEST_CASE("event reader: frames that are JSON objects, in whatever reads they come") {
  const std::vector<std::string> trace = {
      R"_({"level":"error","msg":"a.b.BadException: gone"})_",
      R"_({"level":"error","msg":"\tat a.b.C.d(C.java:1)"})_",
      R"_({"level":"error","msg":"Caused by: a.b.E: x"})_",
      R"_({"level":"error","msg":"\t... 3 more"})_",
  };
  const std::string whole =
      "a.b.BadException: gone\n\tat a.b.C.d(C.java:1)\nCaused by: a.b.E: x\n\t... 3 more";
  for (unsigned cuts = 0; cuts < 8; ++cuts) {
    for (const std::string front : {"", "2026-01-02T03:04:05.678Z stdout F "}) {
      CAPTURE(cuts);
      CAPTURE(front);
      Reading reading;
      auto source = reading.source("x.log");
      std::string text = front + R"({"level":"info","msg":"before"})" + "\n";
      for (size_t i = 0; i < trace.size(); ++i) {
        text += front + trace[i] + "\n";
        if ((cuts >> i & 1) == 0) continue;
        reading.read(text, source);
        text.clear();
      }
      reading.read(text, source);
      CHECK(reading.keeps());
      reading.read(front + R"({"level":"error","msg":"after"})" + "\n", source);
      CHECK(!reading.keeps());
      CHECK(reading.messages == std::vector<std::string>{"before", whole, "after"});
      CHECK(reading.counts == std::vector<uint32_t>{1, 4, 1});
    }
  }
}

TEST_CASE("event reader: what JSON objects are kept for, and for how long") {
  Reading reading;
  auto source = reading.source();
  const std::string error = R"({"level":"error","msg":"Error: it failed"})";
  const std::string frame = R"_({"level":"error","msg":"\tat a.b.C.d(C.java:1)"})_";
  // The usual error is not waited with, until its stream has had frames.
  reading.read(error + "\n", source);
  CHECK(!reading.keeps());
  reading.read(frame + "\n", source);
  CHECK(reading.keeps());
  TicketRef ticket = reading.read(error + "\n", source);
  CHECK(reading.keeps());
  CHECK(reading.messages == std::vector<std::string>{"Error: it failed", "\tat a.b.C.d(C.java:1)"});
  CHECK(ticket.use_count() > 1);
  reading.flush();
  CHECK(!reading.keeps());
  CHECK(ticket.use_count() == 1);
  CHECK(reading.messages.back() == "Error: it failed");
}

TEST_CASE("event reader: the lines of a dead letter are one event again") {
  const std::pair<std::string, std::string> cases[] = {
      {"hello\nworld", "hello\nworld"},
      {"2026-01-02T03:04:05.1Z stdout P one \n2026-01-02T03:04:05.1Z stdout F two", "one two"},
      {R"({"level":"error","msg":"shop.CartError: x"})"
       "\n"
       R"_({"level":"error","msg":"\tat shop.Cart.a(Cart.java:7)"})_",
       "shop.CartError: x\n\tat shop.Cart.a(Cart.java:7)"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    ByteBudget budget(1 << 20);
    EventReader reader({}, {"auto"}, budget);
    Batch batch(budget);
    batch.reset(text.size());
    batch.sources.push_back(std::make_shared<Source>());
    std::memcpy(batch.room().data(), text.data(), text.size());
    batch.commit(text.size());
    batch.records.emplace_back().line = {batch.bytes(), text.size()};
    reader.read_event(batch);
    Buffer out;
    append_characters(out, batch.records.front().message);
    CHECK(out.view() == message);
  }
}
