// SPDX-License-Identifier: Apache-2.0
// The `file` output: canonical JSON, one record a line, appended to a file.
#include "outputs/basics.h"
#include "outputs/file/file_sink.h"
#include "outputs/printable.h"
#include "outputs/writer/writer_output.h"

namespace waybill::outputs::file {

namespace {

// A file costs nothing per request, and somebody may be following it.
struct FileBatch : BatchSettings {
  FileBatch() { delay = std::chrono::milliseconds(200); }
};

struct FileSettings {
  std::string path;
  FileBatch batch;
  SpoolOptions spool;
};

const config::OptionTable<FileSettings>& table() {
  static const auto made = [] {
    config::OptionTable<FileSettings> options;
    options.required_text("path", &FileSettings::path,
                          "the file to append to; opened again when it was renamed or removed");
    add_common_options(options);
    return options;
  }();
  return made;
}

std::unique_ptr<Output> make(const config::Section& section) {
  FileSettings settings;
  table().read(section, settings);
  if (settings.path.empty()) return nullptr;
  if (settings.path.find('\0') != std::string::npos) {
    section.fault("path", "a path cannot hold a NUL character");
    return nullptr;
  }
  auto output = std::make_unique<writer::WriterOutput>(std::make_unique<FileSink>(settings.path),
                                                       std::make_unique<writer::JsonLines>());
  adopt_section(*output, section);
  output->limits = settings.batch.limits();
  output->spool = settings.spool;
  output->file_path = settings.path;
  output->target = printable(settings.path, 4096);
  return output;
}

std::string to_section(std::string_view path, const Identity&) {
  return "{type: file, path: " + yaml_quoted(path) + "}";
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor one{
      .type = "file",
      .summary = "appends canonical JSON lines to a file",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
      .to_prefix = "file:",
      .to_section = to_section,
  };
  return one;
}

}  // namespace waybill::outputs::file
