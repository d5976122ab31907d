// SPDX-License-Identifier: Apache-2.0
#include "sampling/held_record.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "core/json_text.h"
#include "core/test_support.h"

namespace waybill::sampling {

namespace {

std::string canonical(const Batch& batch, const Record& record) {
  Identity identity;
  Buffer out;
  append_canonical(out, batch, record, identity, part::kAll);
  return std::string(out.view());
}

// What comes back of a copy once the batch that it was made of is gone.
std::string held(testing::Lines& lines) {
  const size_t size = held_size(lines.batch(), lines.record());
  CHECK(size % kHeldAlign == 0);
  std::vector<uint64_t> block((size + kPadding) / sizeof(uint64_t) + 1);
  auto* bytes = reinterpret_cast<char*>(block.data());
  std::memset(bytes + size, 0x55, kPadding);
  write_held(lines.batch(), lines.record(), bytes);
  for (size_t i = 0; i < kPadding; ++i) CHECK(bytes[size + i] == 0x55);
  const std::string line(lines.record().line);
  testing::Lines other;
  other.put("another line, so that indices are others");
  std::shared_ptr<const Source> source = lines.batch().sources[0];
  lines.put("");
  Batch& batch = other.batch();
  batch.sources.push_back(source);
  batch.fields.push_back(Field{});
  batch.tokens.push_back(Token{});
  read_held(bytes, batch, 1);
  CHECK(batch.records.back().line == line);
  return canonical(batch, batch.records.back());
}

}  // namespace

TEST_CASE("sampling: a copy of a JSON line is the same record") {
  testing::Lines lines;
  Record& record = lines.put_json(
      R"({"msg":"a \"b\" \u00e9","n":[1,{"k":null}],"context":{"x":1},"x":2,"empty":{}})");
  record.message = Text(record.line.substr(8, 16), TextForm::kJson);
  record.own_context = lines.index_of("context");
  record.level = Level::kWarn;
  record.trace_id = raw_text(lines.batch().arena.copy("4bf92f3577b34da6a3ce929d0e0e4736"));
  record.trace_origin = TraceOrigin::kInherited;
  record.sample_rate = "0";
  record.format = "json";
  record.marks.duplicate_keys = 3;
  const std::string before = canonical(lines.batch(), record);
  CHECK(before.find("\"sampled_by\":\"error\"") != before.npos);
  CHECK(held(lines) == before);
}

TEST_CASE("sampling: a copy of a text line, with fields and an error, is the same record") {
  testing::Lines lines;
  Record& record = lines.put("took 5 ms user=ann quote='a \"b\"'");
  Batch& batch = lines.batch();
  record.message = raw_text(record.line.substr(0, 9));
  batch.fields.push_back({raw_text(record.line.substr(10, 4)), raw_text(record.line.substr(15, 3)),
                          JsonType::kString, false});
  batch.fields.push_back({Text("made", TextForm::kClean), raw_text(batch.arena.copy("a \"b\"")),
                          JsonType::kString, false});
  batch.fields.push_back({Text("number", TextForm::kClean), raw_text(record.line.substr(5, 1)),
                          JsonType::kNumber, false});
  record.field_count = 3;
  ErrorInfo error;
  error.kind = Text("db", TextForm::kClean);
  error.message = raw_text(record.line.substr(0, 4));
  record.error = &error;
  record.schema_repairs = batch.arena.copy("[1]");
  const std::string before = canonical(batch, record);
  CHECK(held(lines) == before);
}

TEST_CASE("sampling: JSON that is no part of the line, and a line of nothing") {
  testing::Lines lines;
  lines.put_json(R"({"a":"b"})");
  lines.record().line = lines.batch().arena.copy("something else altogether");
  const std::string before = canonical(lines.batch(), lines.record());
  CHECK(before.find("\"context\":{\"a\":\"b\"}") != before.npos);
  CHECK(held(lines) == before);
  lines.put("");
  const std::string empty = canonical(lines.batch(), lines.record());
  CHECK(held(lines) == empty);
}

}  // namespace waybill::sampling
