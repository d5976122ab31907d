// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/segments.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <vector>

#include "delivery/little_endian.h"
#include "delivery/test_support.h"

using namespace waybill;
using namespace waybill::delivery;

namespace {

namespace fs = std::filesystem;

struct Folder {
  test::TempFolder folder;
  Fd fd{open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

  std::unique_ptr<Segments> spool(size_t segment_bytes = 4096) const {
    auto opened = Segments::open(fd.get(), folder.path(), "spool", segment_bytes);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().what));
    return *std::move(opened);
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder / "spool")) {
      if (entry.path().extension() == ".seg") names.push_back(entry.path());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

std::string text_of(uint64_t sequence) {
  return "record " + std::to_string(sequence) + std::string(sequence % 97, 'x');
}

bool write(Segments& spool, uint64_t records) {
  Buffer frames;
  for (uint64_t i = 0; i < records; ++i) {
    std::string text = text_of(spool.end() + i);
    std::string_view parts[] = {text};
    append_frame(frames, spool.end() + i, parts);
  }
  return spool.write(frames.view(), records).has_value();
}

// What can be read, each checked against its sequence number.
std::vector<uint64_t> read_all(Segments& spool) {
  std::vector<uint64_t> all;
  while (auto frame = spool.read()) {
    CHECK(frame->payload == text_of(frame->sequence));
    all.push_back(frame->sequence);
  }
  return all;
}

std::vector<uint64_t> range(uint64_t begin, uint64_t end) {
  std::vector<uint64_t> all;
  for (uint64_t i = begin; i < end; ++i) all.push_back(i);
  return all;
}

void overwrite(const std::string& path, size_t at, std::string_view bytes) {
  Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
          static_cast<ssize_t>(bytes.size()));
}

}  // namespace

TEST_CASE("crc32c: the check value of RFC 3720's polynomial, whole and in parts") {
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283u);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);  // RFC 3720, B.4
}

TEST_CASE("frame: damage of any byte is seen, a cut one is short") {
  Buffer out;
  std::string_view parts[] = {"head", "", "the rest"};
  append_frame(out, 7, parts);
  std::string good(out.view());
  FrameRead read = read_frame(good);
  REQUIRE(read.fault == FrameFault::kNone);
  CHECK(read.frame.sequence == 7);
  CHECK(read.frame.payload == "headthe rest");
  CHECK(read.frame.size == good.size());
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      CHECK(read_frame(bad).fault != FrameFault::kNone);
    }
    CHECK(read_frame(good.substr(0, i)).fault == FrameFault::kShort);
  }
  CHECK(find_frame("xx" + good) == 2);
  CHECK(find_frame(good + good) == good.size());
  CHECK(find_frame("x") == 1);
}

TEST_CASE("segments: written, read in order, settled, and gone") {
  Folder folder;
  auto spool = folder.spool();
  CHECK_FALSE(spool->read());
  for (int i = 0; i < 20; ++i) REQUIRE(write(*spool, 17));
  CHECK(spool->end() == 340);
  CHECK(folder.segments().size() > 3);
  CHECK(read_all(*spool) == range(0, 340));
  REQUIRE(spool->settle(200));
  CHECK(spool->begin() == 200);
  CHECK(folder.segments().size() < 20);
  REQUIRE(write(*spool, 3));
  CHECK(read_all(*spool) == range(340, 343));
  REQUIRE(spool->settle(343));
  CHECK(folder.segments().empty());
  CHECK(spool->bytes() == 0);
  REQUIRE(write(*spool, 1));
  CHECK(read_all(*spool) == range(343, 344));
}

TEST_CASE("segments: a restart goes on where the last run was settled") {
  Folder folder;
  {
    auto spool = folder.spool();
    for (int i = 0; i < 10; ++i) REQUIRE(write(*spool, 30));
    read_all(*spool);
    REQUIRE(spool->settle(123));
    auto second = Segments::open(folder.fd.get(), "here", "spool", 4096);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().action == Action::kRetry);
  }
  auto spool = folder.spool();
  CHECK(spool->begin() == 123);
  CHECK(spool->end() == 300);
  CHECK(read_all(*spool) == range(123, 300));
  REQUIRE(write(*spool, 5));
  CHECK(read_all(*spool) == range(300, 305));
  REQUIRE(spool->settle(305));
  spool.reset();
  spool = folder.spool();
  CHECK(spool->end() == 305);
  CHECK(spool->empty());
}

TEST_CASE("segments: a torn end is cut off, and no record before it is lost") {
  test::LogCapture quiet;
  for (size_t cut = 1; cut < 60; ++cut) {
    Folder folder;
    {
      auto spool = folder.spool(1 << 20);
      REQUIRE(write(*spool, 10));
    }
    std::string path = folder.segments().back();
    fs::resize_file(path, fs::file_size(path) - cut);
    auto spool = folder.spool(1 << 20);
    bool between_frames = cut == kFrameHeader + text_of(9).size();
    CHECK((spool->torn() > 0) != between_frames);
    REQUIRE(spool->end() >= 8);
    uint64_t end = spool->end();
    CHECK(read_all(*spool) == range(0, end));
    REQUIRE(write(*spool, 4));
    CHECK(read_all(*spool) == range(end, end + 4));
  }
}

