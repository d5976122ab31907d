// SPDX-License-Identifier: Apache-2.0
// ClockWatch: compares the times of lines with the times at which they were read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/batch.h"
#include "parsers/common/time_zone.h"

namespace waybill::daemon {

// For one config; the pipeline's thread alone.
//
// A record whose time is far off is marked with clock_skew: more than ten minutes ahead of its read
// time, wherever it comes from; more than a day behind it, where lines come as they are written
// (sockets and children; files, pipes and journals may hold old ones).
//
// A source whose lines come as they are written, but a whole number of quarter hours off, and whose
// times name no zone, was read in the wrong zone: advise() says so once.
class ClockWatch {
 public:
  // `zone`: in which times without one have been read.
  explicit ClockWatch(parsers::TimeZone zone) : zone_(zone) {}

  // Marks the batch's records. Returns how many.
  uint64_t mark(Batch& batch) const;

  // After every batch: what to tell the user about one of its sources, in words; nothing mostly.
  std::optional<std::string> advise(const Batch& batch);

 private:
  struct Seen {
    int64_t quarters = 0;       // by which its times are ahead of the clock, again and again
    int64_t first_read_ns = 0;  // since when
    int agreed = 0;
    bool told = false;
  };
  std::optional<std::string> look(const Batch& batch, const Record& record);
  std::string advice(const Source& source, const Record& record, int64_t quarters);

  parsers::TimeZone zone_;
  std::unordered_map<uint64_t, Seen> seen_;  // by Source::number
};

// The name of a zone whose clocks are `seconds` ahead of UTC at `utc_seconds`, as
// `parse.time.default_zone` takes it: "local" if that is one, "UTC", "Etc/GMT-2" …, or a place.
// Nothing when no zone is so far off.
std::optional<std::string> zone_with_offset(int64_t seconds, int64_t utc_seconds);

}  // namespace waybill::daemon
