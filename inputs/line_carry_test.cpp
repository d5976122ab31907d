// SPDX-License-Identifier: Apache-2.0
#include "inputs/line_carry.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using testing::Line;

namespace {

// The obvious way: one line after the other over the whole stream.
std::vector<Line> oracle(const std::string& stream, size_t max_line, uint64_t offset) {
  std::vector<Line> lines;
  size_t at = 0;
  while (at < stream.size()) {
    size_t end = stream.find('\n', at);
    size_t next = end == std::string::npos ? stream.size() : end + 1;
    if (end == std::string::npos) end = stream.size();
    std::string line = stream.substr(at, end - at);
    uint64_t cut = line.size() > max_line ? line.size() - max_line : 0;
    lines.push_back({line.substr(0, max_line), offset + at, cut, nullptr});
    at = next;
  }
  return lines;
}

class Feeder {
 public:
  explicit Feeder(size_t max_line, uint64_t offset = 0) : carry(max_line, offset) {}

  void feed(std::string_view bytes, size_t spare = 0) {
    while (!bytes.empty()) {
      auto batch = fresh_batch(carry.held() + bytes.size() + spare);
      std::span<char> room = carry.place(*batch);
      size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      carry.take(*batch, 0, size);
      testing::lines_of(*batch, lines);
      chunks += batch->chunks.size();
      bytes.remove_prefix(size);
    }
  }
  void finish() {
    auto batch = fresh_batch(carry.held());
    carry.finish(*batch, 0);
    testing::lines_of(*batch, lines);
    chunks += batch->chunks.size();
  }
  std::unique_ptr<Batch> fresh_batch(size_t capacity) {
    auto batch = std::make_unique<Batch>(budget);
    batch->reset(capacity);
    batch->sources.push_back(std::make_shared<const Source>());
    return batch;
  }

  ByteBudget budget{64 << 20};
  LineCarry carry;
  std::vector<Line> lines;
  size_t chunks = 0;
};

void same(const std::vector<Line>& got, const std::vector<Line>& want) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].text == want[i].text);
    CHECK(got[i].offset == want[i].offset);
    CHECK(got[i].truncated == want[i].truncated);
  }
}

std::string random_stream(std::mt19937& random, size_t lines, size_t longest) {
  std::string stream;
  for (size_t i = 0; i < lines; ++i) {
    size_t length = random() % 8 == 0 ? random() % longest : random() % 12;
    for (size_t k = 0; k < length; ++k) stream += static_cast<char>('a' + random() % 26);
    if (i + 1 < lines || random() % 2 == 0) stream += '\n';
  }
  return stream;
}

}  // namespace

TEST_CASE("whole lines of a read are one chunk, and stay where they were read") {
  Feeder feeder(100);
  feeder.feed("one\ntwo\nthr");
  CHECK(feeder.chunks == 1);
  REQUIRE(feeder.lines.size() == 2);
  CHECK(feeder.lines[1].text == "two");
  CHECK(feeder.carry.held() == 3);
  CHECK(feeder.carry.line_start() == 8);
  CHECK(feeder.carry.position() == 11);
  feeder.feed("ee\n");
  REQUIRE(feeder.lines.size() == 3);
  CHECK(feeder.lines[2].text == "three");
  CHECK(feeder.lines[2].offset == 8);
  CHECK(feeder.carry.held() == 0);
}

TEST_CASE("a line of exactly the limit is whole, one byte more is cut") {
  for (size_t split = 0; split <= 7; ++split) {
    for (std::string stream : {"12345\nx\n", "123456\nx\n", "a\n12345\n123456\nb\n", "123456"}) {
      Feeder feeder(5, 1000);
      feeder.feed(std::string_view(stream).substr(0, std::min(split, stream.size())));
      feeder.feed(std::string_view(stream).substr(std::min(split, stream.size())));
      feeder.finish();
      same(feeder.lines, oracle(stream, 5, 1000));
      CHECK(feeder.carry.position() == 1000 + stream.size());
    }
  }
}

TEST_CASE("an endless line takes constant memory") {
  Feeder feeder(1000);
  std::string block(50'000, 'x');
  for (int i = 0; i < 200; ++i) feeder.feed(block);
  CHECK(feeder.carry.held() == 1000);
  CHECK(feeder.lines.empty());
  feeder.feed("\nnext\n");
  REQUIRE(feeder.lines.size() == 2);
  CHECK(feeder.lines[0].text.size() == 1000);
  CHECK(feeder.lines[0].truncated == 10'000'000 - 1000);
  CHECK(feeder.lines[1].text == "next");
  CHECK(feeder.lines[1].offset == 10'000'001);
  CHECK(feeder.chunks == 2);
}

TEST_CASE("the batch that is asked for has room for a useful read behind a long tail") {
  Feeder feeder(1 << 20);
  CHECK(feeder.carry.wanted() == kBatchBytes);
  feeder.feed(std::string(300'000, 'x'));
  auto batch = feeder.fresh_batch(feeder.carry.wanted());
  CHECK(feeder.carry.place(*batch).size() >= kBatchBytes);
  auto tight = feeder.fresh_batch(100);
  CHECK(feeder.carry.place(*tight).empty());
}

TEST_CASE("several streams may share a batch") {
  Feeder first(100), second(100);
  auto batch = first.fresh_batch(100);
  batch->sources.push_back(std::make_shared<const Source>());
  auto put = [&](LineCarry& carry, uint32_t source, std::string_view bytes) {
    std::memcpy(carry.place(*batch).data(), bytes.data(), bytes.size());
    carry.take(*batch, source, bytes.size());
  };
  put(first.carry, 0, "a1\nrest");
  put(second.carry, 1, "b1\nb2\n");
  put(first.carry, 0, " of a2\n");
  std::vector<Line> lines;
  testing::lines_of(*batch, lines);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].text == "a1");
  CHECK(lines[2].text == "b2");
  CHECK(lines[2].source == batch->sources[1]);
  CHECK(lines[3].text == "rest of a2");
  CHECK(lines[3].offset == 3);
}

TEST_CASE("restart forgets the tail and what was discarded") {
  Feeder feeder(4);
  feeder.feed("too long a li");
  feeder.carry.restart(70);
  feeder.feed("new\n");
  REQUIRE(feeder.lines.size() == 1);
  CHECK(feeder.lines[0].text == "new");
  CHECK(feeder.lines[0].offset == 70);
  CHECK(feeder.lines[0].truncated == 0);
}

TEST_CASE("any split of any stream gives the lines of the oracle") {
  std::mt19937 random(20240817);
  for (int round = 0; round < 3000; ++round) {
    size_t max_line = 1 + random() % 40;
    uint64_t offset = random() % 3 == 0 ? random() : 0;
    std::string stream = random_stream(random, random() % 30, 90);
    Feeder feeder(max_line, offset);
    std::string_view left = stream;
    while (!left.empty()) {
      size_t size = std::min<size_t>(left.size(), 1 + random() % (random() % 4 == 0 ? 200 : 9));
      feeder.feed(left.substr(0, size), random() % 10);
      left.remove_prefix(size);
      CHECK(feeder.carry.held() <= max_line);
    }
    feeder.finish();
    same(feeder.lines, oracle(stream, max_line, offset));
    CHECK(feeder.carry.position() == offset + stream.size());
  }
}
