// SPDX-License-Identifier: Apache-2.0
// LogReader: existing logs as values that a contract judges: the lines of finished files, joined,
// parsed and put into their traces as the daemon does it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "contract/record_view.h"
#include "core/batch.h"
#include "core/byte_budget.h"
#include "daemon/log_file.h"
#include "daemon/plan.h"
#include "daemon/progress.h"
#include "lineage/lineage.h"
#include "parsers/event_reader.h"
#include "redaction/record_redactor.h"

namespace waybill::daemon {

// What is judged: the record that becomes of a line, the line's own JSON, or nothing: then no value
// is made.
enum class JudgedOn : uint8_t { kRecord, kLine, kNothing };

// One event of a log, as a contract sees it.
struct LogRecord {
  // Null: nothing is judged, or its own JSON and it has none. Good until the next event.
  const contract::Value* value = nullptr;
  size_t size = 0;                     // of the value, as contract::Validator wants it
  uint64_t line = 0;                   // of its first line, from 1
  const Record* record = nullptr;      // in its trace, unless the line's own JSON is judged
  const Identity* identity = nullptr;  // of whoever is configured
};

// Once warm it allocates nothing per line. One thread. `plan` and `progress` outlive it.
class LogReader {
 public:
  LogReader(const Plan& plan, JudgedOn on, Progress& progress);

  using Visit = std::function<void(const LogRecord&)>;
  // Reads the file to its end and calls `visit` for each event in it. `name` is what the progress
  // bar calls it. What was read before an Error has been visited.
  Result<void> read(LogFile& file, const std::string& name, const Visit& visit);

  uint64_t lines() const { return lines_; }      // of all files, empty ones included
  uint64_t records() const { return records_; }  // of all files

 private:
  void process(Batch& batch, const Visit& visit);
  void visit_records(Batch& batch, const Visit& visit);
  void number_lines(Batch& batch);
  void pass_chunk(const Batch& batch);

  const Plan& plan_;
  const JudgedOn on_;
  Progress& progress_;
  ByteBudget budget_;
  parsers::EventReader reader_;
  Batch batch_, rest_;
  lineage::Lineage lineage_;
  redaction::RecordRedactor redactor_;  // what is shown of a log is redacted as what is sent
  contract::RecordView view_;

  uint64_t done_ = 0;  // bytes of the files before
  uint64_t lines_ = 0, records_ = 0;
  // Within the file and the batch at hand: lines before `at_`, which is in chunk `chunk_`.
  uint64_t line_ = 0;
  size_t chunk_ = 0;
  const char* at_ = nullptr;
};

}  // namespace waybill::daemon
