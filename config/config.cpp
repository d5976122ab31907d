// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/address.h"
#include "config/metrics.h"
#include "config/multiline.h"
#include "config/options.h"
#include "config/patterns.h"
#include "config/redact.h"
#include "config/resource.h"
#include "config/sampling.h"
#include "config/scalars.h"
#include "config/schema.h"
#include "config/section_impl.h"
#include "config/trace.h"

namespace waybill::config {

namespace {

constexpr size_t kSmallestMemory = 1024 * 1024;
constexpr size_t kSmallestMaxLine = 1024;
constexpr size_t kLargestMaxLine = 64 * 1024 * 1024;

const OptionTable<ServiceSettings>& service_table() {
  static const auto made =
      OptionTable<ServiceSettings>()
          .text("name", &ServiceSettings::name, "service.name of what logs here")
          .text("version", &ServiceSettings::version, "service.version")
          .text("namespace", &ServiceSettings::namespace_, "service.namespace")
          .text("environment", &ServiceSettings::environment, "deployment.environment.name")
          .integer("max_from_lines", &ServiceSettings::max_from_lines, 1, 1'000'000,
                   "different names that lines may give themselves; of the others the name stays "
                   "in the context");
  return made;
}

struct TimeSettings {
  std::string default_zone = ParseSettings().default_zone;
};

const OptionTable<TimeSettings>& time_table() {
  static const auto made = [] {
    OptionInfo zone =
        detail::option("default_zone", OptionKind::kString,
                       "zone of times that name none: local, UTC, or a name such as Europe/Berlin",
                       TimeSettings().default_zone);
    zone.min = 1;
    return OptionTable<TimeSettings>().custom(zone, [](const Section& section, TimeSettings& out) {
      auto name = detail::filled_text(section, "default_zone");
      if (name) out.default_zone = std::move(*name);
    });
  }();
  return made;
}

OptionInfo section_info(const char* key, const char* prose, OptionList children) {
  OptionInfo info = detail::option(key, OptionKind::kSection, prose, "");
  info.children = std::move(children);
  return info;
}

void read_level(const Section& section, const OptionInfo& info, Level& level) {
  // Level's values begin with kNone, which nobody can choose.
  if (auto index = detail::choose(section, info)) level = static_cast<Level>(*index + 1);
}

OptionInfo level_info() {
  OptionInfo info =
      detail::option("default_level", OptionKind::kChoice, "level of text lines that name none",
                     std::string(level_name(ParseSettings().default_level)));
  for (Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kFatal}) {
    info.choices.emplace_back(level_name(level));
  }
  return info;
}

const OptionTable<ParseSettings>& parse_table() {
  using Settings = ParseSettings;
  static const auto made = [] {
    OptionTable<Settings> table;
    OptionInfo level = level_info();
    table.strings("formats", &Settings::formats,
                  "parsers to try, in order; an input's own format beats them");
    table.custom(patterns_info(), [](const Section& section, Settings& out) {
      read_patterns(section, out.patterns);
    });
    table.custom(level, [level](const Section& section, Settings& out) {
      read_level(section, level, out.default_level);
    });
    table.custom(section_info("time", "how times are read", time_table().list()),
                 [](const Section& section, Settings& out) {
                   TimeSettings time;
                   if (auto below = section.section("time")) time_table().read(*below, time);
                   out.default_zone = time.default_zone;
                 });
    table.section("multiline", &Settings::multiline, multiline_table(),
                  "events that span several lines");
    table.bytes("max_line", &Settings::max_line, kSmallestMaxLine, kLargestMaxLine,
                "bytes of a line that are kept; the rest is discarded, marked and counted");
    return table;
  }();
  return made;
}

const OptionTable<AdminSettings>& admin_table() {
  static const auto made = OptionTable<AdminSettings>().custom(
      detail::option("listen", OptionKind::kString,
                     "address and port for metrics and health over TCP, besides admin.sock", ""),
      [](const Section& section, AdminSettings& out) {
        if (address(section, "listen")) out.listen = *section.string("listen");
      });
  return made;
}

const OptionTable<DeadLetterSettings>& dead_letter_table() {
  static const auto made =
      OptionTable<DeadLetterSettings>()
          .path(
              "path", &DeadLetterSettings::path,
              "the file, in a folder that is there; default: dead_letters.ndjson in the state_dir")
          .bytes(
              "size", &DeadLetterSettings::size, 0, size_t{1} << 50,
              "so much of the disk at most, older ones included; 0: refused records are dropped");
  return made;
}

const OptionTable<ShutdownSettings>& shutdown_table() {
  static const auto made = OptionTable<ShutdownSettings>().duration(
      "grace", &ShutdownSettings::grace, Duration::zero(), std::chrono::hours(1),
      "how long an orderly stop may take");
  return made;
}

void read_memory(const Section& section, Config& out) {
  if (section.raw("memory") == "auto") return;
  std::optional<int64_t> bytes = section.bytes("memory");
  if (!bytes) return;
  if (static_cast<size_t>(*bytes) < kSmallestMemory) {
    section.fault("memory", fmt::format("{} is out of range (auto, or at least 1MiB)",
                                        section.shown("memory")));
    return;
  }
  out.memory = static_cast<size_t>(*bytes);
}

OptionInfo memory_info() {
  OptionInfo info = detail::option("memory", OptionKind::kBytes,
                                   "one budget over every stage and queue; auto: 64MiB or half of "
                                   "the cgroup's limit, whichever is less",
                                   "auto");
  info.bounds = "auto, or at least 1MiB";
  info.choices = {"auto"};
  info.min = static_cast<double>(kSmallestMemory);
  return info;
}

void read_named(const Section& root, const char* key, std::vector<Named>& out) {
  std::optional<Section> all = root.section(key);
  if (!all) return;
  for (const std::string& name : all->keys()) {
    if (!is_name(name)) {
      all->fault_at_key(name, fmt::format("{} is not a name (1 to 64 of A-Z a-z 0-9 _ -)",
                                          quoted_for_message(name)));
      continue;
    }
    std::optional<Section> section = all->section(name);
    if (!section) {
      if (!all->has(name)) all->fault(name, "has no value (write a mapping with its type)");
      continue;
    }
    if (!section->has("type")) {
      section->fault("", "needs 'type'");
      continue;
    }
    std::optional<std::string> type = section->string("type");
    if (type) out.push_back({name, std::move(*type), *section});
  }
}

const OptionTable<Config>& root_table() {
  static const auto made = [] {
    OptionTable<Config> table;
    table.section("service", &Config::service, service_table(), "what logs here")
        .custom(resource_info(), read_resource)
        .path("state_dir", &Config::state_dir,
              "checkpoints, spool and admin.sock; default: $STATE_DIRECTORY, else "
              "/var/lib/waybill if root, else $XDG_STATE_HOME/waybill")
        .custom(memory_info(), read_memory)
        .custom(
            section_info("inputs", "where lines come from, by names of your choice", {}),
            [](const Section& section, Config& out) { read_named(section, "inputs", out.inputs); })
        .section("parse", &Config::parse, parse_table(), "how lines are understood")
        .custom(trace_info(),
                [](const Section& section, Config& out) { read_trace(section, out.trace); })
        .custom(redact_info(),
                [](const Section& section, Config& out) { read_redact(section, out.redact); })
        .custom(schema_info(),
                [](const Section& section, Config& out) { read_schema(section, out.schema); })
        .custom(sampling_info(),
                [](const Section& section, Config& out) { read_sampling(section, out.sampling); })
        .custom(metrics_info(),
                [](const Section& section, Config& out) { read_metrics(section, out.metrics); })
        .custom(section_info("outputs", "where records go, by names of your choice", {}),
                [](const Section& section, Config& out) {
                  read_named(section, "outputs", out.outputs);
                })
        .section("dead_letters", &Config::dead_letters, dead_letter_table(),
                 "where records are kept that a backend refuses for good")
        .section("admin", &Config::admin, admin_table(), "metrics and health")
        .section("shutdown", &Config::shutdown, shutdown_table(), "the orderly end");
    return table;
  }();
  return made;
}

void check_together(const Section& root, Config& config, std::vector<std::string> formats) {
  refuse_taken_names(config.parse.patterns, formats);
  if (std::optional<Section> parse = root.section("parse")) {
    // A pattern that is faulty is no reason to call its name unknown as well.
    for (std::string& name : written_names(*parse)) formats.push_back(std::move(name));
    check_formats(*parse, "formats", formats);
  }
  if (config.memory != 0 && config.parse.max_line > config.memory) {
    root.fault("memory",
               fmt::format("{} holds no line of parse.max_line, which is {}", root.shown("memory"),
                           bytes_text(static_cast<int64_t>(config.parse.max_line))));
  }
}

}  // namespace

