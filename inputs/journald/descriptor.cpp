// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"
#include "inputs/journald/journald_input.h"

namespace waybill::inputs::journald {

namespace {

// The severities of syslog, most urgent first: PRIORITY is the place of each.
constexpr std::array<const char*, 8> kPriorities = {"emerg",   "alert",  "crit", "err",
                                                    "warning", "notice", "info", "debug"};

enum class Priority { kEmerg, kAlert, kCrit, kErr, kWarning, kNotice, kInfo, kDebug };

struct Written {
  std::string path;
  std::vector<std::string> units, identifiers;
  Priority priority = Priority::kDebug;
  bool this_boot = false;
  StartAt start_at = JournaldSettings().start_at;
};

const config::OptionTable<Written>& table() {
  static const auto made =
      config::OptionTable<Written>()
          .other("type", config::OptionKind::kString, "`journald`")
          .path("path", &Written::path,
                "a folder with journal files; default: the journal of this host")
          .strings("units", &Written::units,
                   "only entries of these systemd units, and what systemd says of them")
          .strings("identifiers", &Written::identifiers,
                   "only entries with one of these as SYSLOG_IDENTIFIER")
          .choice("priority", &Written::priority,
                  {kPriorities[0], kPriorities[1], kPriorities[2], kPriorities[3], kPriorities[4],
                   kPriorities[5], kPriorities[6], kPriorities[7]},
                  "only entries that are as urgent as this, or more; `debug`: all, also those "
                  "without a priority")
          .flag("this_boot", &Written::this_boot, "only entries of the running boot")
          .choice("start_at", &Written::start_at, {"end", "beginning"},
                  "where it begins at the very first start, without any checkpoint");
  return made;
}

std::unique_ptr<Input> make(const config::Section& section) {
  Written written;
  table().read(section, written);
  JournaldSettings settings{written.path, {}, written.start_at};
  for (const std::string& unit : written.units) {
    // As systemctl has it.
    bool whole = unit.find('.') != std::string::npos;
    settings.filter.units.push_back(whole ? unit : unit + ".service");
  }
  settings.filter.identifiers = written.identifiers;
  settings.filter.priority = static_cast<int>(written.priority);
  settings.filter.this_boot = written.this_boot;
  return std::make_unique<JournaldInput>(std::move(settings));
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "journald",
      .summary = "the entries of a systemd journal",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
  };
  return made;
}

}  // namespace waybill::inputs::journald
