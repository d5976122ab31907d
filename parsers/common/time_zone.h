// SPDX-License-Identifier: Apache-2.0
// TimeZone: turns local times into UTC, quickly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace waybill::parsers {

// Keeps the last answer: lines of a log come from the same hour mostly. Copy one per thread.
class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // "UTC", "local" (TZ, else /etc/localtime), or an IANA name as "Europe/Berlin". Nothing when
  // the system does not know the name.
  static std::optional<TimeZone> find(std::string_view name);

  // The UTC seconds of `local_seconds`, which count as if the local clock were UTC. Of a time that
  // occurs twice (clocks set back) the first one; one that never occurs (set forward) counts as if
  // the clock had not been set.
  int64_t to_utc(int64_t local_seconds);
  // The local seconds of a UTC time, for printing.
  int64_t to_local(int64_t utc_seconds);

 private:
  int64_t offset_at_local(int64_t local_seconds) const;

  const date::time_zone* zone_ = nullptr;  // of the system's database, never freed; null: UTC
  int64_t cached_quarter_ = INT64_MIN;     // the quarter of an hour that cached_offset_ is of
  int64_t cached_offset_ = 0;
};

}  // namespace waybill::parsers
