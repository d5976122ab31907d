// SPDX-License-Identifier: Apache-2.0
// What unit tests of several folders need: a batch with lines in it, and records made by hand.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/canonical.h"
#include "core/identity.h"
#include "core/json_walker.h"

namespace waybill::testing {

// One batch of one source. Every line has exactly kPadding readable bytes behind it at the end, so
// that AddressSanitizer sees whoever reads further.
class Lines {
 public:
  explicit Lines(Source source = plain_source())
      : source_(std::make_shared<const Source>(std::move(source))) {}

  static Source plain_source() {
    Source source;
    source.input = "test";
    return source;
  }

  // A new batch with this one line, and a record of it as the pipeline frames it.
  Record& put(std::string_view line, int64_t read_ns = 0) {
    batch_ = std::make_unique<Batch>(*budget_);
    batch_->reset(line.size());
    batch_->sources.push_back(source_);
    if (!line.empty()) std::memcpy(batch_->room().data(), line.data(), line.size());
    batch_->commit(line.size());
    Record& record = batch_->records.emplace_back();
    record.line = {batch_->bytes(), line.size()};
    record.lines += static_cast<uint32_t>(std::count(line.begin(), line.end(), '\n'));
    record.read_ns = read_ns;
    record.time_ns = read_ns;
    return record;
  }
  // The same with the tokens of a JSON object. `outcome` says whether it is one.
  Record& put_json(std::string_view line, WalkOutcome* outcome = nullptr) {
    Record& record = put(line);
    JsonWalker walker;
    WalkOutcome found = walker.walk(record.line, batch_->tokens, record.marks.duplicate_keys);
    record.json = record.line.data();
    record.token_count = static_cast<uint32_t>(batch_->tokens.size());
    if (outcome != nullptr) *outcome = found;
    return record;
  }

  Batch& batch() { return *batch_; }
  Record& record() { return batch_->records.front(); }

  // The index, as for cut_field(), of the member at a path of plain keys: "a.b". 0: none.
  uint32_t index_of(std::string_view path) const {
    const Token* root = batch_->tokens.data() + batch_->records.front().first_token;
    const Token* container = root;
    while (true) {
      std::string_view key = path.substr(0, path.find('.'));
      const Token* found = nullptr;
      const Token* end = container + container->span;
      for (const Token* t = container + 1; t != end; t += t->span) {
        if (std::string_view(batch_->records.front().json + t->key, t->key_size) == key) found = t;
      }
      if (found == nullptr) return 0;
      if (key.size() == path.size()) return static_cast<uint32_t>(found - root);
      container = found;
      path.remove_prefix(key.size() + 1);
    }
  }

  std::string context() const {
    Buffer out;
    append_context(out, *batch_, batch_->records.front());
    return std::string(out.view());
  }
  std::string canonical(uint32_t parts = part::kAll, const Identity& identity = {}) const {
    Buffer out;
    append_canonical(out, *batch_, batch_->records.front(), identity, parts);
    return std::string(out.view());
  }

 private:
  std::unique_ptr<ByteBudget> budget_ = std::make_unique<ByteBudget>(64 << 20);
  std::shared_ptr<const Source> source_;
  std::unique_ptr<Batch> batch_;
};

}  // namespace waybill::testing
