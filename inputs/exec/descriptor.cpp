// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/exec_input.h"

namespace waybill::inputs::exec {

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "exec",
      .summary = "runs a command and takes what it prints (`waybill exec`)",
      .in_config = false,
      .options = []() -> const config::OptionList& {
        static const config::OptionList none;
        return none;
      },
      .make = [](const config::Section& section) -> std::unique_ptr<Input> {
        section.fault("type", "a command is run by `waybill exec -- COMMAND`, not by a config");
        return nullptr;
      },
  };
  return made;
}

}  // namespace waybill::inputs::exec