TEST_CASE("segments: damage costs the records that it touches") {
  test::LogCapture log;
  Folder folder;
  {
    auto spool = folder.spool(1 << 20);
    REQUIRE(write(*spool, 200));
  }
  std::string path = folder.segments().back();
  std::string all = test::read_file(path);
  size_t at = all.find(text_of(50));
  SUBCASE("two bytes of a record") {
    overwrite(path, at + 3, "!!");
    auto spool = folder.spool();
    std::vector<uint64_t> got = read_all(*spool);
    CHECK(got.size() == 199);
    CHECK(std::find(got.begin(), got.end(), 50) == got.end());
    REQUIRE(spool->settle(spool->end()));
    CHECK(folder.segments().empty());
    CHECK(fs::exists(path.substr(0, path.size() - 4) + ".damaged"));
  }
  SUBCASE("4 KiB of zeros") {
    overwrite(path, at, std::string(4096, '\0'));
    auto spool = folder.spool();
    std::vector<uint64_t> got = read_all(*spool);
    size_t touched = 0;
    for (uint64_t i = 0; i < 200; ++i) {
      size_t begin = all.find(text_of(i) + (i < 199 ? "\xf7" : ""));
      touched += begin + text_of(i).size() > at && begin < at + 4096 + kFrameHeader ? 1 : 0;
    }
    CHECK(got.size() >= 200 - touched);
    CHECK(got.back() == 199);
  }
  SUBCASE("a size that points far behind the end") {
    char size[4];
    store_u32(size, 200 * 1024 * 1024);
    overwrite(path, at - kFrameHeader + 4, {size, 4});
    auto spool = folder.spool();
    CHECK(read_all(*spool).size() == 199);
  }
}

TEST_CASE("segments: a damaged end is counted and kept; only what has no end is cut off") {
  test::LogCapture log;
  Folder folder;
  {
    auto spool = folder.spool(1 << 20);
    REQUIRE(write(*spool, 200));
  }
  std::string path = folder.segments().back();
  std::string all = test::read_file(path);
  auto frame_of = [&](uint64_t number) { return all.rfind(text_of(number)) - kFrameHeader; };
  size_t last = frame_of(199), intact = 199;
  bool torn = false;
  SUBCASE("a byte of its text") { overwrite(path, all.size() - 1, "!"); }
  SUBCASE("its magic") { overwrite(path, last, "!"); }
  SUBCASE("its size") { overwrite(path, last + 6, "\x10"); }
  SUBCASE("its checksum") { overwrite(path, last + 16, "!!!!"); }
  SUBCASE("the last three") {
    for (uint64_t number : {197u, 198u, 199u}) overwrite(path, frame_of(number) + 22, "!");
    intact = 197;
  }
  SUBCASE("the last two, the sizes of both") {
    for (uint64_t number : {198u, 199u}) overwrite(path, frame_of(number) + 6, "\x10");
    intact = 198;
  }
  SUBCASE("the last but one, and the last has no end") {
    overwrite(path, frame_of(198) + 22, "!");
    fs::resize_file(path, all.size() - 3);
    intact = 198;
    torn = true;
  }
  auto spool = folder.spool(1 << 20);
  CHECK(spool->end() == (torn ? 199 : 200));
  CHECK((spool->torn() > 0) == torn);
  CHECK(read_all(*spool) == range(0, intact));
  uint64_t end = spool->end();
  REQUIRE(write(*spool, 3));
  CHECK(read_all(*spool) == range(end, end + 3));
  REQUIRE(spool->settle(spool->end()));
  CHECK(fs::exists(path.substr(0, path.size() - 4) + ".damaged"));
}

TEST_CASE("segments: without a cursor, or with a damaged one, all that is there is read again") {
  Folder folder;
  {
    auto spool = folder.spool();
    for (int i = 0; i < 10; ++i) REQUIRE(write(*spool, 30));
    REQUIRE(spool->settle(100));
  }
  SUBCASE("removed") { fs::remove(folder.folder / "spool/cursor"); }
  SUBCASE("zeros") { test::write_file(folder.folder / "spool/cursor", std::string(1024, '\0')); }
  SUBCASE("empty") { test::write_file(folder.folder / "spool/cursor", ""); }
  auto spool = folder.spool();
  CHECK(spool->begin() <= 100);
  CHECK(read_all(*spool) == range(spool->begin(), 300));
}

TEST_CASE("segments: a segment that is gone is a gap, no end") {
  test::LogCapture quiet;
  Folder folder;
  {
    auto spool = folder.spool();
    for (int i = 0; i < 10; ++i) REQUIRE(write(*spool, 30));
  }
  std::vector<std::string> names = folder.segments();
  REQUIRE(names.size() > 3);
  fs::remove(names[1]);
  auto spool = folder.spool();
  CHECK(spool->end() == 300);
  std::vector<uint64_t> got = read_all(*spool);
  CHECK(got.size() < 300);
  CHECK(got.front() == 0);
  CHECK(got.back() == 299);
}

