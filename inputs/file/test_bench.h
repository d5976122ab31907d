// SPDX-License-Identifier: Apache-2.0
// What the tests of the file input share: a folder, and an input that follows its *.log.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inputs/file/file_input.h"
#include "inputs/test_support.h"

namespace waybill::inputs::file::testing {

using inputs::testing::Bench;
using inputs::testing::TempFolder;
using Texts = std::vector<std::string>;

inline void append(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::app) << text;
}

inline void replace(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::trunc) << text;
}

inline std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

struct Files : Bench {
  TempFolder folder;
  std::unique_ptr<FileInput> input;

  FileSettings settings(StartAt start_at = StartAt::kBeginning) {
    FileSettings made;
    made.include = {folder / "*.log"};
    made.start_at = start_at;
    return made;
  }
  void start(FileSettings with, bool once = false) {
    input = std::make_unique<FileInput>(std::move(with));
    input->name = "app";
    REQUIRE(input->start(context(once), on_end()).has_value());
  }
  void start() { start(settings()); }
  void restart() {
    input.reset();
    intake.lines.clear();
    start();
  }
  FileCheckpoint checkpoint() {
    auto all = checkpoints.load("app");
    REQUIRE(all.size() == 1);
    return all[0];
  }
  // Runs the loop for a while; for what must not happen.
  void let_pass(std::chrono::milliseconds time) {
    inputs::testing::run_until(
        io, [] { return false; }, time);
  }
  uint64_t missed(MissReason reason) {
    return ledger.snapshot().missed[static_cast<size_t>(reason)];
  }
};

}  // namespace waybill::inputs::file::testing
