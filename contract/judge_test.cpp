// SPDX-License-Identifier: Apache-2.0
#include "contract/judge.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/cut.h"
#include "core/test_support.h"

using namespace waybill;
using namespace waybill::contract;

namespace {

// A contract of one schema, as a config has it; `rule` is what stands beside the file.
std::shared_ptr<const Contract> contract_of(std::string_view schema, const std::string& rule) {
  std::string path = (std::filesystem::temp_directory_path() / "judge_test.XXXXXX").string();
  int fd = mkstemp(path.data());
  REQUIRE(fd >= 0);
  close(fd);
  std::ofstream(path) << schema;
  config::Diagnostics diagnostics;
  auto config =
      config::load("w.yaml", "schema: {file: " + path + ", " + rule + "}", {"auto"}, diagnostics);
  REQUIRE(config.has_value());
  auto contract = Contract::make(*config->schema, diagnostics);
  std::filesystem::remove(path);
  REQUIRE(contract != nullptr);
  return contract;
}

std::optional<std::string> only_time(std::string_view text, JsonType type) {
  if (text != (type == JsonType::kNumber ? "1767355200" : "noon")) return std::nullopt;
  return "2026-01-02T12:00:00.000Z";
}

// One record after the other under one schema.
class Bench {
 public:
  Bench(std::string_view schema, const std::string& rule)
      : judge_(contract_of(schema, rule), CanonicalNames::own(), only_time, false) {}

  // What was found: keywords and paths, and what was mended.
  std::string judge() {
    Judgement judgement = judge_.judge(lines.batch(), lines.record(), Identity());
    Judge::note(lines.batch(), lines.record(), judgement);
    std::string out;
    for (const Violation& one : judgement.repairs) out += "mended " + one.path + " ";
    for (const Violation& one : judgement.violations) {
      out += std::string(one.keyword) + " " + one.path + " ";
    }
    return out;
  }
  std::string judge(std::string_view line) {
    lines.put_json(line);
    return judge();
  }

  waybill::testing::Lines lines;

 private:
  Judge judge_;
};

std::string of_context(std::string_view properties) {
  return R"({"properties":{"context":{"properties":)" + std::string(properties) + "}}}";
}

}  // namespace

TEST_CASE("judge: what is wrong is written into the record, cut off where it is long") {
  Bench bench(of_context(R"({"a":{"type":"integer"},"\"b":{"maximum":1}})"), "on_violation: tag");
  CHECK(bench.judge(R"({"a":1})") == "");
  CHECK(bench.lines.record().schema_errors.empty());
  CHECK(bench.judge(R"({"a":"x","\"b":2})") == "type /context/a maximum /context/\"b ");
  CHECK(bench.lines.record().schema_errors ==
        R"([{"path":"/context/a","keyword":"type","message":"expected integer, got \"x\"",)"
        R"("expected":"integer","got":"\"x\""},)"
        R"({"path":"/context/\"b","keyword":"maximum","message":"expected at most 1, got 2",)"
        R"("expected":"at most 1","got":"2"}])");
  std::string key(3000, 'k');
  Bench strict(R"({"properties":{"context":false}})", "on_violation: tag");
  strict.judge("{\"" + key + "\":1}");
  CHECK(strict.lines.record().schema_errors.size() < 700);
}

TEST_CASE("judge: a record that passes is not judged") {
  Bench bench("false", "on_violation: drop");
  Record& record = bench.lines.put_json(R"({"a":1})");
  Passed passed;
  record.passed = &passed;
  record.schema_errors = "[]";
  CHECK(bench.judge() == "");
  CHECK(record.schema_errors == "[]");
}

TEST_CASE("judge: the line itself, lifted members included") {
  Bench bench(R"({"required":["lvl"],"properties":{"lvl":{"const":"info"}}})",
              "on_violation: tag, on: line");
  bench.lines.put_json(R"({"lvl":"warn"})");
  cut_field(bench.lines.batch(), bench.lines.record(), bench.lines.index_of("lvl"));
  CHECK(bench.judge() == "const /lvl ");
  bench.lines.put("plain text");
  CHECK(bench.judge() == "json  ");
}

