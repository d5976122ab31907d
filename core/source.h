// SPDX-License-Identifier: Apache-2.0
// Source: where lines come from — one file's generation, one end of a child's pipes, one peer.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/record.h"

namespace waybill {

// Made by an input on the main thread and immutable from then on; shared by the batches that hold
// lines of it, so that it outlives a file that is let go.
struct Source {
  uint64_t number = 0;          // unique in this process; what per-source state is keyed by
  std::string input;            // the input's name in the config
  std::string path;             // of a file; else empty
  std::string stream;           // "stdout" or "stderr" of a child; else empty
  std::string peer;             // "address:port" or socket path of a network sender; else empty
  std::string format = "auto";  // the input's `format`: "auto", or a parser's name
  bool network = false;         // came over a socket: may not pose as a Waybill record
  bool trust_service = true;    // a line's own service name wins
  std::string only_output;      // its records go to this output alone; empty: to all
  Id128 nonce{};                // makes ids unique (lineage/record_id.h)
  // Resource attributes that the input knows of it; they give way to what the config says.
  std::vector<std::pair<std::string, std::string>> attributes = {};
};

// "stdout" or "stderr", as the line itself or else its source has it; may be empty.
inline std::string_view stream_of(const Record& record, const Source& source) {
  return record.stream.empty() ? std::string_view(source.stream) : record.stream;
}

// A number that no other Source of this process has.
uint64_t next_source_number();

// 16 bytes from the kernel's random source.
Id128 random_id();

// 32 lower-case hex digits, written to `out`.
void write_hex(const Id128& id, char* out);
std::string hex(const Id128& id);

}  // namespace waybill
