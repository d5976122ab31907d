// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/message.h"

#include <cstring>

#include "delivery/little_endian.h"

namespace waybill::outputs::kafka {

namespace {

// The first byte: which form this is, and what is there.
constexpr unsigned kForm = 0x10;
constexpr unsigned kHasKey = 1;
constexpr unsigned kHasTraceparent = 2;

constexpr size_t kFixed = 1 + sizeof(uint64_t) + kIdSize;

// Of a record in a batch of version 2: its length, attributes, time, offset and sizes are variable
// integers; of each header two sizes. The names of ours come on top.
constexpr size_t kFraming = 5 + 1 + 10 + 5 + 5 + 5 + 5 + 3 * 10;
constexpr size_t kNames = std::string_view("content-typeidtraceparent").size();

}  // namespace

size_t Message::wire_size() const {
  return value.size() + (key ? key->size() : 0) + id.size() + traceparent.size() +
         kContentType.size() + kNames + kFraming;
}

void append_head(Buffer& out, const Message& message) {
  out.push_back(static_cast<char>(kForm | (message.key ? kHasKey : 0) |
                                  (message.traceparent.empty() ? 0 : kHasTraceparent)));
  delivery::put_u64(out, static_cast<uint64_t>(message.time_ms));
  out.append(message.id);
  out.append(message.traceparent);
  if (!message.key) return;
  delivery::put_u32(out, static_cast<uint32_t>(message.key->size()));
  out.append(*message.key);
}

std::optional<Message> read_message(std::string_view bytes) {
  if (bytes.size() < kFixed) return std::nullopt;
  const auto flags = static_cast<unsigned char>(bytes.front());
  if ((flags & ~(kHasKey | kHasTraceparent)) != kForm) return std::nullopt;
  Message message;
  message.time_ms = static_cast<int64_t>(delivery::load_u64(bytes.data() + 1));
  message.id = bytes.substr(1 + sizeof(uint64_t), kIdSize);
  bytes.remove_prefix(kFixed);
  if (flags & kHasTraceparent) {
    if (bytes.size() < kTraceparentSize) return std::nullopt;
    message.traceparent = bytes.substr(0, kTraceparentSize);
    bytes.remove_prefix(kTraceparentSize);
  }
  if (flags & kHasKey) {
    if (bytes.size() < sizeof(uint32_t)) return std::nullopt;
    const uint32_t size = delivery::load_u32(bytes.data());
    bytes.remove_prefix(sizeof(uint32_t));
    if (bytes.size() < size) return std::nullopt;
    message.key = bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  message.value = bytes;
  return message;
}

}  // namespace waybill::outputs::kafka
