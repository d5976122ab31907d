// SPDX-License-Identifier: Apache-2.0
#include "delivery/dead_letters/letter_files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "delivery/test_support.h"

using namespace waybill;
using namespace waybill::delivery;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

struct Bench {
  test::TempFolder folder;
  std::string path = folder / "letters";
  size_t size = 1 << 20;
  std::unique_ptr<LetterFiles> files = open();

  explicit Bench(size_t all = 1 << 20) : size(all), files(open()) {}
  std::unique_ptr<LetterFiles> open(Duration patience = kPatience) const {
    auto opened = LetterFiles::open(path, size, patience);
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }
  std::string why_not_open() const {
    auto opened = LetterFiles::open(path, size, kPatience);
    return opened ? "" : opened.error().what;
  }
  std::string why_not(std::string_view letters) const {
    auto done = files->append(letters);
    return done ? "" : done.error().what;
  }
  std::string file(const char* suffix = "") const { return test::read_file(path + suffix); }
  bool there(const char* suffix = "") const { return std::filesystem::exists(path + suffix); }
  // Of all files together.
  size_t total() const {
    size_t all = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      all += entry.file_size();
    }
    return all;
  }
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::string letter(char fill, size_t size = 50) { return std::string(size - 1, fill) + "\n"; }

// Somebody for whom modes hold: root may write anywhere.
class PlainUser {
 public:
  explicit PlainUser(const std::string& folder) {
    if (geteuid() != 0) return;
    REQUIRE(chown(folder.c_str(), kUid, kUid) == 0);
    REQUIRE(seteuid(kUid) == 0);
    was_root_ = true;
  }
  PlainUser(PlainUser&&) = delete;
  ~PlainUser() {
    if (was_root_ && seteuid(0) != 0) std::abort();
  }

 private:
  static constexpr uid_t kUid = 54321;
  bool was_root_ = false;
};

// No file may grow beyond `size`, as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit limit = before_;
    limit.rlim_cur = size;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FullDisk(FullDisk&&) = delete;
  ~FullDisk() {
    if (setrlimit(RLIMIT_FSIZE, &before_) != 0) std::abort();
    (void)std::signal(SIGXFSZ, handler_);
  }

 private:
  using Handler = void (*)(int);
  Handler handler_;
  rlimit before_{};
};

}  // namespace

TEST_CASE("letter files: letters are appended, and nobody else may read them") {
  Bench bench;
  CHECK_FALSE(bench.there());
  REQUIRE(bench.files->append("one\n").has_value());
  REQUIRE(bench.open()->append("two\n").has_value());  // another process
  REQUIRE(bench.files->append("three\n").has_value());
  CHECK(bench.file() == "one\ntwo\nthree\n");
  CHECK(mode_of(bench.path) == 0600);
}

TEST_CASE("letter files: what others could read they can read no more") {
  test::LogCapture log;
  Bench bench;
  for (const char* suffix : {"", ".2"}) {
    test::write_file(bench.path + suffix, "old\n");
    std::filesystem::permissions(bench.path + suffix, std::filesystem::perms(0644));
  }
  auto other = bench.open();
  CHECK(mode_of(bench.path) == 0600);
  CHECK(mode_of(bench.path + ".2") == 0600);
  CHECK(log.has("dead letters: " + bench.path + ".2 had mode 0644; now it is 0600"));
  // Put there while we run.
  std::filesystem::remove(bench.path);
  test::write_file(bench.path, "copied\n");
  std::filesystem::permissions(bench.path, std::filesystem::perms(0640));
  REQUIRE(other->append("new\n").has_value());
  CHECK(mode_of(bench.path) == 0600);
  CHECK(bench.file() == "copied\nnew\n");
}

TEST_CASE("letter files: half a letter at the end spoils no other") {
  test::LogCapture log;
  Bench bench;
  test::write_file(bench.path, "whole\nhal");
  REQUIRE(bench.files->append("next\n").has_value());
  CHECK(bench.file() == "whole\nhal\nnext\n");
}

