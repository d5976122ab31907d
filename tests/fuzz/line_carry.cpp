// SPDX-License-Identifier: Apache-2.0
// LineCarry against the obvious way, whatever the reads and the limit: bytes 0 and 1 say the
// limit and the seed of the read sizes, the rest is the stream.
#include "inputs/line_carry.h"

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

using Line = std::tuple<std::string, uint64_t, uint64_t>;  // bytes, offset, truncated

std::vector<Line> obvious(std::string_view stream, size_t max_line) {
  std::vector<Line> lines;
  for (size_t at = 0; at < stream.size();) {
    size_t end = std::min(stream.find('\n', at), stream.size());
    size_t size = end - at;
    size_t kept = std::min(size, max_line);
    lines.emplace_back(stream.substr(at, kept), at, size - kept);
    at = end + 1;
  }
  return lines;
}

void collect(const Batch& batch, std::vector<Line>& lines) {
  for (const Chunk& chunk : batch.chunks) {
    FUZZ_CHECK(chunk.begin + chunk.size <= batch.used());
    std::string_view bytes(batch.bytes() + chunk.begin, chunk.size);
    size_t count = lines.size();
    for (size_t at = 0; at < bytes.size();) {
      size_t end = std::min(bytes.find('\n', at), bytes.size());
      lines.emplace_back(bytes.substr(at, end - at), chunk.offset + at, chunk.truncated_bytes);
      at = end + 1;
    }
    if (chunk.truncated_bytes > 0) FUZZ_CHECK(lines.size() == count + 1);
  }
}

}  // namespace

void line_carry(std::string_view input) {
  if (input.size() < 2) return;
  size_t max_line = 1 + static_cast<unsigned char>(input[0]) % 64;
  std::minstd_rand random(static_cast<unsigned char>(input[1]) + 1u);
  std::string_view stream = input.substr(2);
  ByteBudget budget(64 << 20);
  inputs::LineCarry carry(max_line);
  std::vector<Line> lines;
  auto fresh = [&](size_t capacity) {
    auto batch = std::make_unique<Batch>(budget);
    batch->reset(capacity);
    batch->sources.push_back(std::make_shared<const Source>());
    return batch;
  };
  for (size_t at = 0; at < stream.size();) {
    auto batch = fresh(carry.held() + 1 + random() % 100);
    // Several reads into one batch, as long as it has room.
    for (auto reads = 1 + random() % 3; reads > 0 && at < stream.size(); --reads) {
      std::span<char> room = carry.place(*batch);
      if (room.empty()) break;
      size_t size = std::min({room.size(), stream.size() - at, size_t{1} + random() % 50});
      std::memcpy(room.data(), stream.data() + at, size);
      carry.take(*batch, 0, size);
      at += size;
      FUZZ_CHECK(carry.position() == at);
    }
    collect(*batch, lines);
  }
  auto batch = fresh(carry.held());
  carry.finish(*batch, 0);
  collect(*batch, lines);
  FUZZ_CHECK(lines == obvious(stream, max_line));
}

}  // namespace waybill::fuzz
