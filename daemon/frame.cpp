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

// The end of the line that begins at `at`: of its line end, or of the chunk.
const char* end_of_line(const Chunk& chunk, const char* at, const char* end) {
  if (chunk.message) return end;
  const void* found = std::memchr(at, '\n', static_cast<size_t>(end - at));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

// Without what only ends it: senders put line ends and C's NUL inside the count, too.
std::string_view without_trailer(const Chunk& chunk, std::string_view line) {
  if (chunk.message) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == '\0')) {
      line.remove_suffix(1);
    }
  } else if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

uint64_t frame(Batch& batch, FrameCursor& cursor) {
  uint64_t empty = 0;
  const size_t full = batch.records.size() + kSliceRecords;
  for (; cursor.chunk < batch.chunks.size(); ++cursor.chunk, cursor.at = 0) {
    const Chunk& chunk = batch.chunks[cursor.chunk];
    const char* begin = batch.bytes() + chunk.begin;
    const char* end = begin + chunk.size;
    for (const char* at = begin + cursor.at; at < end;) {
      if (batch.records.size() == full) {
        cursor.at = static_cast<uint32_t>(at - begin);
        return empty;
      }
      const char* stop = end_of_line(chunk, at, end);
      std::string_view line = without_trailer(chunk, {at, static_cast<size_t>(stop - at)});
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
        record.marks.truncated_bytes = chunk.truncated_bytes + chunk.missing_bytes;
      }
      at = stop + 1;
    }
  }
  return empty;
}

}  // namespace waybill::daemon
