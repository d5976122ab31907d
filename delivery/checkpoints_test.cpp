// SPDX-License-Identifier: Apache-2.0
#include "delivery/checkpoints.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "delivery/test_support.h"

namespace waybill::delivery {
namespace {

using inputs::FileCheckpoint;
using test::TempFolder;

FileCheckpoint checkpoint(const std::string& path, uint64_t offset) {
  FileCheckpoint file;
  file.input = "app";
  file.path = path;
  file.device = 66;
  file.inode = 1u << 31;
  file.head_size = 1024;
  file.head_hash = 0xfedcba9876543210;
  for (size_t i = 0; i < file.nonce.size(); ++i) file.nonce[i] = static_cast<uint8_t>(240 + i);
  file.offset = offset;
  file.mark_size = 512;
  file.mark_hash = 0x0123456789abcdef;
  return file;
}

bool same(const FileCheckpoint& a, const FileCheckpoint& b) {
  return a.input == b.input && a.path == b.path && a.rotated == b.rotated && a.device == b.device &&
         a.inode == b.inode && a.head_size == b.head_size && a.head_hash == b.head_hash &&
         a.nonce == b.nonce && a.offset == b.offset && a.mark_size == b.mark_size &&
         a.mark_hash == b.mark_hash;
}

struct Fixture {
  test::LogCapture log;
  TempFolder folder;
  StateDir dir = *StateDir::open(folder.path());

