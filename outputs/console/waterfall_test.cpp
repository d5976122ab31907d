// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/waterfall.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>

namespace waybill::outputs::console {
namespace {

constexpr int64_t kMilliseconds = 1'000'000;
constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

struct Said {
  int64_t at_ms = 0;
  std::string_view span, parent, text;
  Level level = Level::kInfo;
  std::string_view service = "shop";
  std::string_view trace = kTrace;
};

class Fixture {
 public:
  Fixture() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
  void add(const Said& said) {
    auto text = [](std::string_view bytes) {
      return bytes.empty() ? Text() : Text(bytes, TextForm::kRaw);
    };
    Record record;
    record.time_ns = 1'700'000'000 * int64_t{1'000'000'000} + said.at_ms * kMilliseconds;
    record.trace_id = text(said.trace);
    record.span_id = text(said.span);
    record.parent_span_id = text(said.parent);
    record.message = text(said.text);
    record.service_name = text(said.service);
    record.request_id = text(request);
    record.level = said.level;
    record.error = error;
    traces.add(record, Identity{});
  }
  std::string draw(size_t width = 80) {
    traces.finish();
    Buffer out;
    Waterfall waterfall(width, false);
    for (uint32_t i = 0; i < traces.traces().size(); ++i) waterfall.draw(out, traces, i);
    return std::string(out.view());
  }

  Traces traces;
  std::string_view request;
  const ErrorInfo* error = nullptr;
};

TEST_CASE_FIXTURE(Fixture, "waterfall: spans are a tree over time, with their lines below") {
  add({0, "00f067aa0ba902b7", "", "GET /orders/42", Level::kInfo, "gateway"});
  add({200, "53995c3f42cd8ad8", "00f067aa0ba902b7", "none left", Level::kError, "orders"});
  add({100, "53995c3f42cd8ad8", "00f067aa0ba902b7", "looking", Level::kDebug, "orders"});
  add({1000, "00f067aa0ba902b7", "", "done", Level::kInfo, "gateway"});
  CHECK(draw() ==
        "trace 4bf92f3577b34da6a3ce929d0e0e4736  2023-11-14 22:13:20.000  1.00 s  4 lines  "
        "1 error\n"
        "└─ gateway 00f067aa                  +0 ms    1.00 s  ██████████████████████████\n"
        "        +0 ms INFO  GET /orders/42\n"
        "      +1.00 s INFO  done\n"
        "   └─ orders 53995c3f              +100 ms    100 ms    ████\n"
        "         +100 ms DEBUG looking\n"
        "         +200 ms ERROR none left\n");
}

TEST_CASE_FIXTURE(Fixture, "waterfall: branches go on beside what is below") {
  add({0, "1111111111111111", "", "a"});
  add({1, "2222222222222222", "1111111111111111", "b"});
  add({2, "3333333333333333", "2222222222222222", "c"});
  add({3, "4444444444444444", "1111111111111111", "d"});
  std::string all = draw(50);
  for (std::string_view row : {"└─ shop 11111111", "   ├─ shop 22222222", "   │  └─ shop 33333",
                               "   └─ shop 44444444", "   │          +2 ms INFO  c\n"}) {
    CAPTURE(row);
    CAPTURE(all);
    CHECK(all.find(row) != all.npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "waterfall: parents in a ring, of nobody, and of oneself") {
  add({0, "1111111111111111", "2222222222222222", "a"});
  add({1, "2222222222222222", "1111111111111111", "b"});
  add({2, "3333333333333333", "3333333333333333", "c"});
  add({3, "4444444444444444", "9999999999999999", "d"});
  std::string all = draw();
  for (std::string_view text : {" a\n", " b\n", " c\n", " d\n"}) {
    CAPTURE(all);
    CHECK(all.find(text) != all.npos);
    CHECK(all.find(text) == all.rfind(text));
  }
}

TEST_CASE_FIXTURE(Fixture, "waterfall: a chain of a hundred thousand spans") {
  std::string ids[2];
  for (int i = 0; i < 100'000; ++i) {
    ids[i % 2] = std::to_string(1'000'000'000'000'000 + i);
    add({i, ids[i % 2], ids[(i + 1) % 2], "x"});
  }
  std::string all = draw();
  CHECK(std::count(all.begin(), all.end(), '\n') == 200'001);
}

TEST_CASE_FIXTURE(Fixture, "waterfall: lines without a span, and requests without a trace") {
  add({0, "", "", "in a", Level::kInfo, "a"});
  add({5, "", "", "in b", Level::kInfo, "b"});
  request = "r-1";
  add({9, "", "", "of a request", Level::kInfo, "a", ""});
  request = "";
  add({9, "", "", "of nobody", Level::kInfo, "a", ""});
  std::string all = draw();
  CAPTURE(all);
  CHECK(all.find("├─ a  ") != all.npos);
  CHECK(all.find("└─ b  ") != all.npos);
  CHECK(all.find("request r-1  2023") != all.npos);
  CHECK(all.find("of nobody") == all.npos);
  CHECK(traces.strays() == 1);
}

TEST_CASE_FIXTURE(Fixture, "waterfall: what lines say moves no cursor and keeps to its row") {
  add({0, "1111111111111111", "", "red \x1b[31m\tand\x07 more\nbelow", Level::kInfo, "a\x1b]0;b"});
  add({1, "1111111111111111", "", std::string_view("äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü")});
  std::string all = draw(50);
  CAPTURE(all);
  CHECK(all.find('\x1b') == all.npos);
  CHECK(all.find("red \\x1b[31m and\\x07 more\n") != all.npos);
  CHECK(all.find("below") == all.npos);
  CHECK(all.find("ä…\n") != all.npos);
}

TEST_CASE_FIXTURE(Fixture, "waterfall: an error is named where the message does not") {
  ErrorInfo one;
  one.type = Text("StockError", TextForm::kRaw);
  one.message = Text("none of 42", TextForm::kRaw);
  error = &one;
  add({0, "1111111111111111", "", "failed: none of 42", Level::kError});
  CHECK(draw().find("failed: none of 42  StockError\n") != std::string::npos);
}

TEST_CASE("waterfall: durations") {
  CHECK(duration_text(0) == "0 ms");
  CHECK(duration_text(850'000) == "850 µs");
  CHECK(duration_text(999 * kMilliseconds) == "999 ms");
  CHECK(duration_text(1240 * kMilliseconds) == "1.24 s");
  CHECK(duration_text(192'000 * kMilliseconds) == "3 min 12 s");
  CHECK(duration_text(7'500'000 * kMilliseconds) == "2 h 5 min");
}

TEST_CASE("traces: only those that are asked for") {
  Record record;
  record.trace_id = Text(kTrace, TextForm::kClean);
  record.request_id = Text("r-1", TextForm::kClean);
  auto kept = [&](std::string_view wanted) {
    Traces traces(wanted);
    traces.add(record, Identity{});
    return traces.traces().size();
  };
  for (std::string_view wanted : {"", "4bf9", "4BF92F35", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
                                  "4bf92f3577b34da6a3ce929d0e0e4736", "r-1"}) {
    CAPTURE(wanted);
    CHECK(kept(wanted) == 1);
  }
  for (std::string_view wanted : {"4bf8", "r-", "r-11", "4bf92f3577b34da6a3ce929d0e0e47360"}) {
    CAPTURE(wanted);
    CHECK(kept(wanted) == 0);
  }
}

}  // namespace
}  // namespace waybill::outputs::console
