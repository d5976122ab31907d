// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/sample.h"

#include <fmt/format.h>

#include <cstring>

#include "core/canonical.h"
#include "core/clock.h"
#include "parsers/patterns/pattern.h"
#include "parsers/patterns/written.h"

namespace waybill::parsers::patterns {

namespace {

class Checker {
 public:
  explicit Checker(const config::SampleSettings& sample) : sample_(sample) {}

  std::vector<std::string> faults(const Settings& settings) {
    auto source = std::make_shared<Source>();
    source->input = "sample";
    ByteBudget budget(sample_.line.size() + kBatchBytes);
    Batch batch(budget);
    batch.reset(sample_.line.size());
    if (!sample_.line.empty()) {
      std::memcpy(batch.room().data(), sample_.line.data(), sample_.line.size());
    }
    batch.commit(sample_.line.size());
    batch.sources.push_back(std::move(source));
    Record& record = batch.records.emplace_back();
    record.line = {batch.bytes(), sample_.line.size()};
    record.read_ns = record.time_ns = wall_now();
    auto parser = descriptor().make(settings);  // names of fields are its own
    if (parser->parse(batch, record) == Outcome::kNotMine) {
      return {fmt::format("does not match {}: {}", shown(sample_.line), why_not(settings))};
    }
    compare(batch, record);
    return std::move(faults_);
  }

 private:
  std::string why_not(const Settings& settings) const {
    auto compiled = compile(settings.patterns.front());
    Arena arena;
    bool repaired = false;
    return compiled->engine->why_not(seen_by_patterns(sample_.line, arena, repaired));
  }

  void compare(const Batch& batch, const Record& record) {
    // A line's own service is written as if there were no other.
    Written written(batch, record, Identity(), part::kAll & ~part::kSource & ~part::kId);
    for (const config::Leaf& leaf : sample_.record) {
      std::string is = written.difference(leaf);
      if (!is.empty()) faults_.push_back(fmt::format("of {} {}", shown(sample_.line), is));
    }
  }

  const config::SampleSettings& sample_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> sample_faults(const config::SampleSettings& sample,
                                       const Settings& settings) {
  return Checker(sample).faults(settings);
}

}  // namespace waybill::parsers::patterns
