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

std::optional<std::string> only_time(std::string_view text) {
  if (text != "noon") return std::nullopt;
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
        R"([{"path":"/context/a","keyword":"type","message":"expected integer, got \"x\""},)"
        R"({"path":"/context/\"b","keyword":"maximum","message":"expected at most 1, got 2"}])");
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
        R"("expected integer, got \"7\"; made 7"}])");
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
        "b":{"default":"x\ty"},"c":{"default":[]}}}}})",
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
