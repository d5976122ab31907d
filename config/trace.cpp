// SPDX-License-Identifier: Apache-2.0
#include "config/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace waybill::config {

namespace {

constexpr const char* kKey = "trace";
constexpr const char* kKeys = "keys";
constexpr const char* kGenerate = "generate";
constexpr int64_t kFewestKeys = 64;
constexpr int64_t kMostKeys = 1 << 22;

using Inherit = TraceSettings::Inherit;

const std::vector<std::string>& key_names() {
  static const std::vector<std::string> names = {"request_id", "correlation_id", "thread"};
  return names;
}

void read_keys(const Section& section, Inherit& out) {
  std::optional<std::vector<std::string>> words = section.strings(kKeys);
  if (!words) return;
  const std::vector<std::string>& known = key_names();
  for (size_t i = 0; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    std::string close = suggestion(word, known);
    section.fault_at_item(
        kKeys, i,
        fmt::format("{} is not one of {}{}", section.shown_item(kKeys, i), fmt::join(known, ", "),
                    close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close)));
  }
  out.keys = std::move(*words);
}

const OptionTable<Inherit>& inherit_table() {
  static const auto made = [] {
    OptionInfo keys =
        detail::option(kKeys, OptionKind::kStrings,
                       "what tells that two lines of a source are of one request: request_id, "
                       "correlation_id, thread; the first one that helps counts; []: nothing is "
                       "inherited",
                       detail::yaml_list(Inherit().keys));
    return OptionTable<Inherit>()
        .custom(keys, read_keys)
        .duration("ttl", &Inherit::ttl, std::chrono::milliseconds(1), std::chrono::hours(24),
                  "how long, by the times of the lines, a key may have been silent")
        .integer("max_keys", &Inherit::max_keys, kFewestKeys, kMostKeys,
                 "keys that are remembered at a time, some 100 bytes each when they are needed");
  }();
  return made;
}

OptionInfo generate_info() {
  OptionInfo info = detail::option(kGenerate, OptionKind::kChoice,
                                   "random trace ids for lines that are left without: one for each "
                                   "request id, or one for the run; below exec: run",
                                   "off");
  info.choices = {"off", "request", "run"};
  return info;
}

const OptionTable<TraceSettings>& trace_table() {
  using Settings = TraceSettings;
  static const auto made = [] {
    const OptionInfo generate = generate_info();
    return OptionTable<Settings>()
        .section("inherit", &Settings::inherit, inherit_table(),
                 "lines without a trace take the one of the same request")
        .choice("derive", &Settings::derive, {"off", "request_id"},
                "trace ids made from request ids by a hash: the same in every process")
        .path("derive_key_file", &Settings::derive_key_file,
              "a file whose bytes key that hash, from the config file's folder on")
        .custom(generate,
                [generate](const Section& section, Settings& out) {
                  if (auto index = detail::choose(section, generate)) {
                    out.generate = static_cast<Settings::Generate>(*index);
                  }
                })
        .flag("propagate", &Settings::propagate,
              "whether exec gives its child the trace of the run, as TRACEPARENT")
        .strings(
            "baggage", &Settings::baggage,
            "members of the W3C baggage that go to the context, as baggage.NAME; tenant_id has "
            "its place in the record");
  }();
  return made;
}

}  // namespace

OptionInfo trace_info() {
  OptionInfo info = detail::option(kKey, OptionKind::kSection, "which trace a line belongs to", "");
  info.children = trace_table().list();
  return info;
}

void read_trace(const Section& root, TraceSettings& out) {
  std::optional<Section> section = root.section(kKey);
  if (!section) return;
  out.base_folder = std::filesystem::path(root.file()).parent_path().string();
  trace_table().read(*section, out);
  if (!out.derive_key_file.empty() && out.derive == TraceSettings::Derive::kOff) {
    section->fault("derive_key_file",
                   "means nothing without `derive: request_id`: add it, or "
                   "remove the key");
  }
}

}  // namespace waybill::config