  // Writes one generation that says `offset`, and the one before that says `offset` - 1.
  void write_two(uint64_t offset) {
    Checkpoints store(dir);
    store.save("app", {checkpoint("/a", offset - 1)});
    REQUIRE(store.flush());
    store.save("app", {checkpoint("/a", offset)});
    REQUIRE(store.flush());
  }
  uint64_t offset() {
    std::vector<FileCheckpoint> files = Checkpoints(dir).load("app");
    return files.size() == 1 ? files[0].offset : 0;
  }
};

TEST_CASE_FIXTURE(Fixture, "what was saved is there for the next run, bytes of paths included") {
  std::string strange = "/var/log/\xff\n \"x\".log";
  {
    Checkpoints store(dir);
    CHECK(!store.known("app"));
    CHECK(store.load("app").empty());
    store.save("app", {checkpoint("/a", 17), checkpoint(strange, UINT64_MAX)});
    store.save("empty", {});
  }
  struct stat status {};
  REQUIRE(stat((folder / "checkpoints").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  Checkpoints store(dir);
  CHECK(store.known("app"));
  CHECK(store.known("empty"));
  CHECK(!store.known("other"));
  std::vector<FileCheckpoint> files = store.load("app");
  REQUIRE(files.size() == 2);
  CHECK(same(files[0], checkpoint("/a", 17)));
  CHECK(same(files[1], checkpoint(strange, UINT64_MAX)));
}

TEST_CASE_FIXTURE(Fixture, "flush makes it durable now, and without a change it does nothing") {
  Checkpoints store(dir);
  CHECK(store.flush());
  CHECK(access((folder / "checkpoints").c_str(), F_OK) != 0);
  store.save("app", {checkpoint("/a", 1)});
  REQUIRE(store.flush());
  std::string first = test::read_file(folder / "checkpoints");
  CHECK(decode_checkpoints(first));
  CHECK(store.flush());
  CHECK(test::read_file(folder / "checkpoints") == first);
  CHECK(access((folder / "checkpoints.new").c_str(), F_OK) != 0);
}

TEST_CASE_FIXTURE(Fixture, "without flush it is written soon") {
  Checkpoints store(dir);
  store.save("app", {checkpoint("/a", 1)});
  CHECK(test::eventually([&] { return access((folder / "checkpoints").c_str(), F_OK) == 0; }));
}

TEST_CASE("a checkpoint file torn at any byte, or with any byte changed, is not believed") {
  std::string whole = encode_checkpoints({7, {{"app", {checkpoint("/a", 5)}}}});
  REQUIRE(decode_checkpoints(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK_MESSAGE(!decode_checkpoints(std::string_view(whole).substr(0, size)), size);
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    CHECK_MESSAGE(!decode_checkpoints(damaged), at);
  }
  CHECK(!decode_checkpoints(whole + "x"));
}

TEST_CASE_FIXTURE(Fixture, "a torn file falls back to the one before, whatever byte it ends at") {
  write_two(5);
  std::string whole = test::read_file(folder / "checkpoints");
  std::string previous = test::read_file(folder / "checkpoints.previous");
  CHECK(offset() == 5);
  for (size_t size = 0; size < whole.size(); ++size) {
    test::write_file(folder / "checkpoints", std::string_view(whole).substr(0, size));
    CHECK_MESSAGE(offset() == 4, size);
    CHECK(access((folder / "checkpoints").c_str(), F_OK) != 0);  // set aside …
    CHECK(test::read_file(folder / "checkpoints.damaged").size() == size);
  }
  CHECK(test::read_file(folder / "checkpoints.previous") == previous);
}

TEST_CASE_FIXTURE(Fixture, "after a fallback the good one survives the next write") {
  write_two(5);
  test::write_file(folder / "checkpoints", std::string(4096, '\0'));
  {
    Checkpoints store(dir);
    CHECK(store.load("app").at(0).offset == 4);
    CHECK(store.known("an input of the lost file"));
    store.save("app", {checkpoint("/a", 6)});
  }
  CHECK(offset() == 6);
  test::write_file(folder / "checkpoints", "");
  CHECK(offset() == 4);
}

TEST_CASE_FIXTURE(Fixture, "with both lost it starts, and no input skips anything by start_at") {
  write_two(5);
  test::write_file(folder / "checkpoints", "");
  test::write_file(folder / "checkpoints.previous", "garbage");
  Checkpoints store(dir);
  CHECK(store.load("app").empty());
  CHECK(log.has("read again from their beginning"));
  CHECK(store.known("app"));
  CHECK(store.known("anything"));
  store.save("app", {checkpoint("/a", 1)});
  REQUIRE(store.stop());
  CHECK(!Checkpoints(dir).known("anything"));
}

TEST_CASE_FIXTURE(Fixture, "a file of an unknown format is set aside, not overwritten") {
  write_two(5);
  std::string newer = test::read_file(folder / "checkpoints");
  newer[8] = 9;  // the version
  test::write_file(folder / "checkpoints", newer);
  CHECK(offset() == 4);
  CHECK(test::read_file(folder / "checkpoints.damaged") == newer);
  CHECK(decode_checkpoints(newer).error().what.find("format version 9") != std::string::npos);
}

TEST_CASE("checkpoints of earlier versions are read, without what they did not have") {
  FileCheckpoint expected = checkpoint("/a", 17);
  std::string bytes = encode_checkpoints({7, {{"app", {expected}}}});
  uint32_t version = 1;
  SUBCASE("1: no marks") {
    bytes.resize(bytes.size() - 17);
    expected.mark_size = expected.mark_hash = 0;
  }
  SUBCASE("2: nothing of rotated files") {
    version = 2;
    bytes.resize(bytes.size() - 1);
  }
  std::string payload = bytes.substr(36);
  auto put = [&](size_t at, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  };
  put(8, version, 4);
  put(20, payload.size(), 8);
  put(28, XXH3_64bits_withSeed(payload.data(), payload.size(), 7), 8);
  Result<CheckpointImage> image = decode_checkpoints(bytes);
  REQUIRE(image);
  CHECK(same(image->inputs.at("app")[0], expected));
}

TEST_CASE_FIXTURE(Fixture, "a crash between the two renames loses nothing") {
  write_two(5);
  REQUIRE(rename((folder / "checkpoints").c_str(), (folder / "checkpoints.previous").c_str()) == 0);
  CHECK(offset() == 5);
  test::write_file(folder / "checkpoints.new",
                   encode_checkpoints({99, {{"app", {checkpoint("/a", 8)}}}}));
  CHECK(offset() == 8);
  test::write_file(folder / "checkpoints.new", "half of");
  CHECK(offset() == 5);
  CHECK(!Checkpoints(dir).known("other"));  // half a new file is no loss
}

TEST_CASE_FIXTURE(Fixture, "symbolic links are neither read nor written through") {
  std::string planted = encode_checkpoints({99, {{"app", {checkpoint("/a", 77)}}}});
  test::write_file(folder / "victim", planted);
  REQUIRE(symlink("victim", (folder / "checkpoints").c_str()) == 0);
  REQUIRE(symlink("victim", (folder / "checkpoints.new").c_str()) == 0);
  Checkpoints store(dir);
  CHECK(store.load("app").empty());
  store.save("app", {checkpoint("/a", 3)});
  REQUIRE(store.flush());
  CHECK(test::read_file(folder / "victim") == planted);
  struct stat status {};
  REQUIRE(lstat((folder / "checkpoints").c_str(), &status) == 0);
  CHECK(S_ISREG(status.st_mode));
}

TEST_CASE_FIXTURE(Fixture, "a full disk is an error to retry, keeps the old file, and passes") {
  write_two(5);
  struct rlimit before {};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto ignored = signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 20;
  Checkpoints store(dir);
  store.save("app", {checkpoint("/a", 9)});
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  Result<void> full = store.flush();
  Result<void> again = store.flush();
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  signal(SIGXFSZ, ignored);
  REQUIRE(!full);
  CHECK(full.error().action == Action::kRetry);
  CHECK(!again);
  CHECK(log.count("cannot keep the checkpoints") == 1);
  CHECK(decode_checkpoints(test::read_file(folder / "checkpoints"))->inputs["app"][0].offset == 5);
  CHECK(store.flush());
  CHECK(decode_checkpoints(test::read_file(folder / "checkpoints"))->inputs["app"][0].offset == 9);
}

}  // namespace
}  // namespace waybill::delivery
