// SPDX-License-Identifier: Apache-2.0
#include "config/resource.h"

#include <fmt/format.h>

#include <algorithm>

namespace waybill::config {

namespace {

constexpr const char* kKey = "resource";
constexpr const char* kDetect = "detect";

const std::vector<std::string>& detectors() {
  static const std::vector<std::string> names = {"host", "os", "process", "aws", "gcp", "azure"};
  return names;
}

void read_detectors(const Section& section, DetectSettings& out) {
  std::optional<std::vector<std::string>> words = section.strings(kDetect);
  if (!words) return;
  for (size_t i = 0; i < words->size(); ++i) {
    const std::vector<std::string>& all = detectors();
    if (std::find(all.begin(), all.end(), (*words)[i]) != all.end()) continue;
    std::string close = suggestion((*words)[i], all);
    section.fault_at_item(
        kDetect, i,
        fmt::format("{} is not one of {}{}", section.shown_item(kDetect, i), fmt::join(all, ", "),
                    close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close)));
  }
  for (std::string& word : *words) {
    if (word == "host") {
      out.host = true;
    } else if (word == "os") {
      out.os = true;
    } else if (word == "process") {
      out.process = true;
    } else {
      out.clouds.push_back(std::move(word));
    }
  }
}

// What is below the key and no attribute.
const OptionTable<DetectSettings>& table() {
  static const auto made = [] {
    OptionInfo detect =
        detail::option(kDetect, OptionKind::kStrings,
                       "what is found out beside host.name: host, os, process (below exec), and "
                       "clouds, whose metadata service is asked at the start: aws, gcp, azure",
                       "");
    detect.choices = detectors();
    return OptionTable<DetectSettings>()
        .custom(detect, read_detectors)
        .path("podinfo", &DetectSettings::podinfo,
              "the folder of a Kubernetes downwardAPI volume, where there is one");
  }();
  return made;
}

}  // namespace

OptionInfo resource_info() {
  OptionInfo info =
      detail::option(kKey, OptionKind::kStringMap,
                     "more resource attributes; OTEL_* and detectors fill the rest", "");
  info.children = table().list();
  return info;
}

void read_resource(const Section& root, Config& out) {
  std::optional<Section> section = root.section(kKey);
  if (!section) return;
  const std::vector<std::string> names = section->keys();
  auto is_own = [](const std::string& name) {
    const OptionList& own = table().list();
    return std::any_of(own.begin(), own.end(),
                       [&](const OptionInfo& info) { return info.key == name; });
  };
  if (std::none_of(names.begin(), names.end(), is_own)) {
    if (auto pairs = root.string_map(kKey)) out.resource = std::move(*pairs);
    return;
  }
  table().read_known(*section, out.detect);
  for (const std::string& name : names) {
    if (is_own(name)) continue;
    if (std::optional<std::string> value = section->raw(name)) {
      out.resource.emplace_back(name, std::move(*value));
    } else {
      section->fault(name, section->has(name)
                               ? fmt::format("must be a single value, not {}", section->shown(name))
                               : "has no value");
    }
  }
}

}  // namespace waybill::config
