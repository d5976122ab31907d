// SPDX-License-Identifier: Apache-2.0
// `sample.recorder` and `sample.adaptive`: what is not a rule, and has options of its own.
#pragma once

#include <cstdint>

#include "config/options.h"

namespace waybill::config {

struct RecorderOptions {
  size_t memory = size_t{8} * 1024 * 1024;  // bytes; 0: there is none
  Duration max_age = std::chrono::seconds(30);
  int64_t max_traces = 10'000;
};
struct AdaptiveOptions {
  size_t target = 0;  // bytes a second of each service; 0: there is none
  double least = 0.001;
};

// The options themselves.
OptionInfo recorder_info();
OptionInfo adaptive_info();
// Of a section `sample`; faults go to it. Without a key of theirs there is none of them.
RecorderOptions read_recorder(const Section& sample);
AdaptiveOptions read_adaptive(const Section& sample);

}  // namespace waybill::config
