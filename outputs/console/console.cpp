// SPDX-License-Identifier: Apache-2.0
// The `console` output: our standard output, for people (pretty) or for a pipe (JSON lines).
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "outputs/basics.h"
#include "outputs/console/console_sink.h"
#include "outputs/console/pretty.h"
#include "outputs/writer/writer_output.h"

namespace waybill::outputs::console {

namespace {

enum class Style : uint8_t { kAuto, kPretty, kJson, kTree };
enum class Colour : uint8_t { kAuto, kAlways, kNever };

// Somebody is looking: at once, when there is nothing more to do.
struct ConsoleBatch : BatchSettings {
  ConsoleBatch() { delay = Duration::zero(); }
};

struct ConsoleSettings {
  Style style = Style::kAuto;
  Colour color = Colour::kAuto;
  ConsoleBatch batch;
};

const config::OptionTable<ConsoleSettings>& table() {
  static const auto made = [] {
    config::OptionTable<ConsoleSettings> options;
    options
        .choice("style", &ConsoleSettings::style, {"auto", "pretty", "json", "tree"},
                "auto: pretty on a terminal, json into a pipe")
        .choice("color", &ConsoleSettings::color, {"auto", "always", "never"},
                "auto: on a terminal, unless NO_COLOR is set");
    add_common_options(options);
    return options;
  }();
  return made;
}

bool wants_colours(Colour colour) {
  if (colour != Colour::kAuto) return colour == Colour::kAlways;
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org: any value but an empty one
  const char* terminal = std::getenv("TERM");
  bool dumb = terminal != nullptr && std::strcmp(terminal, "dumb") == 0;
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') && !dumb;
}

std::unique_ptr<Output> make(const config::Section& section) {
  ConsoleSettings settings;
  table().read(section, settings);
  if (settings.style == Style::kTree) {
    section.fault("style", "the style 'tree' is not built in this version: use pretty");
    return nullptr;
  }
  bool pretty = settings.style == Style::kPretty ||
                (settings.style == Style::kAuto && isatty(STDOUT_FILENO) != 0);
  std::unique_ptr<writer::Encoder> encoder;
  if (pretty) {
    encoder = std::make_unique<Pretty>(wants_colours(settings.color));
  } else {
    encoder = std::make_unique<writer::JsonLines>();
  }
  auto output =
      std::make_unique<writer::WriterOutput>(std::make_unique<ConsoleSink>(), std::move(encoder));
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
