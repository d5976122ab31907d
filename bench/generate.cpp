// SPDX-License-Identifier: Apache-2.0
// waybill_generate --lines N --shape zap|text|request|mixed [--seed S]: log lines on standard
// output.
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <string>

#include "bench/lines.h"

int main(int argc, char** argv) {
  using namespace waybill::bench;
  uint64_t lines = 0;
  uint64_t seed = 1;
  std::string name = "zap";
  CLI::App app("writes log lines to measure with");
  app.add_option("--lines", lines, "how many")->required();
  app.add_option("--shape", name, "zap (JSON), text, request, or mixed")
      ->check(CLI::IsMember({"zap", "text", "request", "mixed"}));
  app.add_option("--seed", seed, "another seed, other lines");
  CLI11_PARSE(app, argc, argv);

  Shape shape = Shape::kZap;
  shape_of(name, shape);
  // Backends refuse what is old or lies ahead: the last line is a little before now.
  auto now = std::chrono::system_clock::now().time_since_epoch();
  int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  constexpr int64_t kLongestStepNs = 2'000'000;
  LineWriter writer(shape, seed, now_ns - static_cast<int64_t>(lines) * kLongestStepNs);
  std::string block;
  constexpr size_t kBlock = 1 << 20;
  for (uint64_t i = 0; i < lines; ++i) {
    writer.append(block);
    if (block.size() < kBlock && i + 1 < lines) continue;
    if (std::fwrite(block.data(), 1, block.size(), stdout) != block.size()) {
      std::perror("waybill_generate: standard output");
      return 1;
    }
    block.clear();
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
