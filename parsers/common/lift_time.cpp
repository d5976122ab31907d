// SPDX-License-Identifier: Apache-2.0
// A line's time out of what it says: a day and a clock that stand apart, a zone beside them.
#include "core/cut.h"
#include "core/format.h"
#include "core/json_text.h"
#include "parsers/common/lift.h"

namespace waybill::parsers {

namespace {

constexpr size_t kLongestZone = 64;

}  // namespace

std::optional<Time> Lift::day_and_clock(std::string_view day, std::string_view clock,
                                        std::string_view zone) {
  constexpr size_t longest = 64;
  char form[longest];
  auto made = fmt::format_to_n(form, longest, "{} {}{}", day, clock, zone);
  if (made.size > longest) return std::nullopt;
  return time_of_text({form, made.size}, zone_, near_ns_);
}

// Of PHP's DateTime, whose zone stands beside it: "+01:00", "CET" or "Europe/Berlin".
Time Lift::in_own_zone(Batch& batch, const Record& record, std::string_view date, Time read) {
  std::string_view zone = characters(found(Slot::kTimeZone).text, batch.arena);
  auto zoned = day_and_clock(date, "", zone);
  if (zone.find('/') != zone.npos && zone.size() <= kLongestZone) {
    if (zone != zone_name_) {
      zone_name_ = zone;
      named_zone_ = TimeZone::find(zone);
    }
    if (named_zone_) zoned = time_of_text(date, *named_zone_, near_ns_);
    if (zoned) zoned->zoneless = false;
  }
  if (!zoned || zoned->zoneless) return read;
  cut_field(batch, record, found(Slot::kTimeZone).index);
  return *zoned;
}

// {"date":"2026-01-02","time":"03:04:05","tz":"+0100"}: together a time, where alone they are a day
// and an hour of any day. A `date` with an hour of its own is one where there is no `time`.
bool Lift::joins_date(Batch& batch, const Record& record) {
  std::string_view date = characters(found(Slot::kDate).text, batch.arena);
  if (!has(Slot::kTime)) {
    // A number is Fluent Bit's.
    bool number = !found(Slot::kDate).json.starts_with('"') && found(Slot::kDate).json.size() > 0;
    if (!number && date.find(':') == date.npos) return false;
    auto time = number ? time_of_number(date) : time_of_text(date, zone_, near_ns_);
    if (!time) return false;
    if (time->zoneless && has(Slot::kTimeZone)) time = in_own_zone(batch, record, date, *time);
    time_ = *time;
    found(Slot::kTime) = found(Slot::kDate);
    return true;
  }
  std::string_view clock = characters(found(Slot::kTime).text, batch.arena);
  bool hour = clock.size() >= 4 && (clock[1] == ':' || clock[2] == ':');
  if (!hour) return false;
  date = date.substr(0, date.find_first_of("T "));  // "2026-01-02T00:00:00" is a day, too
  auto time = day_and_clock(date, clock, "");
  if (time && time->zoneless && has(Slot::kTimeZone)) {
    std::string_view zone = characters(found(Slot::kTimeZone).text, batch.arena);
    constexpr std::string_view fractions = ".,0123456789";
    bool sound = fractions.find(zone[0]) == fractions.npos;
    if (auto zoned = sound ? day_and_clock(date, clock, zone) : std::nullopt) {
      time = zoned;
      cut_field(batch, record, found(Slot::kTimeZone).index);
    }
  }
  if (!time) return false;
  time_ = *time;
  cut_field(batch, record, found(Slot::kDate).index);
  return true;
}

void Lift::settle_time(Batch& batch, Record& record) {
  record.time_ns = time_.ns;
  record.time_digits = time_.digits;
  record.time_said = true;
  record.time_zoneless = time_.zoneless;
  cut_field(batch, record, found(Slot::kTime).index);
  if (!has(Slot::kTimeNanos)) return;
  // log4j2's instant and GCP's pair: seconds here, the rest there. Logback has milliseconds twice.
  int64_t below_ns = time_.ns % 1'000'000'000;
  if (below_ns == 0 ||
      (time_.digits == 3 && below_ns == below_second_ns_ / 1'000'000 * 1'000'000)) {
    record.time_ns += below_second_ns_ - below_ns;
    record.time_digits = 9;
    cut_field(batch, record, found(Slot::kTimeNanos).index);
  }
}

}  // namespace waybill::parsers
