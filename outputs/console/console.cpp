// SPDX-License-Identifier: Apache-2.0
// The `console` output: our standard output, for people (pretty, tree) or for a pipe (JSON
// lines).
#include <unistd.h>

#include <algorithm>

#include "outputs/basics.h"
#include "outputs/console/colours.h"
#include "outputs/console/console_sink.h"
#include "outputs/console/pretty.h"
#include "outputs/console/tree.h"
#include "outputs/writer/writer_output.h"

namespace waybill::outputs::console {

namespace {

enum class Style : uint8_t { kAuto, kPretty, kJson, kTree };

// Somebody is looking: at once, when there is nothing more to do.
struct ConsoleBatch : BatchSettings {
  ConsoleBatch() { delay = Duration::zero(); }
};

struct ConsoleSettings {
  Style style = Style::kAuto;
  Colour color = Colour::kAuto;
  Duration quiet = std::chrono::seconds(1);
  ConsoleBatch batch;
};

// Of `tree`: what is held is bounded in batches, too, so they are not of single lines.
constexpr Duration kTreeDelay = std::chrono::milliseconds(200);

const config::OptionTable<ConsoleSettings>& table() {
  static const auto made = [] {
    config::OptionTable<ConsoleSettings> options;
    options
        .choice(
            "style", &ConsoleSettings::style, {"auto", "pretty", "json", "tree"},
            "auto: pretty on a terminal, json into a pipe. tree: the lines of each trace together, "
            "as a waterfall, once it is quiet")
        .choice("color", &ConsoleSettings::color, {"auto", "always", "never"},
                "auto: on a terminal, unless NO_COLOR is set")
        .duration("quiet", &ConsoleSettings::quiet, std::chrono::milliseconds(50),
                  std::chrono::seconds(10),
                  "of tree: a trace is drawn when nothing of it has come for so long");
    add_common_options(options);
    return options;
  }();
  return made;
}

std::unique_ptr<Output> make(const config::Section& section) {
  ConsoleSettings settings;
  table().read(section, settings);
  bool pretty = settings.style == Style::kPretty ||
                (settings.style == Style::kAuto && isatty(STDOUT_FILENO) != 0);
  std::unique_ptr<writer::Encoder> encoder;
  std::unique_ptr<writer::Gatherer> gatherer;
  if (settings.style == Style::kTree) {
    encoder = std::make_unique<TreeLines>(wants_colours(settings.color));
    gatherer = std::make_unique<Tree>(settings.quiet, wants_colours(settings.color));
    settings.batch.delay = std::max(settings.batch.delay, kTreeDelay);
  } else if (pretty) {
    encoder = std::make_unique<Pretty>(wants_colours(settings.color));
  } else {
    encoder = std::make_unique<writer::JsonLines>();
  }
  auto output = std::make_unique<writer::WriterOutput>(std::make_unique<ConsoleSink>(),
                                                       std::move(encoder), std::move(gatherer));
  adopt_section(*output, section);
  output->limits = settings.batch.limits();
  output->spool.size = 0;  // what goes to a terminal or a pipe is not for disks
  output->target = "standard output";
  return output;
}

std::string to_section(std::string_view, const Identity&) { return "{type: console}"; }

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor one{
      .type = "console",
      .summary = "writes to standard output: pretty for people, JSON lines for programs",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
      .to_prefix = "console",
      .to_section = to_section,
  };
  return one;
}

}  // namespace waybill::outputs::console