TEST_CASE("repair: numbers, booleans, blanks, levels, times") {
  Bench bench(of_context(R"({"n":{"type":"integer"},"f":{"anyOf":[{"type":"null"},
      {"type":"number"}]},"b":{"type":"boolean"},"e":{"enum":["red"]},
      "level":{"enum":["warning","error"]},"t":{"format":"date-time"},
      "o":{"properties":{"n":{"type":"number"}}},"l":{"items":{"type":"number"}}})"),
              "on_violation: repair, format: assert");
  CHECK(bench.judge(R"({"n":"7","x":"y"})") == "mended /context/n ");
  CHECK(bench.lines.context() == R"({"n":7,"x":"y"})");
  CHECK(bench.lines.record().schema_errors.empty());
  CHECK(bench.lines.record().schema_repairs ==
        R"([{"path":"/context/n","keyword":"type","message":)"
        R"("expected integer, got \"7\"; made 7","expected":"integer","got":"\"7\""}])");
  CHECK(bench.judge(
            R"({"x":{"a":[1]},"o":{"m":1,"n":" -1.5e3 ","z":"q"},"l":[1,"2",3],"e":" red"})") ==
        "mended /context/o/n mended /context/l/1 mended /context/e ");
  CHECK(bench.lines.context() ==
        R"({"x":{"a":[1]},"o":{"m":1,"n":-1.5e3,"z":"q"},"l":[1,2,3],"e":"red"})");
  CHECK(bench.judge(R"({"f":"2.5","b":"False","t":"noon","z":1})") ==
        "mended /context/f mended /context/b mended /context/t ");
  CHECK(bench.lines.context() == R"({"f":2.5,"b":false,"t":"2026-01-02T12:00:00.000Z","z":1})");
  // What is no number, no boolean and no time stays as it is, and is told.
  CHECK(bench.judge(R"({"n":"007","b":"yes","t":"late","e":"green"})") ==
        "type /context/n type /context/b format /context/t enum /context/e ");
  CHECK(bench.lines.context() == R"({"n":"007","b":"yes","t":"late","e":"green"})");
  CHECK(bench.judge(R"({"n":"7.5","b":"true"})") == "mended /context/b type /context/n ");
  CHECK(bench.lines.context() == R"({"n":"7.5","b":true})");
}

TEST_CASE("repair: more faults than are told at once") {
  Bench bench(R"({"properties":{"context":{"additionalProperties":{"type":"number"}}}})",
              "on_violation: repair");
  std::string line = "{";
  std::string wanted = "{";
  for (int i = 0; i < 40; ++i) {
    std::string key = (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":";
    line += key + "\"" + std::to_string(i) + "\"";
    wanted += key + std::to_string(i);
  }
  bench.judge(line + "}");
  CHECK(bench.lines.context() == wanted + "}");
}

TEST_CASE("repair: defaults, and what has a place of its own") {
  Bench bench(R"({"required":["level","tenant_id"],"properties":{
      "level":{"default":"warning","enum":["WARN"]},"tenant_id":{"default":"none"},
      "message":{"maxLength":3},
      "context":{"required":["a","b","c"],"properties":{"a":{"default":1.50},
        "b":{"default":"x\ty"},"c":{}}}}})",
              "on_violation: repair");
  Record& record = bench.lines.put_json(R"({"msg":" abc ","z":1})");
  cut_field(bench.lines.batch(), record, bench.lines.index_of("msg"));
  record.message = Text(" abc ", TextForm::kClean);
  CHECK(bench.judge() ==
        "mended /message mended /context mended /context mended  mended  required /context ");
  CHECK(record.level == Level::kWarn);
  CHECK(record.tenant_id.bytes() == "none");
  CHECK(record.message.bytes() == "abc");
  CHECK(bench.lines.context() == R"({"z":1,"a":1.50,"b":"x\ty"})");
}

