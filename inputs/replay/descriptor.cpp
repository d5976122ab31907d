// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/replay_input.h"

namespace waybill::inputs::replay {

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "replay",
      .summary = "dead letters (`waybill replay`)",
      .in_config = false,
      .options = []() -> const config::OptionList& {
        static const config::OptionList none;
        return none;
      },
      .make = [](const config::Section& section) -> std::unique_ptr<Input> {
        section.fault("type", "dead letters are read by `waybill replay FILE`, not by a config");
        return nullptr;
      },
  };
  return made;
}

}  // namespace waybill::inputs::replay
