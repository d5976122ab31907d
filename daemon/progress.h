// SPDX-License-Identifier: Apache-2.0
// Progress: a bar on a terminal, for work that takes longer than somebody likes to wait blindly.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"

namespace waybill::daemon {

// Draws on stderr, and only when that is a terminal and the work takes longer than a second. One
// thread.
class Progress {
 public:
  // `total`: bytes; 0: not known.
  explicit Progress(uint64_t total);
  ~Progress();
  Progress(Progress&&) = delete;

  // So many bytes are done; `what` is being worked on. Cheap enough for every batch.
  void show(uint64_t done, const std::string& what);
  // Takes the bar away, so that something else can be printed.
  void clear();

 private:
  void draw(uint64_t done, const std::string& what);

  const uint64_t total_;
  const bool terminal_;
  const SteadyTime begin_;
  SteadyTime next_;
  bool shown_ = false;
};

}  // namespace waybill::daemon
