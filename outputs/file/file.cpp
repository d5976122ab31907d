// SPDX-License-Identifier: Apache-2.0
// The `file` output: records as lines, appended to a file or to several.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/flow_text.h"
#include "outputs/basics.h"
#include "outputs/file/file_sink.h"
#include "outputs/file/lines.h"
#include "outputs/printable.h"
#include "outputs/writer/writer_output.h"

namespace waybill::outputs::file {

namespace {

constexpr size_t kMostOfName = 255;  // bytes of a name in a folder, on every usual file system
// Of a name that is put aside, number and .gz.part included.
constexpr size_t kMostOfStamp = 32;

// A file costs nothing per request, and somebody may be following it.
struct FileBatch : BatchSettings {
  FileBatch() { delay = std::chrono::milliseconds(200); }
};

struct FileSettings {
  std::string path;
  Line line = Line::kRecord;
  Sync sync;
  RotateSettings rotate;
  FileBatch batch;
  SpoolOptions spool;
};

const config::OptionTable<RotateSettings>& rotate_table() {
  static const auto made =
      config::OptionTable<RotateSettings>()
          .bytes("size", &RotateSettings::size, 0, size_t{1} << 50,
                 "a file that would become larger is put aside; 0: however large it is")
          .duration("every", &RotateSettings::every, Duration::zero(), std::chrono::hours(24 * 366),
                    "so is one that has lines of an earlier period of this length, counted from "
                    "midnight UTC: 1h, 24h; 0: however old it is")
          .integer("keep", &RotateSettings::keep, 0, 100'000,
                   "so many of those that were put aside, of each file; older ones are removed. 0: "
                   "all")
          .choice("compress", &RotateSettings::compress, {"none", "gzip", "zstd"},
                  "what becomes of those that were put aside");
  return made;
}

constexpr Duration kShortestSync = std::chrono::milliseconds(10);
constexpr Duration kLongestSync = std::chrono::hours(1);

config::OptionInfo sync_info() {
  auto info = config::detail::option(
      "sync", config::OptionKind::kDuration,
      "`always`: a record counts as delivered once it is on disk, not when the kernel has it. A "
      "time: what was written is on disk so long after, at the latest",
      "never");
  config::detail::set_bounds(info, kShortestSync.count(), kLongestSync.count());
  info.choices = {"never", "always"};
  return info;
}

void read_sync(const config::Section& section, FileSettings& settings) {
  const std::optional<std::string> word = section.raw("sync");
  settings.sync.always = word == "always";
  if (!section.has("sync") || word == "never" || word == "always") return;
  if (word && word->find_first_of("0123456789") == std::string::npos) {
    section.fault("sync", fmt::format("{} is neither never nor always, nor a time such as 5s",
                                      section.shown("sync")));
    return;
  }
  std::optional<int64_t> every = section.duration_ns("sync");
  if (!every) return;
  settings.sync.every = Duration(*every);
  if (settings.sync.every >= kShortestSync && settings.sync.every <= kLongestSync) return;
  section.fault("sync", fmt::format("{} is out of range (never, always, or 10ms to 1h)",
                                    section.shown("sync")));
}

const config::OptionTable<FileSettings>& table() {
  static const auto made = [] {
    config::OptionTable<FileSettings> options;
    options
        .required_text(
            "path", &FileSettings::path,
            "the file to append to; opened again when it was renamed or removed. %Y %m "
            "%d %H (of the record's time, UTC), {service_name}, {level}, {tenant_id} and "
            "{input} make several of it")
        .choice("line", &FileSettings::line, {"record", "message", "original"},
                "what is written of a record: all of it as canonical JSON, its message alone, or "
                "the line as it was read")
        .custom(sync_info(), read_sync)
        .section("rotate", &FileSettings::rotate, rotate_table(),
                 "when a file is put aside, under its name with the time behind it");
    add_common_options(options);
    return options;
  }();
  return made;
}

// Whether each name that the pattern makes fits into a folder and leads nowhere else; what is wrong
// with it otherwise. `fixed`: the folder in front of what depends on the record.
std::string fault_of_names(std::string_view text, size_t fixed) {
  text.remove_prefix(std::min(text.size(), fixed));
  while (!text.empty()) {
    std::string_view name = text.substr(0, text.find('/'));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    if (name == "." || name == "..") {
      return fmt::format("'{}' behind what depends on the record: write the path without it", name);
    }
    auto fields = static_cast<size_t>(std::count(name.begin(), name.end(), '{'));
    if (name.size() + fields * kMostOfValue + kMostOfStamp > kMostOfName) {
      return fmt::format("'{}' may become longer than the {} bytes of a name", printable(name),
                         kMostOfName);
    }
  }
  return {};
}

// A line chooses the value of its fields: none may make a file that looks as if it had been put
// aside, which would be packed, and count among those that are kept. `end`: what is fixed, behind
// the last part that depends on the record.
std::string fault_of_end(std::string_view text, std::string_view end) {
  if (end.find('/') != std::string_view::npos || !may_look_put_aside(end)) return {};
  return fmt::format(
      "with rotate, '{}' may make a name like those of files that were put aside: end the name "
      "with .log",
      printable(text.substr(text.rfind('/') + 1)));
}

// What stands in front of the last name.
std::string folder_of(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

struct Target {
  Pattern pattern;
  SinkSettings sink;
  std::string example;
};

bool read_path(const config::Section& section, FileSettings& settings, Target& target) {
  auto fault = [&](const std::string& message) {
    section.fault("path", message);
    return false;
  };
  std::string& path = settings.path;
  if (path.find('\0') != std::string::npos) return fault("a path cannot hold a NUL character");
  if (auto wrong = target.pattern.parse(path, true, clean_for_path); !wrong.empty()) {
    return fault(wrong);
  }
  target.sink.many = !target.pattern.constant();
  if (target.sink.many && target.pattern.front().find('/') == std::string::npos) {
    path.insert(0, "./");
    (void)target.pattern.parse(path, true, clean_for_path);
  }
  target.example = target.pattern.example();
  if (!target.sink.many) {
    target.sink.path = target.example;
    return true;
  }
  if (path.ends_with('/')) return fault("it ends with a folder: a file's name is missing");
  target.sink.path = folder_of(target.pattern.front());
  std::string wrong = fault_of_names(path, path.find_first_of("%{"));
  if (wrong.empty() && settings.rotate.on()) wrong = fault_of_end(path, target.pattern.back());
  return wrong.empty() || fault(wrong);
}

std::unique_ptr<Output> make(const config::Section& section) {
  FileSettings settings;
  table().read(section, settings);
  Target target;
  if (settings.path.empty() || !read_path(section, settings, target)) return nullptr;
  target.sink.sync = settings.sync;
  target.sink.rotate = settings.rotate;
  auto output = std::make_unique<writer::WriterOutput>(
      std::make_unique<FileSink>(target.sink),
      std::make_unique<FileLines>(settings.line, std::move(target.pattern)));
  adopt_section(*output, section);
  output->limits = settings.batch.limits();
  output->spool = settings.spool;
  output->file_path = target.example;
  if (settings.rotate.on()) {
    output->aside_path = target.example + ".20000101T000000Z";
    output->aside_path += packed_suffix(settings.rotate.compress);
  }
  output->file_folder = target.sink.many ? target.sink.path : folder_of(target.sink.path);
  output->target = printable(target.sink.many ? settings.path : target.example, 4096);
  return output;
}

std::string to_section(std::string_view path, const Identity&) {
  return "{type: file, path: " + config::yaml_quoted(pattern_quoted(path)) + "}";
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor one{
      .type = "file",
      .summary = "appends records as lines to a file, or to several",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
      .to_prefix = "file:",
      .to_section = to_section,
  };
  return one;
}

}  // namespace waybill::outputs::file
