// SPDX-License-Identifier: Apache-2.0
#include "inputs/stream_framer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using testing::Line;
using Texts = std::vector<std::string>;

namespace {

// What became of a stream.
struct Framed {
  std::vector<Line> lines;
  std::vector<bool> messages;  // of each chunk
  uint64_t bytes = 0;          // in chunks, cut off, or of framing
  uint64_t missing = 0;
  std::string why;

  Texts texts() const {
    Texts out;
    for (const Line& line : lines) out.push_back(line.text);
    return out;
  }
};

struct Feeder {
  ByteBudget budget{64 << 20};
  StreamFramer framer;
  Framed out;

  explicit Feeder(Framing framing, size_t max_line = 1 << 20, CarryAllowance* allowance = nullptr)
      : framer(framing, max_line, allowance) {}

  std::unique_ptr<Batch> fresh() {
    auto batch = std::make_unique<Batch>(budget);
    batch->reset(framer.wanted());
    batch->sources.push_back(std::make_shared<const Source>());
    return batch;
  }
  void collect(const Batch& batch) {
    testing::lines_of(batch, out.lines);
    for (const Chunk& chunk : batch.chunks) {
      out.messages.push_back(chunk.message);
      out.bytes += chunk.size + chunk.truncated_bytes;
    }
    out.bytes += framer.take_framing_bytes();
  }
  void feed(std::string_view bytes) {
    auto batch = fresh();
    std::span<char> room = framer.place(*batch);
    REQUIRE(room.size() >= bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    framer.take(*batch, 0, bytes.size());
    collect(*batch);
  }
  Framed end() {
    out.why = framer.why_broken();
    out.missing = framer.missing();
    auto batch = fresh();
    framer.finish(*batch, 0);
    collect(*batch);
    CHECK(framer.held() == 0);
    return out;
  }
};

Framed framed(Framing framing, std::vector<std::string_view> reads, size_t max_line = 1 << 20) {
  Feeder feeder(framing, max_line);
  for (std::string_view read : reads) feeder.feed(read);
  return feeder.end();
}

}  // namespace

TEST_CASE("framing: counted messages, line ends inside and between them") {
  Framed out = framed(Framing::kOctetCounting,
                      {"5 hello11 two\nlines\r\n\n7 <13>abc1  12 {\"a\":\n1}    \n\r\n"});
  CHECK(out.texts() == Texts{"hello", "two\nlines\r\n", "<13>abc", " ", "{\"a\":\n1}    "});
  CHECK(std::count(out.messages.begin(), out.messages.end(), true) == 5);
  CHECK(out.lines[0].offset == 2);
  CHECK(out.lines[1].offset == 10);
  CHECK(out.bytes == 52);
  CHECK(out.why.empty());
  CHECK(out.missing == 0);
}

TEST_CASE("framing: the first bytes of a stream tell which it is") {
  struct {
    const char* stream;
    Texts lines;
  } cases[] = {
      {"6 <13>ab6 <13>\n\n", {"<13>ab", "<13>\n\n"}},
      {"<13>ab\n7 <13>abc", {"<13>ab", "7 <13>abc"}},
      {"5 hello\n", {"5 hello"}},
      {"0 <13>\n", {"0 <13>"}},
      {"12\n", {"12"}},
      {"12", {"12"}},
      {"12 ", {"12 "}},
      {"2024-05-01 <x>\n", {"2024-05-01 <x>"}},
      {"1234567890 <13>\n", {"1234567890 <13>"}},
      {"{\"a\":1}\r\n", {"{\"a\":1}\r"}},
      {"\n\n<13>x\n", {"", "", "<13>x"}},
      {"", {}},
  };
  for (const auto& [stream, lines] : cases) {
    CAPTURE(stream);
    CHECK(framed(Framing::kAuto, {stream}).texts() == lines);
  }
}

TEST_CASE("framing: reads may end anywhere") {
  const std::string_view streams[] = {
      "7 <1>a\nbc10 <13>abcdef\n5 <1>\nx\r\n4 <1>y",
      "6 <1>abc11 <1>cut off",
      "6 <1>abcbroken here\nand there\nlast",
      "<1>a\n\n12 <1>\nlast",
  };
  for (std::string_view stream : streams) {
    for (Framing framing : {Framing::kAuto, Framing::kOctetCounting, Framing::kNewline}) {
      for (size_t max_line : {1u, 3u, 7u, 1000u}) {
        CAPTURE(stream);
        CAPTURE(max_line);
        const Framed whole = framed(framing, {stream}, max_line);
        if (whole.why.empty() && max_line == 1000) CHECK(whole.bytes == stream.size());
        for (size_t at = 0; at <= stream.size(); ++at) {
          Feeder feeder(framing, max_line);
          feeder.feed(stream.substr(0, at));
          // As the pump does: what breaks is not read on.
          const bool broken = !feeder.framer.why_broken().empty();
          if (!broken) feeder.feed(stream.substr(at));
          Framed split = feeder.end();
          CAPTURE(at);
          CHECK(split.why.empty() == whole.why.empty());
          CHECK(split.missing == whole.missing);
          if (broken) {
            if (max_line == 1000) CHECK(split.bytes == at);
            continue;
          }
          CHECK(split.texts() == whole.texts());
          CHECK(split.messages.size() >= whole.messages.size());
          for (size_t i = 0; i < std::min(split.lines.size(), whole.lines.size()); ++i) {
            CHECK(split.lines[i].offset == whole.lines[i].offset);
            CHECK(split.lines[i].truncated == whole.lines[i].truncated);
          }
        }
        // Byte by byte.
        Feeder feeder(framing, max_line);
        for (size_t at = 0; at < stream.size() && feeder.framer.why_broken().empty(); ++at) {
          feeder.feed(stream.substr(at, 1));
        }
        Framed single = feeder.end();
        if (whole.why.empty()) CHECK(single.texts() == whole.texts());
        CHECK(single.why.empty() == whole.why.empty());
      }
    }
  }
}

TEST_CASE("framing: what is no count is said, and what was read stays") {
  const char* broken[] = {
      "0 ",       "0",        "007 abc",      "x",          " 5 hello",    "-1 a", "5hello",
      "5\thello", "5\nhello", "1000000000 a", "99999999 a", "<13>hello\n",
  };
  for (const char* stream : broken) {
    CAPTURE(stream);
    Framed out = framed(Framing::kOctetCounting, {"2 ab\n", stream});
    CHECK_FALSE(out.why.empty());
    CHECK(out.lines.front().text == "ab");
    std::string rest;
    for (size_t i = 1; i < out.lines.size(); ++i) {
      CHECK_FALSE(out.messages[i]);
      rest += (rest.empty() ? "" : "\n") + out.lines[i].text;
    }
    std::string_view expected = stream;
    if (expected.ends_with('\n')) expected.remove_suffix(1);
    CHECK(rest == expected);
    CHECK(out.bytes == 5 + std::strlen(stream));
    CHECK(out.lines[1].offset == 5);
  }
  CHECK(framed(Framing::kOctetCounting, {"x\x1b[31m"}).why.find('\x1b') == std::string::npos);
}

TEST_CASE("framing: a message over max_line is cut, its neighbours are whole") {
  const std::string large(1000, 'x');
  Framed out = framed(Framing::kOctetCounting,
                      {"1 a1000 " + large.substr(0, 400), large.substr(0, 300),
                       large.substr(0, 300), "1 b1000 " + large + "1 c"},
                      350);
  CHECK(out.texts() == Texts{"a", large.substr(0, 350), "b", large.substr(0, 350), "c"});
  CHECK(out.lines[1].truncated == 650);
  CHECK(out.lines[3].truncated == 650);
  CHECK(out.bytes == 3 * 3 + 2 * 1005);
}

TEST_CASE("framing: a message that does not come to its end says how much is missing") {
  Framed out = framed(Framing::kOctetCounting, {"1 a20 <13>be", "gun"});
  CHECK(out.texts() == Texts{"a", "<13>begun"});
  CHECK(out.missing == 11);
  CHECK(out.lines[1].truncated == 11);
  CHECK(out.bytes == 3 + 3 + 9);
  Framed nothing = framed(Framing::kOctetCounting, {"20 "});
  CHECK(nothing.lines.empty());
  CHECK(nothing.missing == 20);
  Framed digits = framed(Framing::kOctetCounting, {"1 a12"});
  CHECK(digits.texts() == Texts{"a", "12"});
  CHECK(digits.missing == 0);
}

TEST_CASE("framing: many who begin a long line keep no more than their allowance") {
  ByteBudget budget(1 << 20);
  CarryAllowance allowance(budget);
  const size_t most = (1 << 20) / 4;
  for (Framing framing : {Framing::kNewline, Framing::kOctetCounting}) {
    std::vector<std::unique_ptr<Feeder>> peers;
    for (int i = 0; i < 50; ++i) {
      peers.push_back(std::make_unique<Feeder>(framing, 1 << 20, &allowance));
      peers.back()->feed("20000 " + std::string(15'000, 'x'));
    }
    CHECK(allowance.held() <= most + 50 * CarryAllowance::kAlways);
    CHECK(budget.used() == allowance.held());
    // Whoever says usual lines is not concerned.
    Feeder usual(framing, 1 << 20, &allowance);
    const std::string line(4000, 'y');
    usual.feed("4000 " + line.substr(0, 3000));
    usual.feed(line.substr(0, 1000) + "\n");
    CHECK(usual.end().lines.front().truncated == 0);
    size_t cut = 0;
    for (auto& peer : peers) {
      peer->feed(std::string(5'000, 'x') + "\n");
      Framed out = peer->end();
      REQUIRE(out.lines.size() == 1);
      CHECK(out.lines[0].text.size() + out.lines[0].truncated >= 20'000);
      CHECK(out.lines[0].text.size() >= CarryAllowance::kAlways);
      CHECK(out.bytes >= 20'006);
      cut += out.lines[0].truncated > 0 ? 1 : 0;
    }
    CHECK(cut > 20);
    peers.clear();
    CHECK(allowance.held() == 0);
    CHECK(budget.used() == 0);
  }
}
