// SPDX-License-Identifier: Apache-2.0
// From entries to requests: a push is the streams of one tenant, packed as a whole.
#include <fmt/format.h>
#include <snappy-sinksource.h>
#include <snappy.h>

#include <algorithm>
#include <memory>

#include "config/options.h"
#include "outputs/loki/encoder.h"
#include "outputs/loki/refusal.h"
#include "outputs/loki/wire.h"
#include "outputs/protobuf.h"
#include "outputs/runs.h"

namespace waybill::outputs::loki {

namespace {

namespace pb = protobuf;

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

std::string_view Backend::request_key(const delivery::Group& group) const {
  return tenant_of(group.head);
}

std::string Backend::request_header(std::string_view key) const {
  return key.empty() ? std::string() : tenant_header(key);
}

std::string tenant_header(std::string_view tenant) {
  return "X-Scope-OrgID: " + std::string(tenant);
}

// What the server would refuse for its time, if it is known to.
std::vector<http::Item> Backend::refuse(const delivery::Payload& payload, WallNanos now) const {
  std::vector<http::Item> refused;
  const int64_t oldest =
      settings_.max_age.count() > 0 ? now - settings_.max_age.count() : INT64_MIN;
  const int64_t newest =
      settings_.max_ahead.count() > 0 ? now + settings_.max_ahead.count() : INT64_MAX;
  if (oldest == INT64_MIN && newest == INT64_MAX) return refused;
  for (uint32_t i = 0; i < payload.slices.size(); ++i) {
    int64_t time = entry_time(payload.encoded(payload.slices[i]));
    if (time >= oldest && time <= newest) continue;
    http::Item item;
    item.position = i;
    const bool old = time < oldest;
    item.reason =
        fmt::format("its time is {} than {} = {} allows", old ? "older" : "further ahead",
                    old ? "max_age" : "max_ahead",
                    config::duration_text((old ? settings_.max_age : settings_.max_ahead).count()));
    refused.push_back(std::move(item));
  }
  return refused;
}

void Backend::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                      delivery::Body& body) const {
  body.clear();
  std::vector<Run> runs = runs_of(payload, picks);
  // Of several tenants there is no one request: their parts are composed when they are sent.
  for (const Run& run : runs) {
    if (request_key(payload.groups[run.group]) != request_key(payload.groups[runs.front().group])) {
      return;
    }
  }
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
    std::string_view labels = labels_of(payload.groups[first->group].head);
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
