// SPDX-License-Identifier: Apache-2.0
// Pattern: a name that depends on the record: "%Y-%m-%d" of its time, "{service_name}" of its
// fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/identity.h"

namespace waybill::outputs {

// One thread at a time. Allocates nothing once warm.
class Pattern {
 public:
  // Makes what comes from a line fit for the name: changes it in place.
  using Clean = void (*)(std::string& value);

  // Reads `text`: %Y %m %d %H (of the event's time, in UTC), and with `fields` {service_name},
  // {level}, {tenant_id}, {input}; %% and {{ stand for themselves. Returns what is wrong with it;
  // "" when nothing is.
  std::string parse(std::string_view text, bool fields, Clean clean);

  // Whether it is the same for every record, and what then; else what stands before the first
  // part that is not, and what behind the last one.
  bool constant() const;
  std::string_view front() const;
  std::string_view back() const;

  // The name of this record. Lives until the next call.
  std::string_view of(const Batch& batch, const Record& record, const Identity& identity);
  // One that it may make, for checks and for people: of the year 2000, each field by its name.
  std::string example() const;

 private:
  enum class Kind : uint8_t {
    kText,
    kYear,
    kMonth,
    kDay,
    kHour,
    kService,
    kLevel,
    kTenant,
    kInput
  };
  struct Part {
    Kind kind = Kind::kText;
    std::string text;  // of kText
  };
  std::string add_field(std::string_view name, bool fields);
  void add_text(char c);

  std::vector<Part> parts_;
  Clean clean_ = nullptr;
  std::string name_, value_;
  Buffer characters_;
};

// The same text as a pattern that stands for just that.
std::string pattern_quoted(std::string_view text);

}  // namespace waybill::outputs
