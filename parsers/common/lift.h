// SPDX-License-Identifier: Apache-2.0
// Lift: moves what has a place in the record out of a line's fields.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "core/canonical.h"
#include "parsers/common/names.h"
#include "parsers/common/time.h"
#include "parsers/common/time_zone.h"

namespace waybill::parsers {

// Used for one line after another: begin(), offer() for every field with a known name, settle().
//
// Of several fields for one slot the one with the lowest rank is lifted; one whose value does not
// fit (a level "banana", a time that is none) stays where it is. Trace fields are only pointed out
// (Record::trace_fields): lineage judges them.
class Lift {
 public:
  explicit Lift(TimeZone zone) : zone_(zone) {}

  void begin(const Record& record);
  // `index` as for cut_field(): which field the value is of.
  void offer(const Name& name, const Member& value, uint32_t index, Arena& arena);
  bool has(Slot slot) const { return found(slot).rank != kNone; }
  // The slots that have been found: a bit each.
  uint64_t filled() const { return filled_; }
  // Fills the record with what was found and cuts it from the fields.
  void settle(Batch& batch, Record& record);

 private:
  static constexpr uint8_t kNone = 255;
  struct Found {
    uint8_t rank = kNone;
    uint32_t index = 0;
    Text text;              // a string's inside, a number's digits
    std::string_view json;  // the value as JSON
  };
  Found& found(Slot slot) { return found_[static_cast<size_t>(slot)]; }
  const Found& found(Slot slot) const { return found_[static_cast<size_t>(slot)]; }

  void offer_log(const Name& name, const Member& value, uint32_t index, Arena& arena);
  void offer_source(const Name& name, const Member& value, uint32_t index, Arena& arena);
  void defer(const Name& name, uint32_t index);
  void offer_deferred(Batch& batch, const Record& record);
  bool fits(const Name& name, const Member& value, Arena& arena);
  bool fits_time(const Name& name, const Member& value, std::string_view characters);
  bool fits_level(const Name& name, const Member& value, std::string_view characters);
  void remember_odd_level(const Name& name, const Member& value, uint32_t index);
  void settle_odd_level(Batch& batch, Record& record);
  void settle_level_of_neighbours(const Batch& batch, Record& record);
  Text take(Batch& batch, const Record& record, Slot slot);
  uint32_t point_out(Slot slot) const;
  bool joins_date(Batch& batch, const Record& record);
  std::optional<Time> day_and_clock(std::string_view day, std::string_view clock,
                                    std::string_view zone);
  Time in_own_zone(Batch& batch, const Record& record, std::string_view date, Time read);
  void settle_time(Batch& batch, Record& record);
  void settle_level(Batch& batch, Record& record);
  void settle_caller(Batch& batch, Record& record);
  void settle_error(Batch& batch, Record& record);
  void settle_passed(Batch& batch, Record& record);

  TimeZone zone_;
  int64_t near_ns_ = 0;  // what a time without a year or a day is near to
  std::array<Found, kSlotCount> found_;
  uint64_t filled_ = 0;  // a bit per slot: which of found_ are in use
  Time time_;
  int64_t below_second_ns_ = 0;
  Severity severity_;
  bool numeric_level_ = false;
  // A level that is a number which means one thing here and another there: its neighbours decide.
  struct OddLevel {
    uint8_t rank = kNone;
    uint32_t index = 0;
    int64_t number = 0;
    std::string_view name;
    Text text;
  };
  OddLevel odd_level_;
  uint32_t signs_ = 0;  // of the names that were offered
  // Names of dialects wait until all of the line's names have been seen.
  struct Deferral {
    uint8_t row;  // of dialect_names()
    uint32_t index;
  };
  std::array<Deferral, 16> deferrals_;
  size_t deferred_ = 0;
  std::string zone_name_;  // the zone that a line named last, and what it is
  std::optional<TimeZone> named_zone_;
};

}  // namespace waybill::parsers
