// SPDX-License-Identifier: Apache-2.0
#include "config/multiline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace waybill::config {

namespace {

constexpr const char* kMode = "mode";
constexpr size_t kSmallestEvent = 1024;
constexpr size_t kLargestEvent = 64 * 1024 * 1024;

struct RuleSettings {
  std::string start;
  std::string go_on;
};

const OptionTable<RuleSettings>& rule_table() {
  static const auto made =
      OptionTable<RuleSettings>()
          .text("start", &RuleSettings::start,
                "a regular expression (RE2): an event begins with a line that it is found in")
          .text("continue", &RuleSettings::go_on,
                "a line that it is found in goes on with the event; without: every line that no "
                "rule begins with");
  return made;
}

OptionInfo mode_info() {
  OptionInfo info = detail::option(
      kMode, OptionKind::kChoiceOrSections,
      "joining of events that span several lines; rules of your own, and `auto` among them for all "
      "other lines",
      "auto");
  info.choices = {"off", "auto"};
  info.children = rule_table().list();
  return info;
}

void read_rule(const Section& section, MultilineSettings& out) {
  RuleSettings rule;
  rule_table().read(section, rule);
  if (!section.has("start") && !section.has("continue")) {
    section.fault("",
                  "needs 'start' (a regular expression for the first line of an event), "
                  "'continue' (one for the lines that follow), or both");
    return;
  }
  for (const char* key : {"start", "continue"}) {
    if (section.raw(key) == "") section.fault(key, "must not be empty");
  }
  out.rules.push_back({std::move(rule.start), std::move(rule.go_on), section});
}

void read_mode(const Section& section, MultilineSettings& out) {
  if (!section.has(kMode)) return;
  const OptionInfo info = mode_info();
  bool automatic = false;
  bool off = false;
  size_t items = 0;
  for (const SectionItem& item : section.items(kMode)) {
    ++items;
    if (item.section) {
      read_rule(*item.section, out);
      continue;
    }
    automatic |= item.text == "auto";
    off |= item.text == "off";
    if (item.text == "auto" || item.text == "off") continue;
    std::string close = suggestion(*item.text, info.choices);
    section.fault_at_item(
        kMode, item.index,
        fmt::format("{} is not one of off, auto, or a list of {{start: REGEX, continue: REGEX}}{}",
                    section.shown_item(kMode, item.index),
                    close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close)));
  }
  if (items == 0 && !section.raw(kMode)) {
    section.fault(kMode, "must not be empty: write off, auto, or {start: REGEX, continue: REGEX}");
  }
  if (off && items > 1) section.fault(kMode, "'off' cannot stand beside others: remove it or them");
  out.automatic = automatic;
}

}  // namespace

const OptionTable<MultilineSettings>& multiline_table() {
  using Settings = MultilineSettings;
  static const auto made =
      OptionTable<Settings>()
          .custom(mode_info(), read_mode)
          .integer("max_lines", &Settings::max_lines, 2, 100'000,
                   "lines of one event at most; what follows begins the next record")
          .bytes("max_bytes", &Settings::max_bytes, kSmallestEvent, kLargestEvent,
                 "bytes of one event at most")
          .duration("timeout", &Settings::timeout, std::chrono::milliseconds(10),
                    std::chrono::minutes(1), "how long an event waits for its next line");
  return made;
}

}  // namespace waybill::config
