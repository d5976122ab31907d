// SPDX-License-Identifier: Apache-2.0
#include "delivery/state_dir.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/test_support.h"

namespace waybill::delivery {
namespace {

using test::TempFolder;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

bool holds(const Error& error, const std::string& words) {
  return error.what.find(words) != std::string::npos;
}

TEST_CASE("a state directory is made, private, with its parents") {
  TempFolder folder;
  Result<StateDir> dir = StateDir::open(folder / "a/b/state/");
  REQUIRE(dir);
  CHECK(dir->path() == folder / "a/b/state");
  CHECK(mode_of(folder / "a/b/state") == 0700);
  CHECK(mode_of(folder / "a/b/state/lock") == 0600);
}

TEST_CASE("the mode of a folder that is there stays as it is") {
  TempFolder folder;
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(StateDir::open(folder.path()));
  CHECK(mode_of(folder.path()) == 0755);
}

TEST_CASE("a folder that others may write to is refused, with advice") {
  TempFolder folder;
  for (mode_t mode : {0777u, 0770u, 01777u}) {
    REQUIRE(chmod(folder.path().c_str(), mode) == 0);
    Result<StateDir> dir = StateDir::open(folder.path());
    REQUIRE(!dir);
    CHECK(holds(dir.error(), "chmod 700"));
    CHECK(dir.error().action == Action::kFixConfig);
  }
}

TEST_CASE("a folder that belongs to somebody else is refused") {
  if (geteuid() != 0) return;  // only root can make one
  TempFolder folder;
  REQUIRE(chown(folder.path().c_str(), 12345, 12345) == 0);
  Result<StateDir> dir = StateDir::open(folder.path());
  REQUIRE(!dir);
  CHECK(holds(dir.error(), "belongs to uid 12345"));
}

TEST_CASE("a second daemon is refused and told which process holds the folder") {
  TempFolder folder;
  {
    Result<StateDir> first = StateDir::open(folder / "state");
    REQUIRE(first);
    Result<StateDir> second = StateDir::open(folder / "state");
    REQUIRE(!second);
    CHECK(holds(second.error(), "pid " + std::to_string(getpid())));
    CHECK(holds(second.error(), "in use by another waybill"));
    StateDir moved = *std::move(first);  // the lock moves along
    CHECK(!StateDir::open(folder / "state"));
  }
  CHECK(StateDir::open(folder / "state"));
}

TEST_CASE("a symbolic link is followed when we or root made it") {
  TempFolder folder;
  REQUIRE(mkdir((folder / "real").c_str(), 0700) == 0);
  REQUIRE(symlink("real", (folder / "link").c_str()) == 0);
  CHECK(StateDir::open(folder / "link"));
  if (geteuid() != 0) return;
  REQUIRE(lchown((folder / "link").c_str(), 12345, 12345) == 0);
  Result<StateDir> dir = StateDir::open(folder / "link");
  REQUIRE(!dir);
  CHECK(holds(dir.error(), "symbolic link"));
}

TEST_CASE("a lock file that is a symbolic link is not followed") {
  TempFolder folder;
  test::write_file(folder / "victim", "precious");
  REQUIRE(symlink("victim", (folder / "lock").c_str()) == 0);
  CHECK(!StateDir::open(folder.path()));
  CHECK(test::read_file(folder / "victim") == "precious");
}

TEST_CASE("a path that is no folder is refused in words") {
  TempFolder folder;
  test::write_file(folder / "file", "");
  Result<StateDir> dir = StateDir::open(folder / "file");
  REQUIRE(!dir);
  CHECK(holds(dir.error(), "Not a directory"));
  CHECK(!StateDir::open(folder / "file/below"));
  CHECK(!StateDir::open(""));
}

}  // namespace
}  // namespace waybill::delivery
