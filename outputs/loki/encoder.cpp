// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/encoder.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <snappy-sinksource.h>
#include <snappy.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "outputs/passed.h"
#include "outputs/protobuf.h"
#include "outputs/runs.h"

namespace waybill::outputs::loki {

namespace {

namespace pb = protobuf;

// Tags: field number << 3 | wire type (0 varint, 2 length-delimited).
constexpr uint8_t kStreams = 0x0A;  // of PushRequest
constexpr uint8_t kLabels = 0x0A;   // of StreamAdapter
constexpr uint8_t kEntries = 0x12;
constexpr uint8_t kTimestamp = 0x0A;  // of EntryAdapter
constexpr uint8_t kLine = 0x12;
constexpr uint8_t kMetadata = 0x1A;
constexpr uint8_t kName = 0x0A;  // of LabelPairAdapter
constexpr uint8_t kValue = 0x12;
constexpr uint8_t kSeconds = 0x08;  // of Timestamp
constexpr uint8_t kNanos = 0x10;

constexpr size_t kMaxLabelValue = 2048;
// Loki takes 128 pairs and 64 KB for an entry; the record's own need 10 pairs of limited length.
constexpr size_t kMaxResourcePairs = 110;
constexpr size_t kMaxResourceBytes = 40 * 1024;
constexpr size_t kMaxMetadataValue = 2048;

// The metadata that a record itself may bring, and labels: a resource attribute of such a name
// would overwrite it ("the last wins").
constexpr std::array<std::string_view, 11> kOwnNames = {
    "service_name", "level",        "trace_id",   "span_id",        "trace_flags", "parent_span_id",
    "tracestate",   "trace_origin", "request_id", "correlation_id", "tenant_id"};

bool is_own_name(std::string_view name) {
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end();
}

// As Go's strconv.Quote writes a string, which is how Loki shows its labels.
void append_quoted(std::string& out, std::string_view characters) {
  out += '"';
  for (char c : whole_characters(characters, kMaxLabelValue)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

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

// Pieces of a message, one behind the other, as snappy reads them.
class Rope final : public snappy::Source {
 public:
  explicit Rope(size_t most_pieces) { pieces_.reserve(most_pieces); }

  void add(std::string_view piece) {
    if (piece.empty()) return;
    pieces_.push_back(piece);
    left_ += piece.size();
  }

  size_t Available() const override { return left_; }
  const char* Peek(size_t* size) override {
    *size = at_ < pieces_.size() ? pieces_[at_].size() : 0;
    return at_ < pieces_.size() ? pieces_[at_].data() : nullptr;
  }
  void Skip(size_t size) override {
    left_ -= size;
    while (size > 0) {
      size_t step = std::min(size, pieces_[at_].size());
      pieces_[at_].remove_prefix(step);
      size -= step;
      if (pieces_[at_].empty()) ++at_;
    }
  }

 private:
  std::vector<std::string_view> pieces_;
  size_t at_ = 0;
  size_t left_ = 0;
};

}  // namespace

Backend::Backend(const Settings& settings, const http::Url& url) : settings_(settings) {
  endpoint_.urls = {url.text("/loki/api/v1/push")};
  endpoint_.headers = {"Content-Type: application/x-protobuf"};
  if (!settings.tenant.empty()) endpoint_.headers.push_back("X-Scope-OrgID: " + settings.tenant);
  endpoint_.product = "Loki";

  labels_.push_back({"service_name", LabelKind::kService, {}});
  for (const std::string& label : settings.labels) {
    std::string name = sanitised_name(label);
    if (name == "service_name") continue;
    LabelKind kind = name == "level" ? LabelKind::kLevel : LabelKind::kResource;
    level_is_label_ |= kind == LabelKind::kLevel;
    labels_of_resource_ |= kind == LabelKind::kResource;
    labels_.push_back({std::move(name), kind, {}});
  }
  // Loki sorts them; in this order its messages name a stream just as we do.
  std::sort(labels_.begin(), labels_.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
}

Result<void> Backend::prepare(const Identity& identity) {
  identity_ = &identity;
  line_parts_ = part::kMessage | part::kCode | part::kError | part::kContext | part::kRate |
                part::kSchemaErrors;
  if (!level_is_label_) line_parts_ |= part::kLevel;

  std::vector<std::string> names;
  Buffer pairs;
  for (const auto& [attribute, value] : identity.resource) {
    std::string name = sanitised_name(attribute);
    if (Label* label = find_label(name)) {
      label->value = value;
      continue;
    }
    std::string unique = name;
    for (int i = 2;
         is_own_name(unique) || std::find(names.begin(), names.end(), unique) != names.end(); ++i) {
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
  for (const Label& label : labels_) {
    if (label.kind == LabelKind::kResource && label.value.empty()) {
      spdlog::warn("{}: no resource attribute is called '{}': streams get no such label",
                   endpoint_.urls.front(), label.name);
    }
  }
  return {};
}

Backend::Label* Backend::find_label(std::string_view name) {
  for (Label& label : labels_) {
    if (label.kind == LabelKind::kResource && label.name == name) return &label;
  }
  return nullptr;
}

std::vector<http::Probe> Backend::probes() const {
  // A push of no streams: Loki checks the way, the credentials and the tenant, and says 422.
  return {{endpoint_.urls.front(), true, std::string(1, '\0')}};
}

// ---- streams ----

Backend::Stream& Backend::stream_of(const Batch& batch, const Record& record,
                                    delivery::Payload& payload) {
  const Token* resource = labels_of_resource_ ? own_resource(batch, record) : nullptr;
  if (resource != nullptr) {
    write_labels(record, resource);
    Stream& passing = recent_[kRecentStreams];
    passing.head = head_;
    passing.hash = std::hash<std::string_view>{}(passing.head);
    passing.group = payload.group(passing.head);
    return passing;
  }
  Text service = record.service_name;
  Level level = level_is_label_ ? record.level : Level::kNone;
  // Told apart by their size, first and last byte: names of services mostly differ in these.
  size_t key = service.size * 7 + static_cast<size_t>(level) * 3;
  if (service.size > 0) {
    key += static_cast<unsigned char>(service.data[0]) * 5u +
           static_cast<unsigned char>(service.data[service.size - 1]);
  }
  Stream& stream = recent_[key % kRecentStreams];
  bool same = stream.known && stream.level == level && stream.form == service.form &&
              std::string_view(stream.service) == service.bytes();
  if (!same) {
    write_labels(record, nullptr);
    stream.known = true;
    stream.level = level;
    stream.form = service.form;
    stream.service = service.bytes();
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

// Writes the stream of `record` to head_: {level="INFO", service_name="checkout"}.
void Backend::write_labels(const Record& record, const Token* resource) {
  head_ = "{";
  auto add = [&](const Label& label, std::string_view value) {
    if (value.empty()) return;  // Loki takes an empty value for an absent label
    if (head_.size() > 1) head_ += ", ";
    head_ += label.name;
    head_ += '=';
    append_quoted(head_, value);
  };
  for (const Label& label : labels_) {
    switch (label.kind) {
      case LabelKind::kService:
        add(label, record.service_name.empty() ? std::string_view(identity_->service_name)
                                               : plain(record.service_name));
        break;
      case LabelKind::kLevel: add(label, level_name(record.level)); break;
      case LabelKind::kResource:
        if (resource == nullptr) {
          add(label, label.value);
          break;
        }
        // Two keys may read the same as a label; a stream with one twice would be refused.
        bool found = false;
        for_each_inside(record, resource, [&](const Member& member) {
          if (found || sanitised_name(plain(member.key)) != label.name) return;
          found = true;
          add(label, plain(scalar_text(member)));
        });
    }
  }
  head_ += '}';
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
  if (resource == nullptr) {
    out.append(resource_metadata_);
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
  if (!level_is_label_ && settings_.line != Line::kRecord) {
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
    if (find_label(name) != nullptr) return;
    append_pair(out, is_own_name(name) ? name + "_2" : name, scalar_text(member));
  });
}

// ---- requests ----

void Backend::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                      delivery::Body& body) const {
  body.clear();
  std::vector<Run> runs = runs_of(payload, picks);
  // What stands before the entries of each stream, back to back; the pieces are views of it, so it
  // must not move.
  size_t room = 0;
  for (uint32_t i = 0; i < payload.group_count; ++i) {
    room += payload.groups[i].head.size() + 2 * (1 + pb::kMaxVarint);
  }
  auto heads = std::make_unique<char[]>(room);
  char* to = heads.get();
  Rope rope(runs.size() + payload.group_count);
  for (auto first = runs.begin(); first != runs.end();) {
    auto last = first;
    size_t entries = 0;
    for (; last != runs.end() && last->group == first->group; ++last) {
      entries += last->end - last->begin;
    }
    std::string_view labels = payload.groups[first->group].head;
    char* head = to;
    to = pb::write_head(to, kStreams, pb::field_size(labels.size()) + entries);
    to = pb::write_field(to, kLabels, labels);
    rope.add({head, static_cast<size_t>(to - head)});
    for (; first != last; ++first) rope.add(first->bytes(payload));
  }
  body.plain_size = rope.Available();
  snappy::UncheckedByteArraySink sink(
      body.bytes.reserve(snappy::MaxCompressedLength(body.plain_size)));
  body.bytes.advance(snappy::Compress(&rope, &sink));
}

}  // namespace waybill::outputs::loki
