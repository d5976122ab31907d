// SPDX-License-Identifier: Apache-2.0
// Reading: lines through an EventReader, read by read, for tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/canonical.h"
#include "core/json_text.h"
#include "parsers/event_reader.h"

namespace waybill::parsers::testing {

inline constexpr int64_t kNow = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z

// What a pipeline does with the lines of its sources, one read after another.
class Reading {
 public:
  explicit Reading(multiline::Settings multiline = {}) {
    settings_.multiline = std::move(multiline);
    reader_ = std::make_unique<EventReader>(settings_, std::vector<std::string>{"auto"}, budget_);
  }

  std::shared_ptr<const Source> source(std::string path = "") {
    auto made = std::make_shared<Source>();
    made->number = next_source_number();
    made->input = "test";
    made->path = std::move(path);
    return made;
  }

  // One batch of lines. Their messages go to `messages`, where they are whole.
  TicketRef read(const std::string& text, const std::shared_ptr<const Source>& from) {
    Batch batch(budget_);
    batch.reset(text.size());
    batch.sources.push_back(from);
    std::memcpy(batch.room().data(), text.data(), text.size());
    batch.commit(text.size());
    batch.read_at = steady_now();
    batch.ticket = std::make_shared<Ticket>([] {});
    TicketRef ticket = batch.ticket;
    reader_->begin_slice(batch);
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      std::string_view line{batch.bytes() + at, end - at};
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) {
        Record& record = batch.records.emplace_back();
        record.line = line;
        record.offset = offset_ + at;
        record.read_ns = record.time_ns = kNow;
      }
      at = end + 1;
    }
    offset_ += text.size();
    reader_->read(batch, false);
    take(batch);
    return ticket;
  }
  // Everything that is kept.
  void flush() {
    Batch batch(budget_);
    batch.reset(0);
    while (reader_->take_due(batch, SteadyTime::max())) {
      take(batch);
      batch.reset(0);
    }
  }
  bool keeps() const { return reader_->due() != SteadyTime::max(); }
  EventReader& reader() { return *reader_; }

  std::vector<std::string> messages;
  std::vector<std::string> lines;
  std::vector<uint32_t> counts;
  std::vector<std::string> json;

 private:
  void take(Batch& batch) {
    for (const Record& record : batch.records) {
      Buffer out;
      append_characters(out, record.message);
      messages.emplace_back(out.view());
      lines.emplace_back(record.line);
      counts.push_back(record.lines);
      out.clear();
      append_canonical(out, batch, record, {}, part::kLevel | part::kMessage | part::kContext);
      json.emplace_back(out.view());
    }
  }

  ByteBudget budget_{64 << 20};
  Settings settings_;
  std::unique_ptr<EventReader> reader_;
  uint64_t offset_ = 0;
};

}  // namespace waybill::parsers::testing
