// SPDX-License-Identifier: Apache-2.0
#include "sampling/suppressed.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/canonical.h"
#include "core/json_text.h"

namespace waybill::sampling {

namespace {

std::string_view number_text(uint64_t number, Arena& arena) {
  constexpr size_t kMost = 20;
  char* to = arena.allocate(kMost);
  return {to, static_cast<size_t>(std::to_chars(to, to + kMost, number).ptr - to)};
}

std::string_view time_text(int64_t time_ns, Arena& arena) {
  constexpr size_t kMost = 32;
  char* to = arena.allocate(kMost);
  return {to, static_cast<size_t>(write_rfc3339(time_ns, 9, to) - to)};
}

Text copied(const std::string& text, Arena& arena) {
  return text.empty() ? Text() : raw_text(arena.copy(text));
}

Id128 id_of(const Id128& nonce, uint64_t number) {
  uint8_t input[24];
  std::memcpy(input, nonce.data(), 16);
  std::memcpy(input + 16, &number, 8);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(input, sizeof input));
  Id128 id;
  std::memcpy(id.data(), canonical.digest, id.size());
  return id;
}

}  // namespace

std::string_view rate_text(double rate, Arena& arena) {
  constexpr size_t kMost = 32;
  // So many digits that a count is exact, and 1/0.1 is 10.
  constexpr int kDigits = 12;
  if (rate == 1) return {};
  char* to = arena.allocate(kMost);
  auto end = std::to_chars(to, to + kMost, rate, std::chars_format::general, kDigits).ptr;
  return {to, static_cast<size_t>(end - to)};
}

std::string_view template_id_text(uint64_t id, Arena& arena) {
  constexpr char kDigits[] = "0123456789abcdef";
  char* to = arena.allocate(16);
  for (int i = 15; i >= 0; --i, id >>= 4) to[i] = kDigits[id & 15];
  return {to, 16};
}

uint32_t SuppressedWriter::source_of(Batch& batch, const std::string& input) {
  auto named = [&](const auto& source) { return source->input == input; };
  auto there = std::find_if(batch.sources.begin(), batch.sources.end(), named);
  if (there != batch.sources.end()) return static_cast<uint32_t>(there - batch.sources.begin());
  auto known = std::find_if(sources_.begin(), sources_.end(), named);
  if (known == sources_.end()) {
    auto made = std::make_shared<Source>();
    made->number = next_source_number();
    made->input = input;
    made->nonce = random_id();
    known = sources_.insert(sources_.end(), std::move(made));
  }
  batch.sources.push_back(*known);
  return static_cast<uint32_t>(batch.sources.size() - 1);
}

void SuppressedWriter::append(Batch& batch, const Suppressed& suppressed) {
  Arena& arena = batch.arena;
  Record record;
  record.source = source_of(batch, suppressed.input);
  std::string_view lines = number_text(suppressed.lines, arena);
  constexpr std::string_view kWord = "suppressed ";
  size_t size = kWord.size() + lines.size() + 2 + suppressed.message.size();
  char* line = arena.allocate(size + kPadding);
  char* to = std::copy(kWord.begin(), kWord.end(), line);
  to = std::copy(lines.begin(), lines.end(), to);
  *to++ = ':';
  *to++ = ' ';
  to = std::copy(suppressed.message.begin(), suppressed.message.end(), to);
  std::memset(to, 0, kPadding);
  record.line = {line, size};
  record.message = raw_text(record.line);
  record.offset = written_++;
  record.id = id_of(batch.source_of(record).nonce, record.offset);
  record.time_ns = suppressed.last_ns;
  record.time_said = true;
  record.read_ns = wall_now();
  record.level = suppressed.level;
  record.severity = suppressed.severity;
  record.level_said = true;
  record.service_name = copied(suppressed.service, arena);
  record.logger = copied(suppressed.logger, arena);
  record.format = "suppressed";
  record.sample_rate = rate_text(suppressed.weight, arena);
  record.first_field = static_cast<uint32_t>(batch.fields.size());
  auto field = [&](std::string_view key, std::string_view value, JsonType type) {
    batch.fields.push_back(
        Field{Text(key, TextForm::kClean), Text(value, TextForm::kClean), type, false});
  };
  field("suppressed", lines, JsonType::kNumber);
  field("first", time_text(suppressed.first_ns, arena), JsonType::kString);
  field("last", time_text(suppressed.last_ns, arena), JsonType::kString);
  if (suppressed.template_id != 0) {
    field("template_id", template_id_text(suppressed.template_id, arena), JsonType::kString);
  }
  record.field_count = static_cast<uint32_t>(batch.fields.size()) - record.first_field;
  batch.records.push_back(record);
}

}  // namespace waybill::sampling
