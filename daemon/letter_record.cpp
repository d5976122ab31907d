// SPDX-License-Identifier: Apache-2.0
#include "daemon/letter_record.h"

#include <cstring>

#include "core/canonical.h"
#include "daemon/canonical_names.h"

namespace waybill::daemon {

namespace {

lineage::LineageSettings without_memory(lineage::LineageSettings settings) {
  settings.inherit.clear();
  if (settings.generate == lineage::Generate::kRequest) settings.generate = lineage::Generate::kOff;
  return settings;
}

}  // namespace

LetterRecord::LetterRecord(Identity identity, const parsers::Settings& settings,
                           const std::vector<std::string>& formats,
                           lineage::LineageSettings lineage,
                           std::shared_ptr<const contract::Contract> contract)
    : identity_(std::move(identity)),
      reader_(settings, formats, budget_),
      lineage_(without_memory(std::move(lineage))) {
  if (contract)
    judge_.emplace(std::move(contract), canonical_names(), time_reader(settings.default_zone),
                   false);
}

void LetterRecord::append(Buffer& out, const delivery::Note& note, std::shared_ptr<Source> source) {
  // Whoever understood the line then understands it again.
  source->format = note.format;
  batch_.reset(note.line.size());
  std::memcpy(batch_.room().data(), note.line.data(), note.line.size());
  batch_.commit(note.line.size());
  batch_.sources.assign(1, std::move(source));
  Record& event = batch_.records.emplace_back();
  event.line = {batch_.bytes(), note.line.size()};
  event.offset = note.offset;
  event.read_ns = event.time_ns = note.read_ns;
  event.marks.truncated_bytes = note.truncated_bytes;
  reader_.read_event(batch_);
  Record& record = batch_.records.front();
  lineage_.resolve(batch_, record);
  if (record.passed == nullptr) record.id = note.id;
  if (!note.trace_id.empty()) {
    record.trace_id = Text(batch_.arena.copy(note.trace_id), TextForm::kClean);
    record.trace_origin = note.trace_origin;
    record.trace_flags = note.trace_flags;
  }
  source_identities_.fill(batch_, identity_);
  if (judge_) contract::Judge::note(batch_, record, judge_->judge(batch_, record, identity_));
  append_canonical(out, batch_, record, identity_, part::kAll);
}

}  // namespace waybill::daemon
