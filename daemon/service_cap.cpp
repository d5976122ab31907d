// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_cap.h"

#include <functional>

#include "core/log.h"

namespace waybill::daemon {

namespace {

constexpr size_t kLongestName = 256;

// Takes back the cut of the token that holds `text`, and of all around it. False: there is none.
bool uncut_token(Batch& batch, const Record& record, Text text) {
  Token* root = batch.tokens.data() + record.first_token;
  for (uint32_t i = 1; i < record.token_count; ++i) {
    Token& token = root[i];
    uint32_t inside = token.type == JsonType::kString ? 1 : 0;
    if (record.json + token.value + inside != text.data) continue;
    token.flags &= static_cast<uint8_t>(~Token::kCut);
    for (uint32_t around = 1; around < i; ++around) {
      bool holds = around + root[around].span > i;
      if (holds) root[around].flags &= static_cast<uint8_t>(~Token::kCut);
    }
    return true;
  }
  return false;
}

// The same of a text line's pairs; a name that was none of them becomes one.
void uncut_field(Batch& batch, Record& record, Text text) {
  for (uint32_t i = 0; i < record.field_count; ++i) {
    Field& field = batch.fields[record.first_field + i];
    if (field.value.data != text.data || !field.cut) continue;
    field.cut = false;
    return;
  }
  auto first = static_cast<uint32_t>(batch.fields.size());
  for (uint32_t i = 0; i < record.field_count; ++i) {
    Field copied = batch.fields[record.first_field + i];
    batch.fields.push_back(copied);
  }
  batch.fields.push_back({Text("service_name", TextForm::kClean), text});
  record.first_field = first;
  ++record.field_count;
}

}  // namespace

bool ServiceCap::admits(std::string_view name) {
  if (name == last_) return true;
  size_t hash = std::hash<std::string_view>{}(name);
  if (names_.find(hash) == names_.end()) {
    if (names_.size() >= most_) return false;
    names_.insert(hash);
  }
  last_ = name;
  return true;
}

uint64_t ServiceCap::hold(Batch& batch) {
  uint64_t refused = 0;
  for (Record& record : batch.records) {
    if (!record.service_name || record.passed != nullptr) continue;
    std::string_view name = record.service_name.bytes();
    // Whoever counts by service keeps its name: no line makes that large.
    if (name.size() <= kLongestName && admits(name)) continue;
    if (record.token_count == 0) {
      uncut_field(batch, record, record.service_name);
    } else if (!uncut_token(batch, record, record.service_name)) {
      continue;  // it stands nowhere else: kept rather than lost
    }
    record.service_name = {};
    ++refused;
  }
  if (refused > 0 && !said_) {
    said_ = true;
    spdlog::warn(
        "lines name more than {} services: further names stay in the context, and the configured "
        "service holds (service.max_from_lines)",
        most_);
  }
  return refused;
}

}  // namespace waybill::daemon
