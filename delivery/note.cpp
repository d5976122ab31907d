// SPDX-License-Identifier: Apache-2.0
#include "delivery/note.h"

#include <cstring>

#include "delivery/little_endian.h"

namespace waybill::delivery {

namespace {

// id[16] | read time u64 | offset u64 | truncated bytes u64 | size of the format u32 | format |
// line
constexpr size_t kReadAt = 16;
constexpr size_t kOffsetAt = 24;
constexpr size_t kTruncatedAt = 32;
constexpr size_t kFormatSizeAt = 40;
constexpr size_t kFormatAt = 44;

// In the first byte of a source's note.
constexpr uint8_t kNetwork = 1;
constexpr uint8_t kTrustService = 2;

void put_text(Buffer& out, std::string_view text) {
  put_u32(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

bool take_text(std::string_view& bytes, std::string& text) {
  if (bytes.size() < 4) return false;
  uint32_t size = load_u32(bytes.data());
  bytes.remove_prefix(4);
  if (bytes.size() < size) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

void append_note(Buffer& out, const Record& record) {
  char* to = out.reserve(kFormatAt + record.format.size() + record.line.size());
  std::memcpy(to, record.id.data(), record.id.size());
  int64_t read_ns = record.time_said ? record.read_ns : record.time_ns;
  store_u64(to + kReadAt, static_cast<uint64_t>(read_ns));
  store_u64(to + kOffsetAt, record.offset);
  store_u64(to + kTruncatedAt, record.marks.truncated_bytes);
  store_u32(to + kFormatSizeAt, static_cast<uint32_t>(record.format.size()));
  out.advance(kFormatAt);
  out.append(record.format);
  out.append(record.line);
}

std::optional<Note> read_note(std::string_view bytes) {
  if (bytes.size() < kFormatAt) return {};
  uint32_t format_size = load_u32(bytes.data() + kFormatSizeAt);
  if (bytes.size() - kFormatAt < format_size) return {};
  Note note;
  std::memcpy(note.id.data(), bytes.data(), note.id.size());
  note.read_ns = static_cast<int64_t>(load_u64(bytes.data() + kReadAt));
  note.offset = load_u64(bytes.data() + kOffsetAt);
  note.truncated_bytes = load_u64(bytes.data() + kTruncatedAt);
  note.format = bytes.substr(kFormatAt, format_size);
  note.line = bytes.substr(kFormatAt + format_size);
  return note;
}

void append_source_note(Buffer& out, const Source& source) {
  uint8_t flags = 0;
  if (source.network) flags |= kNetwork;
  if (source.trust_service) flags |= kTrustService;
  out.push_back(static_cast<char>(flags));
  for (const std::string* text : {&source.input, &source.path, &source.stream, &source.peer}) {
    put_text(out, *text);
  }
}

std::shared_ptr<Source> read_source_note(std::string_view bytes) {
  if (bytes.empty()) return nullptr;
  auto source = std::make_shared<Source>();
  auto flags = static_cast<uint8_t>(bytes.front());
  source->network = (flags & kNetwork) != 0;
  source->trust_service = (flags & kTrustService) != 0;
  bytes.remove_prefix(1);
  for (std::string* text : {&source->input, &source->path, &source->stream, &source->peer}) {
    if (!take_text(bytes, *text)) return nullptr;
  }
  return source;
}

}  // namespace waybill::delivery
