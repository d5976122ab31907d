// SPDX-License-Identifier: Apache-2.0
// Refusal: which entries of a push a 400 of Loki is about. All others were stored.
//
// The ingester says, per stream, "entry with timestamp 2026-01-02 03:04:05.000000006 +0000 UTC
// ignored, reason: '…'," (at most 10 of them) and "user 'x', total ignored: 2 out of 9 for stream:
// {…}". The distributor says "3 errors like: entry for stream '{…}' has timestamp too old: …; 1
// errors like: stream '{…}' has label name too long: …"; a single error stands alone.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "outputs/http/backend.h"

namespace waybill::outputs::loki {

class Refusal {
 public:
  explicit Refusal(const http::Sent& sent);

  // False: the text names no entries, so it is about the request as a whole.
  bool read(std::string_view text);

  std::vector<http::Item> items() const;  // the entries that it names
  uint32_t unnamed() const;               // more that it counts

 private:
  void read_ingester(std::string_view text);
  bool read_error(std::string_view error, uint32_t count);
  // Rejects the entries of `labels` (all streams when empty) whose time lies in [first, last];
  // returns how many.
  uint32_t reject(std::string_view labels, int64_t first_ns, int64_t last_ns,
                  std::string_view reason);
  int64_t time_of(uint32_t position) const;

  const http::Sent& sent_;
  std::vector<std::string_view> reasons_;  // by position; empty data: not rejected
  uint64_t counted_ = 0;
};

// The time of an encoded entry (a record of a payload), in nanoseconds since 1970.
int64_t entry_time(std::string_view encoded);

}  // namespace waybill::outputs::loki
