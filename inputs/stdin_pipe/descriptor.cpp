// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"
#include "inputs/stdin_pipe/stdin_input.h"

namespace waybill::inputs::stdin_pipe {

namespace {

const config::OptionTable<StdinSettings>& table() {
  static const auto made =
      config::OptionTable<StdinSettings>()
          .other("type", config::OptionKind::kString, "`stdin`")
          .choice("on_full", &StdinSettings::on_full, {"drop", "block", "spool"},
                  "what happens when outputs cannot follow: `block` lets the producer wait, "
                  "`spool` puts the lines on disk, `drop` lets the producer wait for 1 s and then "
                  "drops the oldest records, counted, as `spool` does where there is no spool")
          .text("format", &StdinSettings::format,
                "`auto`, or the name of the parser for every line")
          .flag("trust_service", &StdinSettings::trust_service,
                "whether a line's own service name wins over the configured one");
  return made;
}

std::unique_ptr<Input> make(const config::Section& section) {
  StdinSettings settings;
  table().read(section, settings);
  return std::make_unique<StdinInput>(std::move(settings));
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "stdin",
      .summary = "lines from standard input: a pipe, a terminal or a file",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
  };
  return made;
}

}  // namespace waybill::inputs::stdin_pipe
