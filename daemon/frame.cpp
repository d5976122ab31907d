// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "daemon/pipeline.h"

namespace waybill::daemon {

namespace {

// Editors, and programs on Windows, put it at the front of a file.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_blank(std::string_view line) {
  // The usual line shows at its first byte that it is not.
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

uint64_t frame(Batch& batch, FrameCursor& cursor) {
  uint64_t empty = 0;
  for (; cursor.chunk < batch.chunks.size(); ++cursor.chunk, cursor.at = 0) {
    const Chunk& chunk = batch.chunks[cursor.chunk];
    const char* begin = batch.bytes() + chunk.begin;
    const char* end = begin + chunk.size;
    for (const char* at = begin + cursor.at; at < end;) {
      if (batch.records.size() == kSliceRecords) {
        cursor.at = static_cast<uint32_t>(at - begin);
        return empty;
      }
      const void* found = std::memchr(at, '\n', static_cast<size_t>(end - at));
      const char* stop = found != nullptr ? static_cast<const char*>(found) : end;
      std::string_view line{at, static_cast<size_t>(stop - at)};
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
      if (is_blank(line)) {
        ++empty;
      } else {
        Record& record = batch.records.emplace_back();
        record.line = line;
        record.offset = chunk.offset + static_cast<uint64_t>(at - begin);
        record.source = chunk.source;
        record.read_ns = batch.read_ns;
        record.time_ns = batch.read_ns;
        record.marks.truncated_bytes = chunk.truncated_bytes;
      }
      at = stop + 1;
    }
  }
  return empty;
}

}  // namespace waybill::daemon