TEST_CASE("letter files: they are rotated, and the oldest go") {
  test::LogCapture log;
  Bench bench(4 * 100);
  std::unique_ptr<LetterFiles> other = bench.open();
  for (char name = 'a'; name <= 'j'; ++name) {
    // Two processes take turns, and each sees that the other has rotated.
    LetterFiles& writer = name % 2 == 0 ? *bench.files : *other;
    REQUIRE(writer.append(letter(name)).has_value());
    CHECK(bench.total() <= 400);
  }
  CHECK(bench.file() == letter('i') + letter('j'));
  CHECK(bench.file(".1").starts_with("g"));
  CHECK(bench.file(".3").starts_with("c"));
  CHECK_FALSE(bench.there(".4"));
  CHECK(log.count("the oldest 2 of them had to go") == 1);
}

TEST_CASE("letter files: a number that is free is used before anything goes") {
  test::LogCapture log;
  Bench bench(4 * 100);
  for (char name = 'a'; name <= 'h'; ++name) {
    REQUIRE(bench.files->append(letter(name)).has_value());
  }
  std::filesystem::remove(bench.path + ".1");  // it was replayed, say
  REQUIRE(bench.files->append(letter('i')).has_value());
  CHECK(bench.file(".1") == letter('g') + letter('h'));
  CHECK(bench.file(".2").starts_with("c"));
  CHECK(bench.file(".3").starts_with("a"));
  CHECK(log.text().empty());
}

TEST_CASE("letter files: all of them together stay below the size") {
  test::LogCapture log;
  Bench bench(4000);
  REQUIRE(bench.files->append(letter('a', 1500)).has_value());  // more than a quarter
  REQUIRE(bench.files->append(letter('b')).has_value());
  CHECK(bench.file() == letter('b'));
  CHECK(bench.file(".1") == letter('a', 1500));
  REQUIRE(bench.files->append(letter('c', 3000)).has_value());
  CHECK(bench.file() == letter('c', 3000));
  CHECK(bench.total() == 3050);
  CHECK(log.count("the oldest 1 of them had to go") == 1);
  CHECK(bench.why_not(letter('d', 4001)) ==
        "4001 bytes are more than all of dead_letters.size, which is 4000: set a larger one");
  CHECK(bench.total() == 3050);
  // After a start with a smaller size.
  bench.size = 200;
  REQUIRE(bench.open()->append(letter('e')).has_value());
  CHECK(bench.total() == 50);
}

TEST_CASE("letter files: those that cannot be rotated do not grow") {
  Bench bench(4 * 100);
  PlainUser user(bench.folder.path());
  REQUIRE(bench.files->append(letter('a', 90)).has_value());
  REQUIRE(chmod(bench.folder.path().c_str(), 0500) == 0);
  CHECK(bench.why_not(letter('b', 90)) == "cannot rename letters to letters.1: Permission denied");
  CHECK(bench.file() == letter('a', 90));
  REQUIRE(bench.files->append(letter('b', 10)).has_value());
  REQUIRE(chmod(bench.folder.path().c_str(), 0700) == 0);
  REQUIRE(bench.files->append(letter('c', 90)).has_value());
  REQUIRE(bench.files->append(letter('d', 90)).has_value());
  REQUIRE(bench.files->append(letter('e', 90)).has_value());
  REQUIRE(chmod(bench.folder.path().c_str(), 0500) == 0);
  CHECK(bench.why_not(letter('f', 90)) == "cannot remove letters.3: Permission denied");
  REQUIRE(chmod(bench.folder.path().c_str(), 0700) == 0);
  CHECK(bench.total() == 370);
}

TEST_CASE("letter files: a folder in the place of an older one is said") {
  Bench bench(4 * 100);
  REQUIRE(bench.files->append(letter('a', 90)).has_value());
  std::filesystem::create_directory(bench.path + ".1");
  CHECK(bench.why_not(letter('b', 90)) == "letters.1 is not a plain file: move it out of the way");
  CHECK(bench.file() == letter('a', 90));
}