TEST_CASE("repair: defaults of objects inside of others") {
  Bench bench(of_context(R"({"http":{"required":["method","n"],"properties":{
      "method":{"default":"G\"ET"},"n":{"default":1},
      "tls":{"required":["v"],"properties":{"v":{"default":null}}}}},
      "l":{"items":{"required":["a/b"],"properties":{"a/b":{"default":true}}}}})"),
              "on_violation: repair");
  CHECK(bench.judge(R"({"a":[1],"http":{"tls":{},"x":{"y":"z"}},"l":[{"q":1},{}],"z":"end"})") ==
        "mended /context/http/tls mended /context/http mended /context/http "
        "mended /context/l/0 mended /context/l/1 ");
  CHECK(bench.lines.context() ==
        R"({"a":[1],"http":{"tls":{"v":null},"x":{"y":"z"},"method":"G\"ET","n":1},)"
        R"("l":[{"q":1,"a/b":true},{"a/b":true}],"z":"end"})");
  // The line's own context, which comes first.
  bench.lines.put_json(R"({"b":1,"context":{"http":{"method":"x"},"y":2}})");
  bench.lines.record().own_context = bench.lines.index_of("context");
  CHECK(bench.judge() == "mended /context/http ");
  CHECK(bench.lines.context() == R"({"http":{"method":"x","n":1},"y":2,"b":1})");
}

TEST_CASE("repair: defaults that are lists and objects") {
  Bench bench(of_context(R"({"http":{"required":["tags","tls"],"properties":{
      "tags":{"default":[ ]},"tls":{"type":"object","required":["v"],
        "default":{ "v" : [1, {"a\"b": "c d"}],
                    "w":null }}}}})"),
              "on_violation: repair");
  CHECK(bench.judge(R"({"a":[1],"http":{"x":{"y":"z"}},"z":{"end":1}})") ==
        "mended /context/http mended /context/http ");
  CHECK(bench.lines.context() ==
        R"({"a":[1],"http":{"x":{"y":"z"},"tags":[],"tls":{"v":[1,{"a\"b":"c d"}],"w":null}},)"
        R"("z":{"end":1}})");
  CHECK(bench.lines.record().schema_repairs.find(R"(made {\"v\":[1,{\"a\\\"b\":\"c d\"}])") !=
        std::string_view::npos);
  // A default whose own members have theirs.
  Bench nested(of_context(R"({"o":{"required":["p"],"properties":{"p":{"default":{},
      "required":["q"],"properties":{"q":{"default":1}}}}}})"),
               "on_violation: repair");
  CHECK(nested.judge(R"({"o":{}})") == "mended /context/o mended /context/o/p ");
  CHECK(nested.lines.context() == R"({"o":{"p":{"q":1}}})");
  // What breaks the schema itself is not put in.
  Bench wrong(of_context(R"({"o":{"required":["l"],"properties":{"l":{"default":[1],
      "items":{"type":"string"}}}}})"),
              "on_violation: repair");
  CHECK(wrong.judge(R"({"o":{"b":[]}})") == "required /context/o ");
  CHECK(wrong.lines.context() == R"({"o":{"b":[]}})");
}

TEST_CASE("repair: lists and objects as members of the context, and as all of it") {
  const std::string members = R"({"l":{"default":[1,2]},"o":{"default":{"p":{"q":"r"}}}})";
  Bench bench(R"({"properties":{"context":{"required":["l","o"],"properties":)" + members + "}}}",
              "on_violation: repair");
  CHECK(bench.judge(R"({"a":{"b":1}})") == "mended /context mended /context ");
  CHECK(bench.lines.context() == R"({"a":{"b":1},"l":[1,2],"o":{"p":{"q":"r"}}})");
  bench.lines.put_json(R"({"b":1,"context":{"y":2}})");
  bench.lines.record().own_context = bench.lines.index_of("context");
  CHECK(bench.judge() == "mended /context mended /context ");
  CHECK(bench.lines.context() == R"({"y":2,"l":[1,2],"o":{"p":{"q":"r"}},"b":1})");
  // A text line.
  Record& record = bench.lines.put("n=7");
  bench.lines.batch().fields.push_back(
      {Text("n", TextForm::kClean), Text("7", TextForm::kClean), JsonType::kNumber});
  record.first_field = static_cast<uint32_t>(bench.lines.batch().fields.size() - 1);
  record.field_count = 1;
  CHECK(bench.judge() == "mended /context mended /context ");
  CHECK(bench.lines.context() == R"({"l":[1,2],"o":{"p":{"q":"r"}},"n":7})");

  Bench all(R"({"required":["context"],"properties":{"context":{"default":{"a":[{}]}}}})",
            "on_violation: repair");
  CHECK(all.judge("{}") == "mended  ");
  CHECK(all.lines.context() == R"({"a":[{}]})");
  all.lines.put("text");
  CHECK(all.judge() == "mended  ");
  CHECK(all.lines.context() == R"({"a":[{}]})");
  Record& lifted = all.lines.put_json(R"({"msg":"x","q":{"r":1}})");
  cut_field(all.lines.batch(), lifted, all.lines.index_of("msg"));
  cut_field(all.lines.batch(), lifted, all.lines.index_of("q"));
  CHECK(all.judge() == "mended  ");
  CHECK(all.lines.context() == R"({"a":[{}]})");
}

