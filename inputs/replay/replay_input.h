// SPDX-License-Identifier: Apache-2.0
// ReplayInput: the records of dead letters, each for the output that it was refused by
// (`waybill replay`).
#pragma once

#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inputs/input.h"
#include "inputs/lifeline.h"
#include "inputs/replay/letter.h"

namespace waybill::inputs::replay {

struct ReplaySettings {
  std::vector<std::string> files;
  std::vector<std::string> outputs;  // names of those there are; empty: each letter goes to all
};

// What came of the letters.
struct Report {
  uint64_t letters = 0;
  uint64_t unusable = 0;   // further lines: no letters, or for an output that is not there
  bool cut_short = false;  // there are more, which were not reached
};

class ReplayInput : public Input {
 public:
  ReplayInput(ReplaySettings settings, std::shared_ptr<Report> report)
      : settings_(std::move(settings)), report_(std::move(report)) {}
  ~ReplayInput() override { stop(); }

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return true; }
  // The letters stay where they are.
  OnFull on_full() const override { return OnFull::kBlock; }

 private:
  struct File {
    std::string path;
    std::ifstream stream;
    // What there was of it at the start: what is refused again may be appended.
    uint64_t size = 0;
    uint64_t read = 0;    // bytes
    uint64_t number = 0;  // of the line read last
  };

  Result<void> open(const std::string& path);
  void post_step();
  void step();
  bool next_letter();
  bool submit_letter();
  const std::shared_ptr<const Source>& source_for(std::string_view output);
  void refuse(const std::string& why);
  void end();

  const ReplaySettings settings_;
  const std::shared_ptr<Report> report_;
  std::unique_ptr<const Context> context_;
  std::function<void()> on_end_;
  std::deque<File> files_;  // the front one is being read
  LetterReader reader_;
  std::string line_;
  Letter letter_;  // in line_; its record is empty when there is none to submit
  std::map<std::string, std::shared_ptr<const Source>, std::less<>> sources_;  // by output
  bool waiting_ = false;                                                       // for room
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::replay