void check_formats(const Section& section, std::string_view key,
                   const std::vector<std::string>& formats) {
  std::optional<std::vector<std::string>> words = section.strings(key);
  if (!words) return;
  if (words->empty()) section.fault(key, "an empty list: name at least one");
  for (size_t i = 0; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (std::find(formats.begin(), formats.end(), word) != formats.end()) continue;
    std::string close = suggestion(word, formats);
    section.fault_at_item(
        key, i,
        fmt::format("{} is not a format ({})", section.shown_item(key, i),
                    close.empty() ? fmt::format("known: {}", fmt::join(formats, ", "))
                                  : fmt::format("did you mean '{}'?", close)));
  }
}

std::optional<Config> load(const std::string& file, std::string_view text,
                           const std::vector<std::string>& formats, Diagnostics& diagnostics,
                           const Environment& environment) {
  DocumentSource source{file, text, true, &environment};
  std::shared_ptr<const Document> document = load_document(source, diagnostics);
  if (document == nullptr) return std::nullopt;
  Section root = root_section(std::move(document), diagnostics);
  Config config;
  root_table().read(root, config);
  check_together(root, config, formats);
  return config;
}

Section section_from_text(const std::string& name, std::string_view text,
                          Diagnostics& diagnostics) {
  const Environment environment = process_environment();
  DocumentSource source{name, text, false, &environment};
  std::shared_ptr<const Document> document = load_document(source, diagnostics);
  if (document == nullptr) {
    auto empty = std::make_shared<Document>();
    empty->file = name;
    empty->root.kind = NodeKind::kMapping;
    document = std::move(empty);
  }
  return root_section(std::move(document), diagnostics);
}

const OptionList& root_options() { return root_table().list(); }

}  // namespace waybill::config