TEST_CASE("repair: numbers that count a time") {
  const char* properties =
      R"({"t":{"type":"string","format":"date-time"},"s":{"type":"string"},
          "n":{"anyOf":[{"type":"null"},{"type":["string"],"format":"date-time"}]}})";
  for (const char* format : {"annotate", "assert"}) {
    CAPTURE(format);
    Bench bench(of_context(properties), std::string("on_violation: repair, format: ") + format);
    CHECK(bench.judge(R"({"t":1767355200,"n":1767355200,"a":1767355200})") ==
          "mended /context/t mended /context/n ");
    CHECK(bench.lines.context() ==
          R"({"t":"2026-01-02T12:00:00.000Z","n":"2026-01-02T12:00:00.000Z","a":1767355200})");
    CHECK(bench.lines.record().schema_repairs.find(
              R"(got 1767355200; made \"2026-01-02T12:00:00.000Z\")") != std::string_view::npos);
    // No time, and where none is wanted.
    CHECK(bench.judge(R"({"t":17,"s":1767355200})") == "type /context/t type /context/s ");
    CHECK(bench.lines.context() == R"({"t":17,"s":1767355200})");
  }
}

TEST_CASE("repair: ids and times that could not be lifted") {
  Bench bench(R"({"properties":{"trace_id":{"pattern":"^[0-9a-f]{32}$"},
      "span_id":{"pattern":"^[0-9a-f]{16}$"},
      "timestamp":{"pattern":"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"}}})",
              "on_violation: repair");
  CHECK(bench.judge(R"({"trace_id":"{4BF92F35-77B3-4DA6-A3CE-929D0E0E4736}",)"
                    R"("span_id":"0x00F067AA0BA902B7","timestamp":" noon ","x":1})") ==
        "mended /trace_id mended /span_id mended /timestamp ");
  const Record& record = bench.lines.record();
  CHECK(record.trace_id.bytes() == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(record.trace_origin == TraceOrigin::kField);
  CHECK(record.span_id.bytes() == "00f067aa0ba902b7");
  CHECK(record.time_said);
  CHECK(record.time_ns == 1'767'355'200'000'000'000);
  CHECK(record.time_digits == 3);
  CHECK(bench.lines.context() == R"({"x":1})");
  // Of what is no id nothing is made.
  CHECK(bench.judge(R"({"trace_id":"abc","span_id":"0000000000000000x"})") ==
        "pattern /trace_id pattern /span_id ");
  CHECK(bench.judge(R"({"span_id":"00-F067AA0BA902B7"})") == "mended /span_id ");
  CHECK(bench.lines.context() == R"({"span_id":"00f067aa0ba902b7"})");
}

TEST_CASE("repair: fields of a text line") {
  Bench bench(of_context(R"({"n":{"type":"integer"}})"), "on_violation: repair");
  Record& record = bench.lines.put("n=7");
  bench.lines.batch().fields.push_back(
      {Text("n", TextForm::kClean), Text("7", TextForm::kClean), JsonType::kString});
  record.first_field = 0;
  record.field_count = 1;
  CHECK(bench.judge() == "mended /context/n ");
  CHECK(bench.lines.context() == R"({"n":7})");
}

TEST_CASE("repair: a level on the line that the record has said right already") {
  Bench bench(R"({"properties":{"level":{"enum":["WARN"]}}})", "on_violation: repair, on: line");
  bench.lines.put_json(R"({"level":"warning"})");
  cut_field(bench.lines.batch(), bench.lines.record(), bench.lines.index_of("level"));
  CHECK(bench.judge() == "mended /level ");
}
