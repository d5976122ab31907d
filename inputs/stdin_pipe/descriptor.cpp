// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"
#include "inputs/stdin_pipe/stdin_input.h"

namespace waybill::inputs::stdin_pipe {

namespace {

// As written: `spool` is known, but refused below.
enum class OnFullWord { kDrop, kBlock, kSpool };
struct Written {
  OnFullWord on_full = OnFullWord::kDrop;
  std::string format = StdinSettings().format;
  bool trust_service = StdinSettings().trust_service;
};

const config::OptionTable<Written>& table() {
  static const auto made =
      config::OptionTable<Written>()
          .other("type", config::OptionKind::kString, "`stdin`")
          .choice("on_full", &Written::on_full, {"drop", "block", "spool"},
                  "what happens to the producer when outputs cannot follow: `block` lets it wait, "
                  "`drop` lets it wait for 1 s and then drops the oldest records, counted; "
                  "`spool` is not built yet")
          .text("format", &Written::format, "`auto`, or the name of the parser for every line")
          .flag("trust_service", &Written::trust_service,
                "whether a line's own service name wins over the configured one");
  return made;
}

std::unique_ptr<Input> make(const config::Section& section) {
  Written written;
  table().read(section, written);
  if (written.on_full == OnFullWord::kSpool) {
    section.fault("on_full", "`spool` is not built in this version: use `block` or `drop`");
    return nullptr;
  }
  StdinSettings settings;
  settings.on_full = written.on_full == OnFullWord::kBlock ? OnFull::kBlock : OnFull::kDrop;
  settings.format = written.format;
  settings.trust_service = written.trust_service;
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
