// SPDX-License-Identifier: Apache-2.0
#include "config/recorder.h"

namespace waybill::config {

namespace {

constexpr const char* kRecorder = "recorder";
constexpr const char* kAdaptive = "adaptive";

const OptionTable<RecorderOptions>& recorder_table() {
  using Recorder = RecorderOptions;
  static const auto made = OptionTable<Recorder>()
                               .bytes("memory", &Recorder::memory, 0, size_t{1} << 30,
                                      "bytes of lines that wait; 0, or no `recorder`: none do")
                               .duration("max_age", &Recorder::max_age,
                                         std::chrono::milliseconds(1), std::chrono::hours(1),
                                         "how old a line may be that an error sends, on event time")
                               .integer("max_traces", &Recorder::max_traces, 1, 1'000'000,
                                        "traces that have lines waiting, or erred lately");
  return made;
}

const OptionTable<AdaptiveOptions>& adaptive_table() {
  using Adaptive = AdaptiveOptions;
  static const auto made =
      OptionTable<Adaptive>()
          .bytes("target", &Adaptive::target, 1, size_t{1} << 40,
                 "bytes of lines a second that each service may send, on event time; must be there")
          .number("least", &Adaptive::least, 1e-9, 1,
                  "the probability does not fall below this, whatever comes");
  return made;
}

}  // namespace

OptionInfo recorder_info() {
  OptionInfo info = detail::option(
      kRecorder, OptionKind::kSection,
      "the flight recorder: what is kept back waits here, and is sent when its trace errs", "");
  info.children = recorder_table().list();
  return info;
}

OptionInfo adaptive_info() {
  OptionInfo info =
      detail::option(kAdaptive, OptionKind::kSection,
                     "a probability for each service that keeps to a target, behind the rules", "");
  info.children = adaptive_table().list();
  return info;
}

RecorderOptions read_recorder(const Section& sample) {
  RecorderOptions options;
  if (std::optional<Section> section = sample.section(kRecorder)) {
    recorder_table().read(*section, options);
  } else {
    options.memory = 0;
  }
  return options;
}

AdaptiveOptions read_adaptive(const Section& sample) {
  AdaptiveOptions options;
  std::optional<Section> section = sample.section(kAdaptive);
  if (!section) return options;
  adaptive_table().read(*section, options);
  if (!section->has("target")) {
    section->fault("", "needs 'target', the bytes a second that each service may send: 1MiB");
  }
  return options;
}

}  // namespace waybill::config
