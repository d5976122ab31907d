// SPDX-License-Identifier: Apache-2.0
// Why a record was dropped: one list, so that no place can drop without a reason.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace waybill {

enum class DropReason : uint8_t {
  kQueueFull,     // the output's share of memory was used up and it may not block
  kSpoolFull,     // the spool was full, too
  kSpoolDamaged,  // the spool's bytes were not what had been written
  kRejected,      // the backend refused this very record, and dead letters could not take it
  kTooLarge,      // a single record larger than the backend, or a spool, takes
  kBlocked,       // the backend took the request and said that it discards it (Loki's 260)
  kOutputClosed,  // the reader of our standard output went away
  // A reload removed or changed the output, and there was no spool for what it had not delivered.
  kOutputRemoved,
  kSchemaViolation,  // the record breaks its schema, and `on_violation` says `drop`
};
constexpr std::array<std::string_view, 9> kDropReasonNames = {
    "queue_full", "spool_full",    "spool_damaged",  "rejected",        "too_large",
    "blocked",    "output_closed", "output_removed", "schema_violation"};
constexpr size_t kDropReasonCount = kDropReasonNames.size();

// Why lines were never read.
enum class MissReason : uint8_t {
  kKernel,    // datagrams that the kernel dropped before we could receive them
  kRotation,  // a file was truncated or removed with bytes unread
  kStartAt,   // the part of a file before the configured start
  // Bytes of a message that was announced and did not come before its connection ended; and what
  // had come behind a broken count of octets, where nothing can be told apart.
  kConnection,
  kDamaged,  // the part of a compressed file that cannot be decompressed, in compressed bytes; an
             // entry of a journal that cannot be read counts as one
};
constexpr std::array<std::string_view, 5> kMissReasonNames = {"kernel", "rotation", "start_at",
                                                              "connection", "damaged"};
constexpr size_t kMissReasonCount = kMissReasonNames.size();

}  // namespace waybill
