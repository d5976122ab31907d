// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/encoder.h"

#include <algorithm>
#include <cstring>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/source.h"

namespace waybill::outputs::kafka {

namespace {

constexpr int64_t kMillisecond = 1'000'000;

char digit(int value) { return "0123456789abcdef"[value & 15]; }

}  // namespace

std::string_view traceparent_of(const Record& record, char (&room)[kTraceparentSize]) {
  if (record.trace_id.size != 32 || record.span_id.size != 16) return {};
  const int flags = std::max<int>(record.trace_flags, 0);
  char* to = room;
  auto put = [&](std::string_view text) { to = std::copy(text.begin(), text.end(), to); };
  put("00-");
  put(record.trace_id.bytes());
  put("-");
  put(record.span_id.bytes());
  put("-");
  *to++ = digit(flags >> 4);
  *to = digit(flags);
  return {room, kTraceparentSize};
}

Encoder::Encoder(const Settings& settings)
    : topic_(settings.topic), default_topic_(settings.default_topic), key_(settings.key) {
  Result<Template> made = Template::parse(topic_);
  if (made && !made->constant()) template_ = *std::move(made);
}

void Encoder::prepare(const Identity& identity, const std::string& output) {
  identity_ = &identity;
  output_ = output;
}

std::string_view Encoder::topic_of(const Batch& batch, const Record& record, const Identity& who) {
  if (!template_) return topic_;
  name_.clear();
  if (!template_->append(name_, batch, record, who, scratch_)) return default_topic_;
  clean_for_topic(name_);
  if (topics_.contains(name_)) return name_;
  if (topics_.size() < kMostTopics) {
    topics_.insert(name_);
    return name_;
  }
  if (!std::exchange(told_, true)) {
    spdlog::warn("output {}: records name more than {} topics: those of others go to {}", output_,
                 kMostTopics, default_topic_);
  }
  return default_topic_;
}

std::optional<std::string_view> Encoder::key_of(const Record& record, const Identity& who) {
  if (key_ == Key::kNone) return std::nullopt;
  if (key_ == Key::kTraceId && !record.trace_id.empty()) return record.trace_id.bytes();
  Text service = service_of(record, who);
  if (service.form != TextForm::kJson) return service.bytes();
  characters_.clear();
  append_characters(characters_, service);
  return characters_.view();
}

void Encoder::append(const Batch& batch, const Record& record, delivery::Payload& payload) {
  const Identity& who = batch.identity_of(record, *identity_);
  const uint32_t group = payload.group(topic_of(batch, record, who));
  Buffer& out = payload.buffer(group);
  const auto begin = static_cast<uint32_t>(out.size());
  char id[kIdSize];
  write_hex(record.id, id);
  char traceparent[kTraceparentSize];
  append_head(out, {.time_ms = std::max<int64_t>(record.time_ns / kMillisecond, 1),
                    .id = {id, kIdSize},
                    .traceparent = traceparent_of(record, traceparent),
                    .key = key_of(record, who),
                    .value = {}});
  append_canonical(out, batch, record, *identity_, part::kAll);
  payload.added(group, begin);
}

}  // namespace waybill::outputs::kafka
