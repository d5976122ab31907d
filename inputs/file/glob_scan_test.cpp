// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/glob_scan.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "inputs/test_support.h"

using waybill::inputs::file::GlobScan;
using waybill::inputs::file::selected;
using waybill::inputs::testing::TempFolder;
using Paths = std::vector<std::string>;

namespace {

void touch(const std::string& path) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << "x";
}

}  // namespace

TEST_CASE("globs match per component, excludes by name or by path") {
  TempFolder folder;
  for (const char* name : {"a.log", "b.log", "b.txt", ".hidden.log", "pods/p1/c1/0.log",
                           "pods/p1/c2/0.log", "pods/p2/c1/0.log", "pods/p2/stray.log"}) {
    touch(folder / name);
  }
  auto scan = [&](Paths include, Paths exclude = {}) {
    for (std::string& pattern : include) pattern = folder / pattern;
    return GlobScan(include, exclude).paths();
  };
  CHECK(scan({"*.log"}) == Paths{folder / "a.log", folder / "b.log"});
  CHECK(scan({"*.log", "a.*", "./a.log"}) == Paths{folder / "a.log", folder / "b.log"});
  CHECK(scan({"[a].log"}) == Paths{folder / "a.log"});
  CHECK(scan({"pods/*/*/*.log"}).size() == 3);
  CHECK(scan({"pods/**/*.log"}).size() == 4);
  CHECK(scan({"**/*.log"}).size() == 6);
  CHECK(scan({"pods/*/*/*.log"}, {"*/c1/*"}).size() == 3);  // a path is matched as a whole
  CHECK(scan({"pods/*/*/*.log"}, {folder / "pods/*/c1/*"}).size() == 1);
  CHECK(scan({"pods/*/*/*.log"}, {"/**/c1/*"}).size() == 1);
  CHECK(scan({"*.log"}, {"b.*"}) == Paths{folder / "a.log"});
  CHECK(scan({"plain"}) == Paths{folder / "plain"});  // without magic: looked for, not listed
  CHECK(scan({"gone/*.log"}).empty());
}

TEST_CASE("what the globs would find is known before it is there") {
  CHECK(selected({"/v/*.log"}, {}, "/v/a.log"));
  CHECK_FALSE(selected({"/v/*.log"}, {}, "/v/w/a.log"));
  CHECK_FALSE(selected({"/v/*.log"}, {"a.*"}, "/v/a.log"));
  CHECK(selected({"/v/**/*.log"}, {}, "/v/a.log"));
  CHECK(selected({"/v/**/*.log"}, {}, "/v/w/x/a.log"));
  CHECK_FALSE(selected({"/v/**/*.log"}, {"/v/w/**"}, "/v/w/x/a.log"));
}

TEST_CASE("relative globs and absolute paths mean the same files") {
  const std::string here = std::filesystem::current_path().string();
  const std::string name = std::filesystem::current_path().filename().string();
  CHECK(selected({"v/*.log"}, {}, here + "/v/a.log"));
  CHECK(selected({here + "/v/*.log"}, {}, "v/a.log"));
  CHECK(selected({"./v/*.log"}, {}, "v//w/../a.log"));
  CHECK(selected({"../" + name + "/v/*.log"}, {}, "v/a.log"));
  CHECK_FALSE(selected({"v/*.log"}, {}, "/v/a.log"));
  CHECK_FALSE(selected({here + "/v/*.log"}, {"v/a.*"}, "v/a.log"));
  CHECK_FALSE(selected({"v/*.log"}, {here + "/v/a.*"}, "v/a.log"));
  CHECK_FALSE(selected({"v/*.log"}, {"**/a.log"}, "v/a.log"));
}

TEST_CASE("a relative exclude with a folder starts at the working directory, as a glob does") {
  TempFolder folder;
  touch(folder / "v/a.log");
  touch(folder / "v/b.log");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  GlobScan scan({"v/*.log"}, {"v/b.*"});
  std::filesystem::current_path(before);
  Paths found = scan.paths();
  REQUIRE(found.size() == 1);
  CHECK(found.front().ends_with("/v/a.log"));
}

TEST_CASE("a folder that changes is read again, at once") {
  TempFolder folder;
  touch(folder / "a.log");
  GlobScan scan({folder / "*.log"}, {});
  for (int i = 0; i < 50; ++i) {
    CHECK(scan.paths().size() == static_cast<size_t>(i + 1));
    touch(folder / ("new" + std::to_string(i) + ".log"));
  }
  std::filesystem::remove(folder / "a.log");
  CHECK(scan.paths().size() == 50);
  CHECK(scan.folders().contains(folder.path()));
}

TEST_CASE("a folder whose time is old and unchanged is not read again") {
  TempFolder folder;
  touch(folder / "a.log");
  auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(folder.path(), old);
  GlobScan scan({folder / "*.log"}, {});
  CHECK(scan.paths().size() == 1);
  touch(folder / "b.log");
  std::filesystem::last_write_time(folder.path(), old);  // as if nothing had happened
  CHECK(scan.paths().size() == 1);
  std::filesystem::last_write_time(folder.path(), old + std::chrono::seconds(1));
  CHECK(scan.paths().size() == 2);
}