TEST_CASE("letter files: on a full disk a letter is there as a whole or not at all") {
  Bench bench;
  REQUIRE(bench.files->append("first\n").has_value());
  {
    FullDisk disk(8);
    CHECK(bench.why_not("second\n") == "write: File too large");
  }
  CHECK(bench.file() == "first\n");
  REQUIRE(bench.files->append("third\n").has_value());
  CHECK(bench.file() == "first\nthird\n");
}

TEST_CASE("letter files: nobody waits for ever for a process that hangs") {
  Bench bench;
  auto files = bench.open(std::chrono::milliseconds(20));
  REQUIRE(files->append("one\n").has_value());
  Fd other(::open(bench.path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(flock(other.get(), LOCK_EX) == 0);
  for (int i = 0; i < 2; ++i) {
    auto done = files->append("two\n");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().what ==
          "another process holds its lock and does not let go: end that one (`fuser -v " +
              bench.path + "` names it)");
  }
  std::filesystem::rename(bench.path, bench.path + ".held");
  CHECK(files->append("three\n").has_value());
  CHECK(bench.file() == "three\n");
  std::filesystem::rename(bench.path + ".held", bench.path);
  REQUIRE(flock(other.get(), LOCK_UN) == 0);
  CHECK(files->append("four\n").has_value());
  CHECK(bench.file() == "one\nfour\n");
}

TEST_CASE("letter files: only a plain file of ours will do, and the start says so") {
  Bench bench;
  std::string cannot = "dead_letters.path: " + bench.path + " cannot be used: ";
  REQUIRE(symlink("/etc/passwd", bench.path.c_str()) == 0);
  CHECK(bench.why_not("x\n") == "letters is a symbolic link: remove it");
  CHECK(bench.why_not_open() == cannot + "letters is a symbolic link: remove it");
  REQUIRE(unlink(bench.path.c_str()) == 0);
  REQUIRE(mkfifo(bench.path.c_str(), 0600) == 0);
  CHECK(bench.why_not("x\n") == "letters is not a plain file of ours: remove it");
  CHECK(bench.why_not_open() == cannot + "letters is not a plain file: move it out of the way");
  REQUIRE(unlink(bench.path.c_str()) == 0);
  REQUIRE(mkdir(bench.path.c_str(), 0700) == 0);
  CHECK(bench.why_not_open() == cannot + "letters is not a plain file: move it out of the way");
  bench.path += "/";
  CHECK(bench.why_not_open() == "dead_letters.path: " + bench.path +
                                    " cannot be used: it is a folder: set it to a file in there");
}

TEST_CASE("letter files: the start finds a folder that is not there or not for us") {
  Bench bench;
  auto opened = LetterFiles::open("/nonexistent/x", 1, kPatience);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().what ==
        "dead_letters.path: cannot open the folder /nonexistent: No such file or directory: make "
        "it, or set another path");
  PlainUser user(bench.folder.path());
  REQUIRE(chmod(bench.folder.path().c_str(), 0500) == 0);
  CHECK(bench.why_not_open() ==
        "dead_letters.path: " + bench.path +
            " cannot be used: no file can be made in its folder: Permission denied: let uid " +
            std::to_string(geteuid()) + " write there, or set another path");
  REQUIRE(chmod(bench.folder.path().c_str(), 0700) == 0);
  CHECK(bench.why_not_open().empty());
  CHECK_FALSE(bench.there());  // it was looked at, not made
}

TEST_CASE("letter files: the folder may be a link") {
  Bench bench;
  std::filesystem::create_directory(bench.folder / "real");
  std::filesystem::create_directory_symlink("real", bench.folder / "link");
  bench.path = bench.folder / "link/letters";
  REQUIRE(bench.open()->append("one\n").has_value());
  CHECK(test::read_file(bench.folder / "real/letters") == "one\n");
}
