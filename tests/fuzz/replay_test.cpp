// SPDX-License-Identifier: Apache-2.0
// The kept corpus of every fuzz target, in every build: what a fuzzer found once stays fixed.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/fuzz/target.h"

void waybill::fuzz::fail(const char* what, const char* file, int line) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) +
                           ": does not hold: " + what);
}

namespace {

void replay(const char* name, void (*target)(std::string_view)) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(FUZZ_CORPUS) + "/" + name)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 10);
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    std::string input(std::istreambuf_iterator<char>(in), {});
    CAPTURE(path.string());
    CHECK_NOTHROW(target(input));
  }
}

}  // namespace

TEST_CASE("fuzz corpus: json_walker") { replay("json_walker", waybill::fuzz::json_walker); }
TEST_CASE("fuzz corpus: lines") { replay("lines", waybill::fuzz::lines); }
TEST_CASE("fuzz corpus: config") { replay("config", waybill::fuzz::config); }
TEST_CASE("fuzz corpus: line_carry") { replay("line_carry", waybill::fuzz::line_carry); }
TEST_CASE("fuzz corpus: stream_framer") { replay("stream_framer", waybill::fuzz::stream_framer); }
TEST_CASE("fuzz corpus: times") { replay("times", waybill::fuzz::times); }
TEST_CASE("fuzz corpus: gzip_file") { replay("gzip_file", waybill::fuzz::gzip_file); }
TEST_CASE("fuzz corpus: contract") { replay("contract", waybill::fuzz::contract); }
TEST_CASE("fuzz corpus: redaction") { replay("redaction", waybill::fuzz::redaction); }
