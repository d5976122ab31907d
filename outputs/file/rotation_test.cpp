// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/rotation.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "delivery/test_support.h"

namespace waybill::outputs::file {
namespace {

using delivery::test::eventually;
using delivery::test::read_file;
using delivery::test::write_file;

constexpr int64_t kMoment = 1'767'323'045;  // 2026-01-02T03:04:05Z

struct Fixture {
  delivery::test::LogCapture log;
  delivery::test::TempFolder folder;
  delivery::Fd dir{open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

  std::string aside(const std::string& text, int64_t second) {
    write_file(folder / "a.log", text);
    Result<std::string> name = put_file_aside(dir.get(), "a.log", second);
    REQUIRE(name);
    return *name;
  }
  bool is_there(const std::string& name) {
    struct stat status {};
    return stat((folder / name).c_str(), &status) == 0;
  }
  std::vector<std::string> all() { return put_aside(dir.get(), "a.log"); }
};

std::string unpacked(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::string text(1 << 20, '\0');
  int size = gzread(file, text.data(), static_cast<unsigned>(text.size()));
  CHECK(gzclose(file) == Z_OK);
  text.resize(static_cast<size_t>(std::max(size, 0)));
  return text;
}

TEST_CASE("rotation: periods are counted from midnight UTC") {
  constexpr Duration hour = std::chrono::hours(1);
  CHECK(period_of(7199, hour) == 1);
  CHECK(period_of(7200, hour) == 2);
  CHECK(period_of(7200, Duration::zero()) == 0);
  CHECK(period_of(86399, 24 * hour) == 0);
  CHECK(period_of(86400, 24 * hour) == 1);
}

TEST_CASE_FIXTURE(Fixture, "rotation: names have the time, and never one that is taken") {
  CHECK(aside("1", kMoment) == "a.log.20260102T030405Z");
  CHECK(aside("2", kMoment) == "a.log.20260102T030405Z-2");
  for (int i = 3; i <= 11; ++i) aside("x", kMoment);
  CHECK(aside("0", kMoment - 1) == "a.log.20260102T030404Z");
  CHECK(!is_there("a.log"));
  CHECK(read_file(folder / "a.log.20260102T030405Z") == "1");
  for (const char* other :
       {"a.log", "a.log.1", "a.log.20260102T030405Z.gz.part", "a.log.bak", "b.log.20260102T030405Z",
        "a.log.20260102T030405Zx", "a.log.2026-102T030405Z", "a.log.20260102T030405Z-"}) {
    write_file(folder / other, "");
  }
  std::vector<std::string> found = all();
  REQUIRE(found.size() == 12);
  CHECK(found[0] == "a.log.20260102T030404Z");
  CHECK(found[2] == "a.log.20260102T030405Z-2");
  CHECK(found[11] == "a.log.20260102T030405Z-11");
}

TEST_CASE_FIXTURE(Fixture, "rotation: what is packed keeps its name, and gets no other's") {
  write_file(folder / "a.log.20260102T030405Z.gz", "");
  CHECK(aside("1", kMoment) == "a.log.20260102T030405Z-2");
}

TEST_CASE_FIXTURE(Fixture, "packer: packs, keeps the newest, and leaves the file itself alone") {
  std::string large(300'000, 'x');
  for (int i = 0; i < 5; ++i) aside(large + std::to_string(i), kMoment + i);
  write_file(folder / "a.log", "open");
  Packer packer({1, Duration::zero(), 3, Compress::kGzip});
  packer.look_at(dir.get(), "a.log", folder / "a.log");
  CHECK(eventually([&] {
    std::vector<std::string> left = all();
    return left.size() == 3 && std::all_of(left.begin(), left.end(), [](const std::string& name) {
             return name.ends_with(".gz");
           });
  }));
  CHECK(all().front() == "a.log.20260102T030407Z.gz");
  CHECK(unpacked(folder / "a.log.20260102T030409Z.gz") == large + "4");
  CHECK(read_file(folder / "a.log") == "open");
  CHECK(log.text().empty());
}

std::string unzstd(const std::string& path) {
  std::string text, command = "zstd -dcq '" + path + "'";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char piece[4096];
  for (size_t size; (size = fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, size);
  CHECK(pclose(pipe) == 0);
  return text;
}

TEST_CASE_FIXTURE(Fixture, "packer: zstd, beside what gzip has packed before") {
  REQUIRE(prepare_packing(Compress::kZstd));
  write_file(folder / "a.log.20260102T030404Z.gz", "of before");
  std::string large;
  for (int i = 0; i < 50'000; ++i) large += std::to_string(i * 7919) + "\n";
  std::string first = aside(large, kMoment), empty = aside("", kMoment + 1);
  Packer packer({1, Duration::zero(), 0, Compress::kZstd});
  packer.look_at(dir.get(), "a.log", folder / "a.log");
  CHECK(eventually([&] { return !is_there(first) && !is_there(empty); }));
  CHECK(unzstd(folder / (first + ".zst")) == large);
  CHECK(unzstd(folder / (empty + ".zst")) == "");
  CHECK(all().front() == "a.log.20260102T030404Z.gz");
  CHECK(aside("next", kMoment) == first + "-2");
  CHECK(log.text().empty());
}

TEST_CASE_FIXTURE(Fixture, "packer: what a run before left half packed is packed anew") {
  std::string name = aside("whole", kMoment);
  write_file(folder / ("." + name + ".gz.part"), "ha");
  Packer packer({1, Duration::zero(), 0, Compress::kGzip});
  packer.look_at(dir.get(), "a.log", folder / "a.log");
  CHECK(eventually([&] { return !is_there(name); }));
  CHECK(unpacked(folder / (name + ".gz")) == "whole");
  CHECK(!is_there("." + name + ".gz.part"));
}

TEST_CASE_FIXTURE(Fixture, "packer: what another one is packing is left to it") {
  std::string name = aside("whole", kMoment), next = aside("next", kMoment + 1);
  const std::string half = folder / ("." + name + ".gz.part");
  write_file(half, "theirs");
  delivery::Fd other(open(half.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(flock(other.get(), LOCK_EX | LOCK_NB) == 0);
  Packer packer({1, Duration::zero(), 0, Compress::kGzip});
  packer.look_at(dir.get(), "a.log", folder / "a.log");
  CHECK(eventually([&] { return !is_there(next); }));  // it comes behind the other one
  packer.stop();
  CHECK(read_file(half) == "theirs");
  CHECK(is_there(name));
  CHECK(!is_there(name + ".gz"));
  CHECK(log.text().empty());
}

TEST_CASE_FIXTURE(Fixture, "packer: half a file that has another name, too, is not written to") {
  std::string name = aside("whole", kMoment);
  write_file(folder / "other", "other");
  const std::string half = folder / ("." + name + ".gz.part");
  REQUIRE(link((folder / "other").c_str(), half.c_str()) == 0);
  Packer packer({1, Duration::zero(), 0, Compress::kGzip});
  packer.look_at(dir.get(), "a.log", folder / "a.log");
  CHECK(eventually([&] { return log.has("is not ours: remove it"); }));
  packer.stop();
  CHECK(read_file(folder / "other") == "other");
  CHECK(is_there(name));
}

TEST_CASE_FIXTURE(Fixture, "packer: takes so many jobs, one of a path, and says when no more") {
  // Packing this takes longer than to ask; stop() ends it in the middle.
  aside(std::string(32 << 20, 'x'), kMoment);
  Packer packer({1, Duration::zero(), 0, Compress::kGzip});
  CHECK(packer.look_at(dir.get(), "a.log", folder / "a.log"));
  bool took = true;
  for (int i = 0; i < 1000 && took; ++i) {
    took = packer.look_at(dir.get(), "b.log", folder / ("b.log" + std::to_string(i)));
    CHECK(packer.look_at(dir.get(), "b.log", folder / "b.log0"));
  }
  CHECK(!took);
  packer.stop();
}

TEST_CASE("rotation: ends that keep a name apart from those of what was put aside") {
  for (const char* end : {".log", "s", ".ndjson", "-Zx", "_", ".1.txt"}) {
    CAPTURE(end);
    CHECK(!may_look_put_aside(end));
  }
  for (const char* end :
       {"", "Z", "-2", "z", "gz", ".gz", ".log.gz", "000Z", "st", ".zst", ".log.zst"}) {
    CAPTURE(end);
    CHECK(may_look_put_aside(end));
  }
}

TEST_CASE_FIXTURE(Fixture, "rotation: a link is not the file that is open") {
  write_file(folder / "a.log", "");
  REQUIRE(symlink("a.log", (folder / "b.log").c_str()) == 0);
  delivery::Fd file(open((folder / "b.log").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(is_file_there(dir.get(), "a.log", file.get()));
  CHECK(!is_file_there(dir.get(), "b.log", file.get()));
  CHECK(!is_file_there(dir.get(), "c.log", file.get()));
}

TEST_CASE_FIXTURE(Fixture, "packer: a planted link is not followed, and said") {
  write_file(folder / "secret", "secret");
  std::string name = "a.log.20260102T030405Z";
  REQUIRE(symlink((folder / "secret").c_str(), (folder / name).c_str()) == 0);
  Packer packer({1, Duration::zero(), 0, Compress::kGzip});
  packer.look_at(dir.get(), "a.log", folder / "a.log");
  CHECK(eventually([&] { return log.has("stays as it is, not packed"); }));
  packer.stop();
  CHECK(!is_there(name + ".gz"));
}

}  // namespace
}  // namespace waybill::outputs::file
