// SPDX-License-Identifier: Apache-2.0
// The tags of a push (encoder.h), and what stands before a stream's labels in a group's head.
#pragma once

#include <cstdint>
#include <string_view>

namespace waybill::outputs::loki {

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

// A group's head is the labels of a stream, behind the tenant where that is a matter of the record:
// acme{level="INFO", service_name="checkout"}. A tenant's id has no bracket.
inline std::string_view tenant_of(std::string_view head) { return head.substr(0, head.find('{')); }
inline std::string_view labels_of(std::string_view head) {
  return head.substr(tenant_of(head).size());
}

}  // namespace waybill::outputs::loki
