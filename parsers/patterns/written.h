// SPDX-License-Identifier: Apache-2.0
// Written: a record as its canonical JSON, to be held against what is wanted of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/section.h"
#include "core/batch.h"
#include "core/identity.h"

namespace waybill::parsers::patterns {

// Values are looked up by their path in the canonical record (`error.type`, `context.took`), else
// in its context (`took`), else by any name that lines have for a place (`time`, `msg`). A time
// that no line has said is absent. Times are compared as times, levels as levels, numbers by value,
// all else as text.
class Written {
 public:
  // `parts` as of append_canonical().
  Written(const Batch& batch, const Record& record, const Identity& identity, uint32_t parts);
  Written(Written&&) = delete;
  ~Written();

  // "" when the record is as `wanted` says, else in words what it has: "level is absent, not …".
  std::string difference(const config::Leaf& wanted) const;
  // What stands at `path`, as JSON, if there is something.
  std::optional<std::string> value(const std::string& path) const;
  std::string json() const;  // of the whole record

 private:
  struct Parsed;

  bool time_said_;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace waybill::parsers::patterns
