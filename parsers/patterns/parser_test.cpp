// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "parsers/test_support.h"

using waybill::TraceFields;
using waybill::parsers::UserPattern;
using waybill::parsers::testing::Parsed;
using waybill::parsers::testing::Setup;

namespace {

const std::vector<UserPattern>& patterns() {
  static const std::vector<UserPattern> made = {
      {"shop",
       R"(^(?P<time>\S+) (?P<level>\w+) (?:\[(?P<thread>[^\]]*)\] )?(?P<message>.*)$)",
       "",
       {}},
      {"till",
       "",
       "%{ts} till-%{n} %{user} took %{took} of %{size}: %{msg}",
       {{"took", "duration"}, {"size", "bytes"}, {"n", "int"}}},
      {"trace", R"(req=(?P<request_id>\w+) trace=(?P<trace_id>\w+))", "", {}},
      {"oops", "", "%{error.type}! %{error.message} (%{error.code}) by %{service_name}", {}},
  };
  return made;
}

Setup with(std::string format = "auto", std::vector<std::string> formats = {"auto"}) {
  Setup setup;
  setup.format = std::move(format);
  setup.formats = std::move(formats);
  setup.patterns = patterns();
  return setup;
}

}  // namespace

TEST_CASE("patterns: groups are lifted as the keys of JSON lines are") {
  Parsed shop("2026-01-02T03:04:05.678Z warn [main] it broke", with());
  CHECK(shop->format == "shop");
  CHECK(shop.time() == "2026-01-02T03:04:05.678Z");
  CHECK(shop->level_said);
  CHECK(shop.json() == R"({"level":"WARN","service_name":"unknown_service","message":"it broke",)"
                       R"("thread":"main"})");
  Parsed till("1767323045.5 till-007 ada took 1m30.5s of 1.5KiB: all \"well\"", with());
  CHECK(till->format == "till");
  CHECK(till.time() == "2026-01-02T03:04:05.500Z");
  CHECK(till.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"all \"well\"",)"
        R"("context":{"n":"007","user":"ada","took":90.5,"size":1536}})");
  Parsed oops("E! it failed (7) by cart", with("oops"));
  CHECK(oops.json() ==
        R"({"level":"INFO","service_name":"cart","message":"E! it failed (7) by cart",)"
        R"("error":{"kind":"app","type":"E","code":"7","message":"it failed"}})");
}

TEST_CASE("patterns: what cannot be read stays in the context") {
  Parsed line("yesterday loud words", with());
  CHECK(line->format == "shop");
  CHECK_FALSE(line->time_said);
  CHECK_FALSE(line->level_said);
  CHECK(line.json() == R"({"level":"INFO","service_name":"unknown_service","message":"words",)"
                       R"("context":{"time":"yesterday","level":"loud"}})");
}

TEST_CASE("patterns: nothing of a line is lost") {
  Parsed middle("a req=r1 trace=4bf92f3577b34da6a3ce929d0e0e4736 b", with("trace"));
  CHECK(middle.message() == "a req=r1 trace=4bf92f3577b34da6a3ce929d0e0e4736 b");
  CHECK(middle->request_id.bytes() == "r1");
  CHECK(middle.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  Setup part;
  part.patterns = {{"part", R"((?P<a>\d+) (?P<message>\w+))", "", {}}};
  Parsed rest("x 12 words and more", part);
  CHECK(rest.json() ==
        R"({"level":"INFO","service_name":"unknown_service","message":"x 12 words and more",)"
        R"("context":{"a":"12","message":"words"}})");
  Parsed empty("2026-01-02T03:04:05Z INFO ", with());
  CHECK(empty.message() == "2026-01-02T03:04:05Z INFO ");
}

TEST_CASE("patterns: the first that matches has the line, and others get the rest") {
  CHECK(Parsed("12 till-1 ada took 5 of 5: x", with())->format == "till");
  CHECK(Parsed("{\"level\":\"info\",\"msg\":\"x\"}", with())->format == "json");
  CHECK(Parsed("hello", with())->format == "text");
  // Of an input's own format only that; of a list in its order.
  CHECK(Parsed("12 info x", with("till"))->format == "none");
  CHECK(Parsed("12 info x", with("patterns"))->format == "shop");
  CHECK(Parsed("12 info x", with("auto", {"till", "json"}))->format == "none");
  CHECK(Parsed("12 info x", with("auto", {"shop", "json"}))->format == "shop");
  CHECK(Parsed("1 info till-1 a took 5 of 5: x", with("auto", {"till", "shop"}))->format == "till");
  CHECK(Parsed("1 info till-1 a took 5 of 5: x", with("auto", {"shop", "till"}))->format == "shop");
  CHECK(Parsed("12 info x", with("shop", {"json"}))->format == "shop");
}

TEST_CASE("patterns: inside of an envelope, with colours and bad UTF-8") {
  Parsed cri("2026-01-02T03:04:05.5Z stderr F soon error it broke", with());
  CHECK(cri->format == "shop");
  CHECK(cri->stream == "stderr");
  CHECK(cri->level == waybill::Level::kError);
  CHECK(cri.time() == "2026-01-02T03:04:05.500Z");
  Parsed colours("\x1b[1m12:00:00\x1b[0m \x1b[31merror\x1b[0m caf\xE9", with());
  CHECK(colours->format == "shop");
  CHECK(colours.message() == "caf\xEF\xBF\xBD");
  CHECK(colours->marks.repaired);
  CHECK_FALSE(Parsed("caf\xC3\xA9", with())->marks.repaired);
}

TEST_CASE("patterns: names of formats") {
  waybill::parsers::Settings settings;
  auto has = [&](std::string_view name) {
    auto names = waybill::parsers::format_names(settings);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  CHECK_FALSE(has("patterns"));
  settings.patterns = patterns();
  CHECK(has("patterns"));
  CHECK(has("till"));
}

TEST_CASE("patterns: parse.formats says the order, also between a pattern and JSON") {
  Setup setup;
  setup.patterns = {{"braces", R"(^\{(?P<inside>.*)\}$)", "", {}}};
  setup.formats = {"json", "braces"};
  CHECK(Parsed(R"({"a":1})", setup)->format == "json");
  CHECK(Parsed("{a}", setup)->format == "braces");
  setup.formats = {"braces", "json"};
  CHECK(Parsed(R"({"a":1})", setup)->format == "braces");
}
