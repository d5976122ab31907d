// SPDX-License-Identifier: Apache-2.0
// JSON lines: an object per line, under the key names of the usual log libraries.
#include "parsers/parser.h"
#include "parsers/common/lift.h"
#include "parsers/common/object_reader.h"
#include "parsers/json/unwrap.h"

namespace waybill::parsers::json {

namespace {

constexpr std::string_view kName = "json";

class JsonParser final : public Parser {
 public:
  explicit JsonParser(const Settings& settings) : lift_(settings.default_zone) {}

  Outcome parse(Batch& batch, Record& record) override {
    std::string_view line = record.line;
    size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] != '{') return Outcome::kNotMine;
    line.remove_prefix(begin);
    if (!reader_.walk(batch, record, line)) return Outcome::kNotMine;
    int64_t near_ns = record.time_ns;
    lift_.begin(record);
    reader_.offer(batch, record, lift_);
    settle(batch, record);
    for (int depth = 0; depth < kDeepestInside && may_be_object(record); ++depth) {
      if (!unwrap(batch, record, near_ns)) break;
    }
    return Outcome::kParsed;
  }

 private:
  void settle(Batch& batch, Record& record) {
    record.format = kName;
    lift_.settle(batch, record);
    // CLEF leaves the level out when it is Information (serilog-formatting-compact, README).
    if (!record.level_said && reader_.has_clef_time()) {
      record.level = Level::kInfo;
      record.severity = 9;
      record.level_said = true;
    }
  }

  // Makes the record anew of the object that is its message. What that one says itself counts more
  // than what stands around it.
  bool unwrap(Batch& batch, Record& record, int64_t near_ns) {
    if (record.passed != nullptr) return false;
    auto merged = unwrapper_.merge(batch, record, reader_);
    if (!merged) return false;
    Record made;
    made.line = record.line;
    made.offset = record.offset;
    made.source = record.source;
    made.read_ns = record.read_ns;
    made.time_ns = near_ns;
    if (!reader_.walk(batch, made, merged->json)) return false;
    made.marks.truncated_bytes = record.marks.truncated_bytes;
    made.marks.duplicate_keys += record.marks.duplicate_keys;
    made.marks.repaired = made.marks.repaired || record.marks.repaired;
    lift_.begin(made);
    reader_.offer_before(batch, made, lift_, merged->inner);
    reader_.offer_from(batch, made, lift_, merged->inner, lift_.filled());
    settle(batch, made);
    if (!made.message) made.message = record.message;
    record = made;
    return true;
  }

  ObjectReader reader_;
  Lift lift_;
  Unwrapper unwrapper_;
};

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      kName, "one JSON object a line, under the key names of the usual log libraries",
      [](const Settings& settings) -> std::unique_ptr<Parser> {
        return std::make_unique<JsonParser>(settings);
      }};
  return made;
}

}  // namespace waybill::parsers::json
