// SPDX-License-Identifier: Apache-2.0
#include "daemon/clock_watch.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace waybill::daemon {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kQuarter = 900;  // every offset of a zone is a multiple
constexpr int64_t kMostAhead = 600;
constexpr int64_t kMostBehind = 86'400;
// How much later than it is written a line is read, and then some.
constexpr int64_t kSlack = 10;
constexpr int64_t kMostQuarters = 26 * 4;  // from UTC-12 to UTC+14
// So many batches must agree, over some time: lines that were written long ago pass by faster than
// the clock, and agree for no more than a moment.
constexpr int kEnough = 4;
constexpr int64_t kLongEnough = kSecond;
// Sources that are looked at; beyond that they are forgotten, and found again.
constexpr size_t kMostSources = 4096;

bool comes_as_written(const Source& source) {
  return source.network || (source.path.empty() && !source.stream.empty());
}

int64_t ahead_seconds(const Record& record) { return (record.time_ns - record.read_ns) / kSecond; }

std::string_view name_of(const Source& source) {
  if (!source.path.empty()) return source.path;
  if (!source.peer.empty()) return source.peer;
  return source.stream.empty() ? std::string_view(source.input) : source.stream;
}

// "2h", "5h 30min", "45min".
std::string in_words(int64_t quarters) {
  int64_t minutes = std::abs(quarters) * 15;
  if (minutes < 60) return fmt::format("{}min", minutes);
  if (minutes % 60 == 0) return fmt::format("{}h", minutes / 60);
  return fmt::format("{}h {}min", minutes / 60, minutes % 60);
}

// Zones that are no whole number of hours off, all year round the same.
struct Place {
  int64_t minutes;
  std::string_view zone;
};
constexpr std::array kPlaces = {
    Place{-570, "Pacific/Marquesas"}, Place{210, "Asia/Tehran"},      Place{270, "Asia/Kabul"},
    Place{330, "Asia/Kolkata"},       Place{345, "Asia/Kathmandu"},   Place{390, "Asia/Yangon"},
    Place{525, "Australia/Eucla"},    Place{570, "Australia/Darwin"},
};

}  // namespace

std::optional<std::string> zone_with_offset(int64_t seconds, int64_t utc_seconds) {
  if (seconds == 0) return "UTC";
  auto local = parsers::TimeZone::find("local");
  if (local && local->to_local(utc_seconds) - utc_seconds == seconds) return "local";
  if (seconds % 3600 == 0 && seconds >= -12 * 3600 && seconds <= 14 * 3600) {
    // POSIX counts westward.
    return fmt::format("Etc/GMT{:+}", -seconds / 3600);
  }
  for (const Place& place : kPlaces) {
    if (place.minutes * 60 == seconds) return std::string(place.zone);
  }
  return std::nullopt;
}

uint64_t ClockWatch::mark(Batch& batch) const {
  uint64_t marked = 0;
  for (Record& record : batch.records) {
    int64_t ahead = record.time_ns - record.read_ns;
    if (ahead <= kMostAhead * kSecond && ahead >= -kMostBehind * kSecond) continue;
    if (!record.time_said || record.passed != nullptr) continue;
    if (ahead < 0 && !comes_as_written(batch.source_of(record))) continue;
    record.marks.clock_skew = ahead / kSecond;
    ++marked;
  }
  return marked;
}

std::optional<std::string> ClockWatch::advise(const Batch& batch) {
  // One line of each run of lines of a source is enough: the last.
  std::optional<std::string> said;
  for (size_t i = batch.records.size(); i-- > 0 && !said;) {
    const Record& record = batch.records[i];
    bool last = i + 1 == batch.records.size() || batch.records[i + 1].source != record.source;
    if (last && record.time_zoneless) said = look(batch, record);
  }
  return said;
}

std::optional<std::string> ClockWatch::look(const Batch& batch, const Record& record) {
  const Source& source = batch.source_of(record);
  int64_t ahead = ahead_seconds(record);
  int64_t quarters = (ahead + (ahead < 0 ? -kQuarter / 2 : kQuarter / 2)) / kQuarter;
  bool off = quarters != 0 && std::abs(quarters) <= kMostQuarters &&
             std::abs(ahead - quarters * kQuarter) <= kSlack;
  auto known = seen_.find(source.number);
  if (!off) {
    if (known != seen_.end()) known->second.agreed = 0;
    return std::nullopt;
  }
  if (known == seen_.end()) {
    if (seen_.size() >= kMostSources) seen_.clear();
    known = seen_.try_emplace(source.number).first;
  }
  Seen& seen = known->second;
  if (seen.told) return std::nullopt;
  if (seen.agreed == 0 || seen.quarters != quarters) {
    seen = Seen{quarters, record.read_ns, 0, false};
  }
  ++seen.agreed;
  if (seen.agreed < kEnough || record.read_ns - seen.first_read_ns < kLongEnough) {
    return std::nullopt;
  }
  seen.told = true;
  return advice(source, record, quarters);
}

std::string ClockWatch::advice(const Source& source, const Record& record, int64_t quarters) {
  int64_t said = record.time_ns / kSecond;
  int64_t offset = zone_.to_local(said) - said + quarters * kQuarter;
  std::string text =
      fmt::format("input {}: times of {} name no zone and are {} {} the clock", source.input,
                  name_of(source), in_words(quarters), quarters < 0 ? "behind" : "ahead of");
  auto zone = zone_with_offset(offset, record.read_ns / kSecond);
  if (zone) return text + fmt::format(": parse.time.default_zone: {} would put them right", *zone);
  return text + ": its clock, or parse.time.default_zone, is wrong";
}

}  // namespace waybill::daemon
