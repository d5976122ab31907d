// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"
#include "inputs/file/file_input.h"

namespace waybill::inputs::file {

namespace {

const config::OptionTable<FileSettings>& table() {
  static const auto made =
      config::OptionTable<FileSettings>()
          .other("type", config::OptionKind::kString, "`file`")
          .required_strings("include", &FileSettings::include,
                            "globs of the files to follow: `*`, `?`, `[…]` within a component, "
                            "`**` for any number of folders")
          .strings("exclude", &FileSettings::exclude,
                   "globs of files to leave out; without a slash they are held to the name alone")
          .choice("start_at", &FileSettings::start_at, {"end", "beginning"},
                  "where files begin that are there at the very first start, without any "
                  "checkpoint; later ones are read from their first byte")
          .text("format", &FileSettings::format, "`auto`, or the name of the parser for every line")
          .flag("follow_links", &FileSettings::follow_links,
                "also follow symlinks that neither root nor we own")
          .flag("trust_service", &FileSettings::trust_service,
                "whether a line's own service name wins over the configured one")
          .duration("rotate_wait", &FileSettings::rotate_wait, std::chrono::seconds(0),
                    std::chrono::hours(1),
                    "how long a file that was renamed or removed is read on after its last byte")
          .duration("line_wait", &FileSettings::line_wait, std::chrono::seconds(0),
                    std::chrono::hours(1),
                    "how long a last line without its end waits for the rest; then it is sent as "
                    "it is, and what follows is a line of its own. 0s: until the file is rotated");
  return made;
}

std::unique_ptr<Input> make(const config::Section& section) {
  FileSettings settings;
  table().read(section, settings);
  return std::make_unique<FileInput>(std::move(settings));
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "file",
      .summary = "follows log files through rotation, truncation and restarts",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
  };
  return made;
}

}  // namespace waybill::inputs::file
