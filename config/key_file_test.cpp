// SPDX-License-Identifier: Apache-2.0
#include "config/key_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace waybill::config {

TEST_CASE("key files: who may read them, and how long they are") {
  std::string folder = std::filesystem::temp_directory_path() / "waybill_key_XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  std::string path = folder + "/key";
  auto put = [&](const std::string& text, mode_t mode) {
    std::ofstream(path) << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return read_key(path);
  };
  auto none = read_key(folder + "/none");
  REQUIRE(!none);
  CHECK(none.error().what == folder + "/none: No such file or directory");
  auto good = put("0123456789abcdef\n", 0600);
  REQUIRE(good);
  CHECK(*good == "0123456789abcdef");
  CHECK(put("0123456789abcdef\n", 0640));
  auto open = put("0123456789abcdef\n", 0644);
  REQUIRE(!open);
  CHECK(open.error().what == path + " can be read or changed by others (mode 0644): chmod 0600 it");
  auto small = put("0123456789\n", 0600);
  REQUIRE(!small);
  CHECK(small.error().what.find("has 10 bytes, and a key needs 16 at least") != std::string::npos);
  auto large = put(std::string(kLargestKey + 1, 'x'), 0600);
  CHECK(!large);
  auto directory = read_key(folder);
  REQUIRE(!directory);
  CHECK(directory.error().what == folder + " is no regular file");
  std::filesystem::remove_all(folder);
}

}  // namespace waybill::config
