// SPDX-License-Identifier: Apache-2.0
// waybill_stages: nanoseconds per line of each stage of the hot path, best of many rounds.
//
//   waybill_stages                            a table of all stages
//   waybill_stages --stage parse --rounds 50  that stage so often and nothing else, no clock: for
//                                             callgrind and perf
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "bench/hot_path.h"

namespace {

using waybill::bench::HotPath;
using waybill::bench::Own;
using waybill::bench::Shape;

struct Stage {
  std::string_view name;
  Shape shape;
  void (*run)(HotPath&);
  Own own = Own::kNone;
};

constexpr std::array kStages = {
    Stage{"frame", Shape::kZap, [](HotPath& path) { path.frame(); }},
    Stage{"walk", Shape::kZap, [](HotPath& path) { path.walk(); }},
    Stage{"parse", Shape::kZap, [](HotPath& path) { path.parse(); }},
    // Resolving takes fields off, so each round begins with a parse.
    Stage{"parse+lineage", Shape::kZap,
          [](HotPath& path) {
            path.parse();
            path.lineage();
          }},
    Stage{"contract", Shape::kZap, [](HotPath& path) { path.contract(false); }},
    Stage{"contract wide", Shape::kZap, [](HotPath& path) { path.contract(true); }},
    // Rates are written behind what the parser left, so each round begins with a parse.
    Stage{"parse+lineage+sample", Shape::kZap,
          [](HotPath& path) {
            path.parse();
            path.lineage();
            path.sample();
          }},
    Stage{"canonical", Shape::kZap, [](HotPath& path) { path.canonical(); }},
    Stage{"encode loki", Shape::kZap, [](HotPath& path) { path.encode("loki"); }},
    Stage{"encode es", Shape::kZap, [](HotPath& path) { path.encode("es"); }},
    Stage{"encode otlp", Shape::kZap, [](HotPath& path) { path.encode("otlp"); }},
    Stage{"request parse", Shape::kRequest, [](HotPath& path) { path.parse(); }},
    Stage{"request parse+lineage", Shape::kRequest,
          [](HotPath& path) {
            path.parse();
            path.lineage();
          }},
    Stage{"request encode loki", Shape::kRequest, [](HotPath& path) { path.encode("loki"); }},
    Stage{"text parse", Shape::kText, [](HotPath& path) { path.parse(); }},
    Stage{"text parse+lineage", Shape::kText,
          [](HotPath& path) {
            path.parse();
            path.lineage();
          }},
    Stage{"text canonical", Shape::kText, [](HotPath& path) { path.canonical(); }},
    Stage{"text encode loki", Shape::kText, [](HotPath& path) { path.encode("loki"); }},
    Stage{"own regex parse", Shape::kText, [](HotPath& path) { path.parse(); }, Own::kRegex},
    Stage{"own wide regex parse", Shape::kText, [](HotPath& path) { path.parse(); },
          Own::kWideRegex},
    Stage{"own dissect parse", Shape::kText, [](HotPath& path) { path.parse(); }, Own::kDissect},
    Stage{"regex passes by", Shape::kZap, [](HotPath& path) { path.parse(); }, Own::kRegex},
};

// The work that has to be done before a stage, and once more so that everything is warm.
void prepare(HotPath& path, const Stage& stage) {
  path.parse();
  path.lineage();
  for (int i = 0; i < 12; ++i) stage.run(path);
  if (stage.name == "frame") path.parse();
}

double best_ns_per_line(const Stage& stage, int rounds) {
  using Clock = std::chrono::steady_clock;
  HotPath path(stage.shape, stage.own);
  prepare(path, stage);
  // Encoding composes a request every few rounds: as many rounds are timed together.
  constexpr int kTogether = 16;
  double best = 1e18;
  for (int i = 0; i < rounds; ++i) {
    auto begin = Clock::now();
    for (int k = 0; k < kTogether; ++k) stage.run(path);
    std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    best = std::min(best, took.count() / kTogether / static_cast<double>(path.lines()));
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  int rounds = 60;
  CLI::App app("times the stages of the hot path");
  app.add_option("--stage", only, "this one alone, without a clock; prints lines and bytes");
  app.add_option("--rounds", rounds, "how often");
  CLI11_PARSE(app, argc, argv);

  for (const Stage& stage : kStages) {
    if (only.empty()) {
      fmt::print("{:<20} {:7.1f} ns per line\n", stage.name, best_ns_per_line(stage, rounds));
    } else if (only == stage.name) {
      HotPath path(stage.shape, stage.own);
      prepare(path, stage);
      for (int i = 0; i < rounds; ++i) stage.run(path);
      fmt::print("{} {}\n", path.lines(), path.bytes());
      return 0;
    }
  }
  if (only.empty()) return 0;
  fmt::print(stderr, "no stage is called '{}': run without --stage to see them\n", only);
  return 2;
}
