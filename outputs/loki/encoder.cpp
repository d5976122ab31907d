// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/encoder.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <functional>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/utf8.h"
#include "outputs/loki/wire.h"
#include "outputs/passed.h"
#include "outputs/protobuf.h"

namespace waybill::outputs::loki {

namespace {

namespace pb = protobuf;

// Loki takes 128 pairs and 64 KB for an entry; the record's own and demoted labels need 26 pairs of
// limited length.
constexpr size_t kMaxResourcePairs = 100;
constexpr size_t kMaxResourceBytes = 40 * 1024;
constexpr size_t kMaxMetadataValue = 2048;
constexpr size_t kMaxDemotedValue = 512;

// The metadata that a record itself may bring, and labels: a resource attribute of such a name
// would overwrite it ("the last wins").
constexpr std::array<std::string_view, 11> kOwnNames = {
    "service_name", "level",        "trace_id",   "span_id",        "trace_flags", "parent_span_id",
    "tracestate",   "trace_origin", "request_id", "correlation_id", "tenant_id"};

size_t pair_size(size_t name, size_t value) { return pb::field_size(name) + pb::field_size(value); }

char* write_pair(char* to, std::string_view name, std::string_view value) {
  to = pb::write_head(to, kMetadata, pair_size(name.size(), value.size()));
  to = pb::write_field(to, kName, name);
  return pb::write_field(to, kValue, value);
}

// `line` with every byte that is no part of a UTF-8 character replaced by U+FFFD.
void append_repaired(Buffer& out, std::string_view line) {
  while (!line.empty()) {
    auto lead = static_cast<unsigned char>(line.front());
    size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (size <= line.size() && simdjson::validate_utf8(line.data(), size)) {
      out.append(line.substr(0, size));
      line.remove_prefix(size);
    } else {
      out.append("\xEF\xBF\xBD");
      line.remove_prefix(1);
    }
  }
}

}  // namespace

bool Backend::is_own_name(std::string_view name) {
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end();
}

Backend::Backend(const Settings& settings, const std::vector<http::Url>& urls)
    : settings_(settings), labels_(settings) {
  for (const http::Url& url : urls) endpoint_.urls.push_back(url.text("/loki/api/v1/push"));
  endpoint_.headers = {"Content-Type: application/x-protobuf"};
  endpoint_.product = "Loki";
  if (settings.tenant.empty()) return;
  Result<Template> tenant = Template::parse(settings.tenant);
  if (tenant && !tenant->constant()) {
    tenant_ = std::move(*tenant);
  } else {
    endpoint_.headers.push_back(tenant_header(settings.tenant));
  }
}

Result<void> Backend::prepare(const Identity& identity) {
  identity_ = &identity;
  line_parts_ = part::kMessage | part::kCode | part::kError | part::kContext | part::kRate |
                part::kSchemaErrors;
  if (!labels_.has_level()) line_parts_ |= part::kLevel;
  labels_.prepare(identity, endpoint_.urls.front());

  std::vector<std::string> names;
  Buffer pairs;
  for (const auto& [attribute, value] : identity.resource) {
    std::string name = sanitised_name(attribute);
    if (labels_.has_resource(name)) continue;
    std::string unique = name;
    for (int i = 2; is_own_name(unique) || labels_.has(unique) ||
                    std::find(names.begin(), names.end(), unique) != names.end();
         ++i) {
      unique = fmt::format("{}_{}", name, i);
    }
    append_pair(pairs, unique, Text(value, TextForm::kRaw));
    names.push_back(std::move(unique));
  }
  resource_metadata_ = pairs.view();
  if (names.size() > kMaxResourcePairs || pairs.size() > kMaxResourceBytes) {
    resource_metadata_.clear();
    line_parts_ |= part::kResource;
    if (settings_.line != Line::kRecord) {
      spdlog::warn(
          "{}: the resource has {} attributes of {} bytes, more than Loki takes as "
          "structured metadata: they are not sent; use `line: record`, or fewer",
          endpoint_.urls.front(), names.size(), pairs.size());
    }
  }
  return {};
}

std::vector<http::Probe> Backend::probes() const {
  // A push of no streams: Loki checks the way, the credentials and the tenant, and says 422.
  std::vector<http::Probe> probes;
  for (const std::string& url : endpoint_.urls) {
    std::string tenant = tenant_ ? tenant_header(settings_.default_tenant) : "";
    probes.push_back({url, true, std::string(1, '\0'), std::move(tenant)});
  }
  return probes;
}

// ---- streams ----

Backend::Stream& Backend::stream_of(const Batch& batch, const Record& record,
                                    delivery::Payload& payload) {
  const Token* resource = labels_.of_resource() ? own_resource(batch, record) : nullptr;
  const bool own_source =
      labels_.of_resource() && batch.identity_of(record, *identity_).number != 0;
  if (resource != nullptr || own_source || labels_.of_record() || tenant_) {
    write_head(batch, record, resource);
    Stream& passing = recent_[kRecentStreams];
    if (passing.head != head_) {
      passing.head = head_;
      passing.hash = std::hash<std::string_view>{}(passing.head);
    }
    passing.group = payload.group(passing.head);
    return passing;
  }
  Text service = record.service_name;
  Level level = labels_.has_level() ? record.level : Level::kNone;
  // Told apart by their size, first and last byte: names of services mostly differ in these.
  size_t key = service.size * 7 + static_cast<size_t>(level) * 3;
  if (service.size > 0) {
    key += static_cast<unsigned char>(service.data[0]) * 5u +
           static_cast<unsigned char>(service.data[service.size - 1]);
  }
  Stream& stream = recent_[key % kRecentStreams];
  bool same = stream.known && stream.level == level && stream.form == service.form &&
              stream.demotions == labels_.demotions() &&
              std::string_view(stream.service) == service.bytes();
  if (!same) {
    write_head(batch, record, nullptr);
    stream.known = true;
    stream.level = level;
    stream.form = service.form;
    stream.service = service.bytes();
    stream.demotions = labels_.demotions();
    stream.head = head_;
    stream.hash = std::hash<std::string_view>{}(stream.head);
    stream.group = payload.group(stream.head);
  } else if (stream.group >= payload.group_count ||
             payload.groups[stream.group].head != stream.head) {
    stream.group = payload.group(stream.head);
  }
  return stream;
}

std::string_view Backend::plain(Text text) {
  if (text.form != TextForm::kJson) return text.bytes();
  scratch_.clear();
  append_characters(scratch_, text);
  return scratch_.view();
}

// The labels of `record`, and before them the tenant where that is a matter of the record.
void Backend::write_head(const Batch& batch, const Record& record, const Token* resource) {
  labels_.write(head_, batch, record, resource);
  if (!tenant_) return;
  tenant_text_.clear();
  bool said = tenant_->append(tenant_text_, batch, record, batch.identity_of(record, *identity_),
                              tenant_scratch_);
  // A line must not choose what a header cannot hold, or another tenant's rights ("a|b").
  if (!said || !tenant_fault(tenant_text_).empty()) tenant_text_ = settings_.default_tenant;
  head_.insert(0, tenant_text_);
}

// ---- entries ----

void Backend::append(const Batch& batch, const Record& record, delivery::Payload& payload) {
  Stream& stream = stream_of(batch, record, payload);
  Buffer& out = payload.buffer(stream.group);
  auto begin = static_cast<uint32_t>(out.size());
  size_t guess = record.line.size() + resource_metadata_.size() + 128;
  pb::Nested entry(out, kEntries, guess);
  append_time(out, times_.next(stream.hash, record.time_ns));

  uint32_t parts = line_parts_;
  const Token* resource = own_resource(batch, record);
  bool resource_in_line = resource != nullptr && (resource->span > kMaxResourcePairs ||
                                                  resource->value_size > kMaxResourceBytes);
  if (resource_in_line) parts |= part::kResource;
  // Too long for metadata, where they are cut: whole in the line.
  if (record.request_id.size + record.correlation_id.size + record.tenant_id.size +
          record.tracestate.size >
      kMaxMetadataValue) {
    parts |= part::kIds | part::kTrace;
  }
  append_line(out, batch, record, parts);
  append_metadata(out, record);
  labels_.for_each_demoted(
      batch, record, resource, [&](std::string_view name, std::string_view value) {
        append_pair(out, name, Text(whole_characters(value, kMaxDemotedValue), TextForm::kRaw));
      });
  if (resource == nullptr) {
    out.append(metadata_of(batch.identity_of(record, *identity_)));
  } else if (!resource_in_line) {
    append_own_resource(out, record, resource);
  }
  entry.close();
  payload.added(stream.group, begin);
}

void Backend::append_time(Buffer& out, int64_t time_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t seconds = time_ns / kSecond;
  int64_t nanos = time_ns % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  auto wire_seconds = static_cast<uint64_t>(seconds);
  auto wire_nanos = static_cast<uint64_t>(nanos);
  // Zeroes are the default and left out.
  size_t size = (seconds != 0 ? 1 + pb::varint_size(wire_seconds) : 0) +
                (nanos != 0 ? 1 + pb::varint_size(wire_nanos) : 0);
  char* to = out.reserve(size + 2);
  to = pb::write_head(to, kTimestamp, size);
  if (seconds != 0) {
    *to++ = static_cast<char>(kSeconds);
    to = pb::write_varint(to, wire_seconds);
  }
  if (nanos != 0) {
    *to++ = static_cast<char>(kNanos);
    to = pb::write_varint(to, wire_nanos);
  }
  out.advance(size + 2);
}

void Backend::append_line(Buffer& out, const Batch& batch, const Record& record, uint32_t parts) {
  pb::Nested line(out, kLine, record.line.size());
  if (settings_.line == Line::kRecord) {
    append_canonical(out, batch, record, *identity_, parts);
  } else if (settings_.line == Line::kMessage && !record.message.empty()) {
    append_characters(out, record.message);
  } else if (simdjson::validate_utf8(record.line.data(), record.line.size())) {
    out.append(record.line);
  } else {
    append_repaired(out, record.line);
  }
  if (line.size() > settings_.max_line_bytes) cut_line(out, line.begin());
  line.close();
}

void Backend::cut_line(Buffer& out, size_t begin) const {
  constexpr size_t kMark = 48;  // room for the mark with the longest number
  std::string_view text = out.view().substr(begin);
  size_t kept = whole_characters(text, settings_.max_line_bytes - kMark).size();
  char mark[kMark];
  auto end = fmt::format_to_n(mark, sizeof mark, "…[truncated {} bytes]", text.size() - kept);
  out.resize(begin + kept);
  out.append(mark, end.size);
}

void Backend::append_metadata(Buffer& out, const Record& record) {
  append_pair(out, "trace_id", record.trace_id);
  append_pair(out, "span_id", record.span_id);
  if (record.trace_flags >= 0) {
    constexpr char digits[] = "0123456789abcdef";
    char flags[2] = {digits[record.trace_flags >> 4 & 15], digits[record.trace_flags & 15]};
    append_pair(out, "trace_flags", Text(flags, 2, TextForm::kClean));
  }
  append_pair(out, "parent_span_id", record.parent_span_id);
  append_pair(out, "tracestate", record.tracestate);
  append_pair(out, "trace_origin", Text(trace_origin_name(record.trace_origin), TextForm::kClean));
  append_pair(out, "request_id", record.request_id);
  append_pair(out, "correlation_id", record.correlation_id);
  append_pair(out, "tenant_id", record.tenant_id);
  if (!labels_.has_level() && settings_.line != Line::kRecord) {
    append_pair(out, "level", Text(level_name(record.level), TextForm::kClean));
  }
}

void Backend::append_pair(Buffer& out, std::string_view name, Text value) {
  if (value.empty()) return;
  std::string_view bytes = plain(value);
  bytes = whole_characters(bytes, kMaxMetadataValue);
  char* begin = out.reserve(name.size() + bytes.size() + 3 * (1 + pb::kMaxVarint));
  out.advance(static_cast<size_t>(write_pair(begin, name, bytes) - begin));
}

void Backend::append_own_resource(Buffer& out, const Record& record, const Token* resource) {
  for_each_inside(record, resource, [&](const Member& member) {
    std::string name = sanitised_name(plain(member.key));
    if (labels_.has_resource(name)) return;
    bool taken = is_own_name(name) || labels_.has(name);
    append_pair(out, taken ? name + "_2" : name, scalar_text(member));
  });
}

}  // namespace waybill::outputs::loki
