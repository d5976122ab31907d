// SPDX-License-Identifier: Apache-2.0
// StreamFramer against the obvious way, whatever the framing, the reads and the limit: bytes 0 to
// 2 say those, the rest is the stream.
#include "inputs/stream_framer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

using inputs::Framing;

struct Piece {
  std::string bytes;
  uint64_t offset, truncated, missing;
  bool message;
  bool operator==(const Piece&) const = default;
};

struct Obvious {
  std::vector<Piece> pieces;
  bool broken = false;
};

void add_lines(std::string_view stream, uint64_t offset, size_t max_line, Obvious& out) {
  for (size_t at = 0; at < stream.size();) {
    const size_t end = std::min(stream.find('\n', at), stream.size());
    const size_t kept = std::min(end - at, max_line);
    out.pieces.push_back(
        {std::string(stream.substr(at, kept)), offset + at, end - at - kept, 0, false});
    at = end + 1;
  }
}

size_t digits_at(std::string_view stream, size_t at) {
  size_t end = at;
  while (end < stream.size() && stream[end] >= '0' && stream[end] <= '9') ++end;
  return end - at;
}

void add_messages(std::string_view stream, size_t max_line, Obvious& out) {
  size_t at = 0;
  while (true) {
    while (at < stream.size() && (stream[at] == '\n' || stream[at] == '\r')) ++at;
    if (at == stream.size()) return;
    const size_t digits = digits_at(stream, at);
    const size_t behind = at + digits;
    const bool whole = behind < stream.size();
    const bool sound =
        digits > 0 && digits <= 9 && stream[at] != '0' && (!whole || stream[behind] == ' ');
    const uint64_t size = sound ? std::stoull(std::string(stream.substr(at, digits))) : 0;
    if (!sound || (whole && size > (16 << 20))) {
      out.broken = true;
      return add_lines(stream.substr(at), at, max_line, out);
    }
    if (!whole) return add_lines(stream.substr(at), at, 1000, out);
    at = behind + 1;
    std::string_view there = stream.substr(at, size);
    const size_t kept = std::min(there.size(), max_line);
    const uint64_t missing = size - there.size();
    if (kept > 0) {
      out.pieces.push_back(
          {std::string(there.substr(0, kept)), at, there.size() - kept, missing, true});
    }
    if (missing > 0) return;
    at += size;
  }
}

Obvious obvious(std::string_view stream, Framing framing, size_t max_line) {
  Obvious out;
  const size_t digits = digits_at(stream, 0);
  const bool counted =
      digits > 0 && digits <= 9 && stream[0] != '0' && stream.substr(digits).starts_with(" <");
  if (framing == Framing::kOctetCounting || (framing == Framing::kAuto && counted)) {
    add_messages(stream, max_line, out);
  } else {
    add_lines(stream, 0, max_line, out);
  }
  return out;
}

void collect(const Batch& batch, std::vector<Piece>& out, uint64_t& bytes) {
  for (const Chunk& chunk : batch.chunks) {
    FUZZ_CHECK(chunk.begin + chunk.size <= batch.used());
    std::string_view all(batch.bytes() + chunk.begin, chunk.size);
    bytes += chunk.size + chunk.truncated_bytes;
    if (chunk.message) {
      out.push_back(
          {std::string(all), chunk.offset, chunk.truncated_bytes, chunk.missing_bytes, true});
      continue;
    }
    FUZZ_CHECK(chunk.missing_bytes == 0);
    for (size_t at = 0; at < all.size();) {
      const size_t end = std::min(all.find('\n', at), all.size());
      out.push_back({std::string(all.substr(at, end - at)), chunk.offset + at,
                     chunk.truncated_bytes, 0, false});
      at = end + 1;
    }
  }
}

}  // namespace

void stream_framer(std::string_view input) {
  if (input.size() < 3) return;
  const size_t max_line = 1 + static_cast<unsigned char>(input[0]) % 64;
  std::minstd_rand random(static_cast<unsigned char>(input[1]) + 1u);
  const auto framing = static_cast<Framing>(static_cast<unsigned char>(input[2]) % 3);
  const std::string_view stream = input.substr(3);
  ByteBudget budget(64 << 20);
  inputs::StreamFramer framer(framing, max_line);
  std::vector<Piece> pieces;
  uint64_t bytes = 0;
  auto fresh = [&](size_t capacity) {
    auto batch = std::make_unique<Batch>(budget);
    batch->reset(capacity);
    batch->sources.push_back(std::make_shared<const Source>());
    return batch;
  };
  size_t at = 0;
  while (at < stream.size() && framer.why_broken().empty()) {
    auto batch = fresh(framer.held() + 1 + random() % 100);
    std::span<char> room = framer.place(*batch);
    const size_t size = std::min({room.size(), stream.size() - at, size_t{1} + random() % 50});
    std::memcpy(room.data(), stream.data() + at, size);
    framer.take(*batch, 0, size);
    at += size;
    collect(*batch, pieces, bytes);
    bytes += framer.take_framing_bytes();
  }
  const bool broken = !framer.why_broken().empty();
  auto batch = fresh(framer.held());
  framer.finish(*batch, 0);
  collect(*batch, pieces, bytes);
  const Obvious expected = obvious(stream.substr(0, at), framing, max_line);
  FUZZ_CHECK(broken == expected.broken);
  FUZZ_CHECK(pieces == expected.pieces);
  // Every byte stands in a piece, was cut off and counted, or is framing; a line's end, too, where
  // no longer line was cut.
  FUZZ_CHECK(bytes <= at);
}

}  // namespace waybill::fuzz
