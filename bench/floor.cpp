// SPDX-License-Identifier: Apache-2.0
// waybill_floor FILE [--plain]: the least that has to be done to such a file, for ratios that
// survive a machine whose speed drifts. Reads it in batches, walks every JSON line, copies it
// behind a protobuf head, and compresses megabytes with snappy (not with --plain). No network.
#include <fcntl.h>
#include <fmt/format.h>
#include <snappy.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/json_walker.h"

namespace {

using namespace waybill;

class Floor {
 public:
  explicit Floor(bool compress) : compress_(compress) {}

  void line(std::string_view line) {
    uint32_t duplicates = 0;
    tokens_.clear();
    if (walker_.walk(line, tokens_, duplicates) == WalkOutcome::kObject) {
      values_ += tokens_.size();
    } else {
      ++refused_;
    }
    char* to = out_.reserve(line.size() + 4);
    to[0] = 0x12;
    to[1] = static_cast<char>(line.size() | 0x80);
    to[2] = static_cast<char>(line.size() >> 7);
    std::memcpy(to + 3, line.data(), line.size());
    out_.advance(line.size() + 3);
    ++lines_;
    if (out_.size() >= kRequest) request();
  }

  void request() {
    bytes_ += out_.size();
    if (compress_) {
      char* to = packed_.reserve(snappy::MaxCompressedLength(out_.size()));
      size_t size = 0;
      snappy::RawCompress(out_.data(), out_.size(), to, &size);
      sent_ += size;
    } else {
      sent_ += out_.size();
    }
    out_.clear();
  }

  void print() const {
    fmt::print("{{\"lines\":{},\"refused\":{},\"values\":{},\"bytes\":{},\"sent\":{}}}\n", lines_,
               refused_, values_, bytes_, sent_);
  }

 private:
  static constexpr size_t kRequest = 1 << 20;
  bool compress_;
  JsonWalker walker_;
  std::vector<Token> tokens_;
  Buffer out_, packed_;
  uint64_t lines_ = 0, refused_ = 0, values_ = 0, bytes_ = 0, sent_ = 0;
};

int fail(const char* what) {
  std::perror(what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: waybill_floor FILE [--plain]\n");
    return 2;
  }
  int fd = ::open(argv[1], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(argv[1]);
  Floor floor(argc < 3 || std::string_view(argv[2]) != "--plain");
  std::vector<char> block(kBatchBytes + kPadding);
  size_t held = 0;  // bytes of an unfinished line, at the front
  while (true) {
    ssize_t got = ::read(fd, block.data() + held, kBatchBytes - held);
    if (got < 0) return fail(argv[1]);
    if (got == 0) break;
    std::string_view text{block.data(), held + static_cast<size_t>(got)};
    size_t at = 0;
    for (size_t end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      floor.line(text.substr(at, end - at));
    }
    held = text.size() - at;
    if (held == kBatchBytes) return fail("a line is longer than a batch");
    std::memmove(block.data(), block.data() + at, held);
  }
  ::close(fd);
  floor.request();
  floor.print();
  return 0;
}
