// SPDX-License-Identifier: Apache-2.0
// Prose: what the parsers of text have in common once the header is off a message.
#pragma once

#include <optional>
#include <string_view>

#include "core/batch.h"
#include "parsers/common/lift.h"
#include "parsers/common/object_reader.h"
#include "parsers/common/time.h"
#include "parsers/parser.h"

namespace waybill::parsers {

// Used for one line after another: begin(), any of the others, finish().
class Prose {
 public:
  explicit Prose(const Settings& settings)
      : lift_(settings.default_zone), default_level_(settings.default_level) {}

  // A line as text: without colours, bad UTF-8 replaced (the record is marked then).
  static std::string_view clean(Batch& batch, Record& record);
  // `text` itself, or a copy in which bad UTF-8 is replaced.
  static std::string_view repaired(Batch& batch, Record& record, std::string_view text);

  void begin(Batch& batch, Record& record);
  // A member for the context. Only ids of traces and requests are lifted out of these.
  void add(Batch& batch, std::string_view name, std::string_view value,
           JsonType type = JsonType::kString);
  // What stands in a header beside time, level and names: its pairs, or as `header`.
  void note_header(Batch& batch, std::string_view text);
  static void set_time(Record& record, const std::optional<Time>& time);
  // The level and the source's word for it; an inferred one counts as said. Without: the default.
  void set_level(Record& record, std::optional<Severity> severity, std::string_view word) const;
  // Notes the key=value pairs of `message` where `pairs`, and the members of a JSON object at its
  // end; lifts what has a known name. What the header has said counts more than the object. The
  // object stays in the message, unless a tab stands before it (zap, at the end of the first line,
  // too) or it is all of the message
  // and says a message itself.
  void finish(Batch& batch, Record& record, std::string_view message, bool pairs = true);

 private:
  void note_pairs(Batch& batch, std::string_view message);
  void offer(Batch& batch, const Record& record);
  void settle_fields(Batch& batch, Record& record);
  size_t find_object(Batch& batch, std::string_view message, Record& object);
  void take_object(Batch& batch, Record& record, const Record& object, bool says_message);

  ObjectReader reader_;
  Lift lift_;
  Level default_level_;
  uint32_t first_ = 0;
  uint32_t count_ = 0;
  uint32_t added_ = 0;  // of count_: by add()
};

}  // namespace waybill::parsers
