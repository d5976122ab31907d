// SPDX-License-Identifier: Apache-2.0
// Redaction. The input is a line, and what stands around a secret that is planted in others: the
// scanner's hits are in order and in the text; a record that was redacted holds the secret nowhere,
// in no form; what was JSON is JSON, with its tokens where things stand.
#include "redaction/record_redactor.h"

#include <cstring>
#include <memory>
#include <string>

#include "core/json_text.h"
#include "core/json_walker.h"
#include "redaction/scanner.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

using namespace waybill::redaction;

// By no other rule's means a part of something else, as it has a blank on both sides.
constexpr std::string_view kSecret = "AKIAIOSFODNN7EXAMPLE";
constexpr std::string_view kEscaped = "AKIAIOSFODNN7EX\\u0041MPLE";
constexpr std::string_view kTwice = "AKIAIOSFODNN7EX\\\\u0041MPLE";
constexpr std::string_view kTail = "ODNN7EX";

std::shared_ptr<const Rules> all_rules() {
  std::vector<config::RedactionSection> sections;
  static config::Diagnostics diagnostics;
  std::string names;
  for (const Detector& detector : detectors()) names += std::string(detector.name) + ", ";
  auto config = config::load("fuzz", "redact: [{detect: [" + names + "]}]", {"auto"}, diagnostics);
  FUZZ_CHECK(config.has_value());
  return Rules::make(config->redact);
}

void scan(std::string_view text) {
  static Scanner scanner = [] {
    std::vector<const Detector*> all;
    for (const Detector& detector : detectors()) all.push_back(&detector);
    return Scanner(all);
  }();
  std::vector<Hit> hits;
  scanner.scan(text, hits);
  size_t at = 0;
  for (const Hit& hit : hits) {
    FUZZ_CHECK(hit.begin >= at && hit.end > hit.begin && hit.end <= text.size());
    at = hit.end;
  }
  FUZZ_CHECK(scanner.any(text) == !hits.empty());
}

// One record, as the pipeline has it.
class Bench {
 public:
  Bench() : redactor_(all_rules()) {}

  Record& put(std::string_view line) {
    batch_ = std::make_unique<Batch>(budget_);
    batch_->reset(line.size());
    if (batch_->sources.empty()) batch_->sources.push_back(std::make_shared<Source>());
    std::memcpy(batch_->room().data(), line.data(), line.size());
    batch_->commit(line.size());
    Record& record = batch_->records.emplace_back();
    record.line = {batch_->bytes(), line.size()};
    return record;
  }
  bool walk(Record& record) {
    uint32_t doubles = 0;
    record.json = record.line.data();
    if (walker_.walk(record.line, batch_->tokens, doubles) != WalkOutcome::kObject) return false;
    record.token_count = static_cast<uint32_t>(batch_->tokens.size());
    return true;
  }
  void redact(Record& record) { redactor_.redact(*batch_, record); }

  // The tokens say what a new walk over the same text would.
  void check_tokens(const Record& record) {
    std::vector<Token> again;
    uint32_t doubles = 0;
    std::string copy(record.json, batch_->tokens[0].value + batch_->tokens[0].value_size);
    const size_t size = copy.size();
    copy.resize(size + kPadding);
    FUZZ_CHECK(walker_.walk({copy.data(), size}, again, doubles) == WalkOutcome::kObject);
    FUZZ_CHECK(again.size() == batch_->tokens.size());
    for (size_t i = 0; i < again.size(); ++i) {
      const Token& a = again[i];
      const Token& b = batch_->tokens[i];
      FUZZ_CHECK(a.value == b.value && a.value_size == b.value_size && a.type == b.type);
      FUZZ_CHECK(!a.has(Token::kHasKey) || (a.key == b.key && a.key_size == b.key_size));
    }
  }

 private:
  ByteBudget budget_{64 << 20};
  std::unique_ptr<Batch> batch_;
  JsonWalker walker_;
  RecordRedactor redactor_;
};

void json_line(Bench& bench, const std::string& line, bool planted) {
  Record& record = bench.put(line);
  if (!bench.walk(record)) return;
  bench.redact(record);
  int depth = 0;
  FUZZ_CHECK(is_json(record.line, depth));
  bench.check_tokens(record);
  FUZZ_CHECK(!planted || record.line.find(kTail) == record.line.npos);
}

void text_line(Bench& bench, const std::string& line, bool planted) {
  Record& record = bench.put(line);
  record.message = raw_text(record.line);
  bench.redact(record);
  FUZZ_CHECK(is_utf8(record.line) && is_utf8(record.message.bytes()));
  if (!planted) return;
  FUZZ_CHECK(record.line.find(kTail) == record.line.npos);
  FUZZ_CHECK(record.message.bytes().find(kTail) == record.line.npos);
}

}  // namespace

void redaction(std::string_view input) {
  if (input.size() > 4096) return;
  scan(input);
  if (!is_utf8(input)) return;
  Bench bench;
  json_line(bench, std::string(input), false);
  text_line(bench, std::string(input), false);
  Buffer escaped;
  append_escaped(escaped, input);
  std::string inside(escaped.view());
  for (std::string_view secret : {kSecret, kEscaped, kTwice}) {
    std::string value = inside + " " + std::string(secret) + " " + inside;
    json_line(bench, "{\"a\":\"" + value + "\"}", true);
    json_line(bench, "{\"x\":[1,{\"" + value + "\":true}],\"z\":\"" + inside + "\"}", true);
  }
  text_line(bench, std::string(input) + " " + std::string(kSecret) + " " + std::string(input),
            true);
}

}  // namespace waybill::fuzz
