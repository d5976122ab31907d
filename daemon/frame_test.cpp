// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstring>

#include "daemon/pipeline.h"

using namespace waybill;

namespace {

struct Framing {
  ByteBudget budget{1 << 20};
  Batch batch{budget};

  Framing() {
    batch.reset(4096);
    batch.sources.push_back(std::make_shared<const Source>());
  }
  Chunk& add(std::string_view bytes) {
    Chunk chunk;
    chunk.begin = batch.used();
    chunk.size = static_cast<uint32_t>(bytes.size());
    std::memcpy(batch.room().data(), bytes.data(), bytes.size());
    batch.commit(bytes.size());
    batch.chunks.push_back(chunk);
    return batch.chunks.back();
  }
  uint64_t frame() {
    daemon::FrameCursor cursor;
    return daemon::frame(batch, cursor);
  }
};

}  // namespace

TEST_CASE("frame: a message is one record, whatever it holds") {
  Framing framing;
  framing.add("one\r\ntwo\n");
  framing.add("three\nfour\r\n\n").message = true;
  framing.add("\n\r\n").message = true;
  framing.add(std::string_view("five\0\n", 6)).message = true;
  framing.add("\xef\xbb\xbfsix").message = true;
  Chunk& cut = framing.add("seven");
  cut.message = true;
  cut.truncated_bytes = 5;
  cut.missing_bytes = 7;
  CHECK(framing.frame() == 1);
  std::vector<std::string_view> lines;
  for (const Record& record : framing.batch.records) lines.push_back(record.line);
  CHECK(lines ==
        std::vector<std::string_view>{"one", "two", "three\nfour", "five", "six", "seven"});
  CHECK(framing.batch.records.back().marks.truncated_bytes == 12);
}
