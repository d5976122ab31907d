// SPDX-License-Identifier: Apache-2.0
#include "daemon/log_reader.h"

#include <algorithm>
#include <cstring>

#include "daemon/canonical_names.h"
#include "daemon/pipeline.h"
#include "inputs/line_carry.h"

namespace waybill::daemon {

namespace {

constexpr size_t kBudgetBytes = size_t{64} * 1024 * 1024;
// Offsets of records are not wanted here; the numbers of their lines are. Several objects of one
// line have offsets that differ by less than this.
constexpr int kLineShift = 32;
}  // namespace

LogReader::LogReader(const Plan& plan, JudgedOn on, Progress& progress)
    : plan_(plan),
      on_(on),
      progress_(progress),
      budget_(kBudgetBytes),
      reader_(plan.parse, plan.config.parse.formats, budget_),
      batch_(budget_),
      rest_(budget_),
      lineage_(plan.lineage),
      redactor_(plan.redaction),
      view_(canonical_names()) {}

Result<void> LogReader::read(LogFile& file, const std::string& name, const Visit& visit) {
  auto source = std::make_shared<Source>();
  source->number = next_source_number();
  source->path = name;
  inputs::LineCarry carry(plan_.config.parse.max_line);
  line_ = 0;
  Result<void> outcome;
  while (true) {
    batch_.reset(carry.wanted());
    batch_.sources.push_back(source);
    batch_.read_ns = wall_now();
    auto got = file.read(carry.place(batch_));
    if (!got) outcome = std::move(got).error();
    if (!got || *got == 0) break;
    carry.take(batch_, 0, *got);
    process(batch_, visit);
    progress_.show(done_ + file.used(), name);
  }
  batch_.reset(carry.held());
  batch_.sources.push_back(source);
  carry.finish(batch_, 0);
  process(batch_, visit);
  // Events that may have gone on.
  rest_.reset(0);
  while (reader_.take_due(rest_, SteadyTime::max())) {
    visit_records(rest_, visit);
    rest_.reset(0);
  }
  lines_ += line_;
  done_ += file.used();
  return outcome;
}

void LogReader::process(Batch& batch, const Visit& visit) {
  FrameCursor cursor;
  chunk_ = 0;
  at_ = batch.chunks.empty() ? nullptr : batch.bytes() + batch.chunks[0].begin;
  while (cursor.chunk < batch.chunks.size()) {
    batch.clear_records();
    reader_.begin_slice(batch);
    frame(batch, cursor);
    number_lines(batch);
    reader_.read(batch, cursor.chunk < batch.chunks.size());
    visit_records(batch, visit);
  }
  while (chunk_ < batch.chunks.size()) pass_chunk(batch);
}

// Gives the records, which are lines of the batch in their order, the numbers of these as offsets.
void LogReader::number_lines(Batch& batch) {
  for (Record& record : batch.records) {
    const char* line = record.line.data();
    while (true) {
      const Chunk& chunk = batch.chunks[chunk_];
      if (line < batch.bytes() + chunk.begin + chunk.size) break;
      pass_chunk(batch);
    }
    while (at_ < line) {
      auto size = static_cast<size_t>(line - at_);
      const void* end = std::memchr(at_, '\n', size);
      if (end == nullptr) break;
      at_ = static_cast<const char*>(end) + 1;
      ++line_;
    }
    record.offset = (line_ + 1) << kLineShift;
  }
}

// Counts the rest of the chunk's lines, and goes on to the next one.
void LogReader::pass_chunk(const Batch& batch) {
  const Chunk& chunk = batch.chunks[chunk_];
  const char* end = batch.bytes() + chunk.begin + chunk.size;
  if (at_ < end) {
    line_ += static_cast<uint64_t>(std::count(at_, end, '\n'));
    // A line that was cut off, or the last one of a file.
    if (end[-1] != '\n') ++line_;
  }
  if (++chunk_ < batch.chunks.size()) at_ = batch.bytes() + batch.chunks[chunk_].begin;
}

void LogReader::visit_records(Batch& batch, const Visit& visit) {
  for (Record& record : batch.records) {
    ++records_;
    if (on_ != JudgedOn::kLine) lineage_.resolve(batch, record);
    redactor_.redact(batch, record);
    LogRecord seen;
    seen.record = &record;
    seen.identity = &plan_.identity;
    seen.line = record.offset >> kLineShift;
    contract::Value value;
    if (on_ == JudgedOn::kRecord) {
      value = view_.of(batch, record, plan_.identity, batch.arena);
      seen.value = &value;
      seen.size = view_.size();
    } else if (on_ == JudgedOn::kLine && record.token_count > 0) {
      // What was lifted is still there, and marked; only doubles do not count.
      value = contract::Value::of(record.json, *batch.tokens_of(record), Token::kDuplicate);
      seen.value = &value;
      seen.size = record.token_count + record.line.size() / 64;
    }
    visit(seen);
  }
}

}  // namespace waybill::daemon
