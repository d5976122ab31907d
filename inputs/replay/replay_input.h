// SPDX-License-Identifier: Apache-2.0
// ReplayInput: the records of dead letters, each for the output that it was refused by
// (`waybill replay`).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/throttle.h"
#include "inputs/input.h"
#include "inputs/lifeline.h"
#include "inputs/replay/letter.h"
#include "inputs/replay/letter_file.h"

namespace waybill::inputs::replay {

struct ReplaySettings {
  std::vector<std::string> files;
  std::vector<std::string> outputs;  // names of those there are; empty: each letter goes to all
};

// What came of the letters.
struct Report {
  uint64_t letters = 0;
  uint64_t unusable = 0;   // further lines: no letters, or for an output that is not there. A file
                           // that cannot be read any further counts as one
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
  void post_step();
  void step();
  bool next_letter();
  bool submit_letter();
  const std::shared_ptr<const Source>& source_for(std::string_view output);
  void read_letter();
  void refuse(std::string why);
  void say_refused(uint64_t lines);
  void give_up();
  void end();

  const ReplaySettings settings_;
  const std::shared_ptr<Report> report_;
  std::unique_ptr<const Context> context_;
  std::function<void()> on_end_;
  std::deque<std::unique_ptr<LetterFile>> files_;  // the front one is being read
  LetterReader reader_;
  Letter letter_;  // in the file's line; its record is empty when there is none to submit
  Throttle throttle_{std::chrono::seconds(10)};  // of what is unusable
  std::string refused_;                          // the last line of it, and why
  std::map<std::string, std::shared_ptr<const Source>, std::less<>> sources_;  // by output
  bool waiting_ = false;                                                       // for room
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::replay
