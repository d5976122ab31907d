// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/time_zone.h"

#include <date/tz.h>

#include <cstdlib>

namespace waybill::parsers {

namespace {

// All offsets in use, and all moments at which clocks are set, are multiples of this.
constexpr int64_t kQuarter = 900;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// What TZ says (tzset(3)): a name, or a path of the zone database; "": what /etc/localtime says.
std::string local_name() {
  const char* tz = std::getenv("TZ");
  if (tz == nullptr) return "";
  std::string name = tz[0] == ':' ? tz + 1 : tz;
  if (name.empty()) return "UTC";
  if (name[0] != '/') return name;
  constexpr std::string_view database = "/zoneinfo/";
  size_t at = name.find(database);
  return at == name.npos ? "" : name.substr(at + database.size());
}

}  // namespace

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  TimeZone made;
  std::string wanted(name);
  if (wanted == "local") wanted = local_name();
  if (wanted == "UTC" || wanted == "Etc/UTC" || wanted == "UTC0") return made;
  try {
    made.zone_ = wanted.empty() ? date::current_zone() : date::locate_zone(wanted);
    if (made.zone_->name() == "Etc/UTC" || made.zone_->name() == "UTC") made.zone_ = nullptr;
  } catch (const std::exception&) {
    // A machine without a zone database, or without /etc/localtime, runs on UTC; so does a TZ that
    // spells out its own rules ("CET-1CEST"), of which the database knows the name alone.
    if (name == "local") return made;
    return std::nullopt;
  }
  return made;
}

int64_t TimeZone::offset_at_local(int64_t local_seconds) const {
  date::local_seconds local{std::chrono::seconds(local_seconds)};
  date::local_info info = zone_->get_info(local);
  return info.first.offset.count();
}

int64_t TimeZone::to_utc(int64_t local_seconds) {
  if (zone_ == nullptr) return local_seconds;
  int64_t quarter = floor_div(local_seconds, kQuarter);
  if (quarter != cached_quarter_) {
    cached_offset_ = offset_at_local(local_seconds);
    cached_quarter_ = quarter;
  }
  return local_seconds - cached_offset_;
}

int64_t TimeZone::to_local(int64_t utc_seconds) {
  if (zone_ == nullptr) return utc_seconds;
  date::sys_seconds utc{std::chrono::seconds(utc_seconds)};
  return utc_seconds + zone_->get_info(utc).offset.count();
}

}  // namespace waybill::parsers
