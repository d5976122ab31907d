// SPDX-License-Identifier: Apache-2.0
#include "delivery/note.h"

#include <algorithm>
#include <cstring>

#include "core/find.h"
#include "delivery/little_endian.h"

namespace waybill::delivery {

namespace {

// id[16] | read time u64 | offset u64 | truncated bytes u64 | size of the format u32 | format |
// trace, with kTraced in the size of the format:
//   origin u8 | whether flags are known u8 | flags u8 | trace id[32]
// line where the line is, with kShares there:
//   size of the head u32 | where the rest of it stands u32 | size of that u32 | head | tail
// head, so many bytes of the encoded form from there on, tail.
constexpr size_t kReadAt = 16;
constexpr size_t kOffsetAt = 24;
constexpr size_t kTruncatedAt = 32;
constexpr size_t kFormatSizeAt = 40;
constexpr size_t kFormatAt = 44;
constexpr uint32_t kShares = 1u << 31;
constexpr uint32_t kTraced = 1u << 30;
constexpr size_t kSharedHeader = 12;
constexpr size_t kTraceIdAt = 3;
constexpr size_t kTraceSize = kTraceIdAt + 32;

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

// Bytes that a line has in common with its encoded form: line[at, at + size) is
// encoded[from, from + size).
struct Shared {
  size_t at = 0;
  size_t from = 0;
  size_t size = 0;
};

uint64_t word_at(std::string_view text, size_t at) {
  uint64_t word;
  std::memcpy(&word, text.data() + at, sizeof word);
  return word;
}

// How far `a` and `b` are the same from their beginnings, or ends.
size_t same_from(std::string_view a, std::string_view b) {
  size_t size = std::min(a.size(), b.size()), at = 0;
  while (at + 8 <= size && word_at(a, at) == word_at(b, at)) at += 8;
  while (at < size && a[at] == b[at]) ++at;
  return at;
}
size_t same_to(std::string_view a, std::string_view b) {
  size_t size = std::min(a.size(), b.size()), done = 0;
  while (done + 8 <= size && word_at(a, a.size() - done - 8) == word_at(b, b.size() - done - 8)) {
    done += 8;
  }
  while (done < size && a[a.size() - done - 1] == b[b.size() - done - 1]) ++done;
  return done;
}

// Encoders splice: most of a line stands in its encoded form as one run, or as a few. Looks for a
// few letters of the line there, and takes the run around them. Nearly always the first place will
// do: what a line says of itself comes before what it has to tell.
Shared find_shared(std::string_view line, std::string_view encoded) {
  constexpr size_t kProbe = 16;
  constexpr size_t kWorthSharing = 48;
  // Of the last record: how much stands behind where the line would end. Mostly that is so again.
  thread_local size_t behind = 0;
  if (line.size() < kWorthSharing) return {};
  for (size_t quarter = 3; quarter > 0; --quarter) {
    size_t at = std::min(line.size() / 4 * quarter, line.size() - kProbe);
    const size_t rest = line.size() - at;
    const size_t likely = encoded.size() - rest - behind;
    const bool there = rest + behind <= encoded.size() &&
                       encoded.substr(likely).starts_with(line.substr(at, kProbe));
    size_t from = there ? likely : find_short(encoded, line.substr(at, kProbe));
    if (from == std::string_view::npos) continue;
    if (from + rest <= encoded.size()) behind = encoded.size() - rest - from;
    size_t before = same_to(line.substr(0, at), encoded.substr(0, from));
    size_t size = before + same_from(line.substr(at), encoded.substr(from));
    if (size >= kWorthSharing) return {at - before, from - before, size};
  }
  return {};
}

// Whether the line alone does not tell which trace it is of.
bool is_given(const Record& record) {
  const TraceOrigin origin = record.trace_origin;
  return record.trace_id.size == 32 && record.passed == nullptr &&
         (origin == TraceOrigin::kInherited || origin == TraceOrigin::kDerived ||
          origin == TraceOrigin::kGenerated);
}

void append_trace(Buffer& out, const Record& record) {
  out.push_back(static_cast<char>(record.trace_origin));
  out.push_back(record.trace_flags >= 0 ? 1 : 0);
  out.push_back(static_cast<char>(record.trace_flags & 0xff));
  out.append(record.trace_id.data, record.trace_id.size);
}

bool take_trace(std::string_view& bytes, Note& note) {
  if (bytes.size() < kTraceSize) return false;
  auto origin = static_cast<uint8_t>(bytes[0]);
  if (origin > static_cast<uint8_t>(TraceOrigin::kGenerated)) return false;
  note.trace_origin = static_cast<TraceOrigin>(origin);
  note.trace_flags = bytes[1] != 0 ? static_cast<uint8_t>(bytes[2]) : int16_t{-1};
  note.trace_id = bytes.substr(kTraceIdAt, kTraceSize - kTraceIdAt);
  if (note.trace_id.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  bytes.remove_prefix(kTraceSize);
  return true;
}

}  // namespace

void append_note(Buffer& out, const Record& record, std::string_view encoded) {
  Shared shared = find_shared(record.line, encoded);
  char* to = out.reserve(kFormatAt + record.format.size() + kSharedHeader + record.line.size());
  std::memcpy(to, record.id.data(), record.id.size());
  int64_t read_ns = record.time_said ? record.read_ns : record.time_ns;
  store_u64(to + kReadAt, static_cast<uint64_t>(read_ns));
  store_u64(to + kOffsetAt, record.offset);
  store_u64(to + kTruncatedAt, record.marks.truncated_bytes);
  auto format_size = static_cast<uint32_t>(record.format.size());
  const bool traced = is_given(record);
  store_u32(to + kFormatSizeAt,
            format_size | (shared.size != 0 ? kShares : 0) | (traced ? kTraced : 0));
  out.advance(kFormatAt);
  out.append(record.format);
  if (traced) append_trace(out, record);
  if (shared.size == 0) return out.append(record.line);
  put_u32(out, static_cast<uint32_t>(shared.at));
  put_u32(out, static_cast<uint32_t>(shared.from));
  put_u32(out, static_cast<uint32_t>(shared.size));
  out.append(record.line.substr(0, shared.at));
  out.append(record.line.substr(shared.at + shared.size));
}

std::optional<Note> read_note(std::string_view bytes, std::string_view encoded) {
  if (bytes.size() < kFormatAt) return {};
  uint32_t format_size = load_u32(bytes.data() + kFormatSizeAt);
  const bool shares = (format_size & kShares) != 0;
  const bool traced = (format_size & kTraced) != 0;
  format_size &= ~(kShares | kTraced);
  if (bytes.size() - kFormatAt < format_size) return {};
  Note note;
  std::memcpy(note.id.data(), bytes.data(), note.id.size());
  note.read_ns = static_cast<int64_t>(load_u64(bytes.data() + kReadAt));
  note.offset = load_u64(bytes.data() + kOffsetAt);
  note.truncated_bytes = load_u64(bytes.data() + kTruncatedAt);
  note.format = bytes.substr(kFormatAt, format_size);
  std::string_view rest = bytes.substr(kFormatAt + format_size);
  if (traced && !take_trace(rest, note)) return {};
  if (!shares) {
    note.line = rest;
    return note;
  }
  if (rest.size() < kSharedHeader) return {};
  const Shared shared{load_u32(rest.data()), load_u32(rest.data() + 4), load_u32(rest.data() + 8)};
  rest.remove_prefix(kSharedHeader);
  bool there = shared.at <= rest.size() && shared.from <= encoded.size() &&
               shared.size <= encoded.size() - shared.from;
  if (!there) return {};
  note.line.append(rest.substr(0, shared.at))
      .append(encoded.substr(shared.from, shared.size))
      .append(rest.substr(shared.at));
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
