// SPDX-License-Identifier: Apache-2.0
// Message: a record as Kafka takes it, and the bytes as which it waits in a payload or a spool.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/buffer.h"

namespace waybill::outputs::kafka {

struct Message {
  int64_t time_ms = 0;           // since 1970, at least 1 (Kafka's 0 and below mean "none")
  std::string_view id;           // 32 hex digits
  std::string_view traceparent;  // W3C Trace Context, version 00; empty: none
  std::optional<std::string_view> key;
  std::string_view value;  // JSON

  // Bytes that it takes in a request, its headers and what frames them included; at most.
  size_t wire_size() const;
};

constexpr std::string_view kContentType = "application/json";
constexpr size_t kIdSize = 32;
constexpr size_t kTraceparentSize = 55;

// Appends what stands before the value; the value goes right behind it.
void append_head(Buffer& out, const Message& message);
// Takes apart what append_head() and the value behind it have made: views into `bytes`. Nothing for
// other bytes, and any bytes are legal: they may come from a spool.
std::optional<Message> read_message(std::string_view bytes);

}  // namespace waybill::outputs::kafka