TEST_CASE("segments: links and foreign files are not followed") {
  test::LogCapture quiet;
  Folder folder;
  { auto spool = folder.spool(); }
  SUBCASE("a linked cursor") {
    fs::remove(folder.folder / "spool/cursor");
    fs::create_symlink(folder.folder / "elsewhere", folder.folder / "spool/cursor");
    CHECK_FALSE(Segments::open(folder.fd.get(), "here", "spool", 4096).has_value());
    CHECK_FALSE(fs::exists(folder.folder / "elsewhere"));
  }
  SUBCASE("a linked folder") {
    fs::rename(folder.folder / "spool", folder.folder / "moved");
    fs::create_symlink(folder.folder / "moved", folder.folder / "spool");
    CHECK_FALSE(Segments::open(folder.fd.get(), "here", "spool", 4096).has_value());
  }
  SUBCASE("a folder that others may write to") {
    fs::permissions(folder.folder / "spool", fs::perms::all);
    CHECK_FALSE(Segments::open(folder.fd.get(), "here", "spool", 4096).has_value());
  }
}

TEST_CASE("segments: large writes are the same bytes, past the page cache or through it") {
  Folder folder;
  auto spool = folder.spool(8 << 20);
  uint64_t records = 0;
  // Congruent to its place in the file or not, and small ones that leave the next one anywhere.
  for (size_t shift : {0u, 0u, 1u, 0u, 4095u, 0u}) {
    for (size_t text_size : {size_t{100}, size_t{400'000}, size_t{1'300'000}}) {
      std::string text(text_size, static_cast<char>('a' + records % 26));
      std::string_view parts[] = {text};
      const size_t size = kFrameHeader + text.size();
      Buffer frames;
      auto begin = reinterpret_cast<uintptr_t>(frames.reserve(size + 2 * Segments::kBlock));
      size_t skipped = (spool->offset_for(size) - begin + shift) % Segments::kBlock;
      frames.advance(skipped);
      append_frame(frames, spool->end(), parts);
      REQUIRE(spool->write(frames.view().substr(skipped), 1));
      ++records;
    }
  }
  CHECK(folder.segments().size() > 1);
  auto read = [&](Segments& segments) {
    for (uint64_t i = 0; i < records; ++i) {
      auto frame = segments.read();
      REQUIRE(frame);
      CHECK(frame->sequence == i);
      CHECK(frame->payload.find_first_not_of(static_cast<char>('a' + i % 26)) == std::string::npos);
    }
    CHECK_FALSE(segments.read());
  };
  read(*spool);
  spool.reset();
  spool = folder.spool(8 << 20);
  CHECK(spool->torn() == 0);
  read(*spool);
}

TEST_CASE("segments: drop_oldest takes whole files") {
  Folder folder;
  auto spool = folder.spool();
  for (int i = 0; i < 10; ++i) REQUIRE(write(*spool, 30));
  size_t before = spool->bytes();
  uint64_t gone = spool->drop_oldest();
  CHECK(gone > 0);
  CHECK(spool->bytes() < before);
  CHECK(read_all(*spool) == range(gone, 300));
  while (!spool->empty()) CHECK(spool->drop_oldest() == 0);
  CHECK(spool->bytes() == 0);
}

// A child writes and settles and says through a pipe what is durable, until it is killed. Whatever
// it has said must be there afterwards, in order, unaltered.
TEST_CASE("segments: kill -9 at any moment loses nothing that was durable") {
  test::LogCapture quiet;
  Folder folder;
  std::mt19937 random(20261123);
  uint64_t durable = 0, settled = 0;
  for (int round = 0; round < 150; ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      auto opened = Segments::open(folder.fd.get(), "here", "spool", 4096);
      if (!opened) _exit(1);
      Segments& spool = **opened;
      for (uint64_t i = 0;; ++i) {
        if (!write(spool, 1 + i % 7)) _exit(2);
        uint64_t said[2] = {spool.end(), spool.begin()};
        if (i % 3 == 0 && spool.end() > 20) {
          // Told before it is done: a kill between the two may have moved the cursor.
          said[1] = spool.end() - 20;
          if (::write(ends[1], said, sizeof said) != sizeof said) _exit(3);
          if (!spool.settle(said[1])) _exit(4);
        }
        if (::write(ends[1], said, sizeof said) != sizeof said) _exit(3);
      }
    }
    close(ends[1]);
    uint64_t said[2];
    size_t heard = 0, enough = random() % 60;
    while (::read(ends[0], said, sizeof said) == sizeof said) {
      durable = said[0];
      settled = said[1];
      if (heard++ == enough) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    auto spool = folder.spool();
    REQUIRE(spool->end() >= durable);
    REQUIRE(spool->begin() <= settled);
    REQUIRE(read_all(*spool) == range(spool->begin(), spool->end()));
    durable = spool->end();
    settled = spool->begin();
  }
  CHECK(durable > 150);
}
