// SPDX-License-Identifier: Apache-2.0
// Parser: turns one line into a record. The contract of every folder below parsers/.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/level.h"
#include "parsers/common/time_zone.h"

namespace waybill::parsers {

// What holds for all parsers of a config.
struct Settings {
  Level default_level = Level::kInfo;  // of a text line without a level
  TimeZone default_zone;               // of times without a zone
};

enum class Outcome : uint8_t {
  kParsed,   // the record is filled: format, message, time, level, … as far as the line has them
  kNotMine,  // the record, the batch's tokens and its fields are as they were; try the next one
};

// One instance per pipeline, used by its thread alone. Never throws, never allocates per line once
// warm; any bytes up to max_line are legal input, NUL and invalid UTF-8 included.
class Parser {
 public:
  virtual ~Parser() = default;

  // Reads record.line, behind which kPadding bytes are readable. The record is new: line, offset,
  // source, read_ns and time_ns (the read time) are set, the rest is not.
  virtual Outcome parse(Batch& batch, Record& record) = 0;
};

struct Descriptor {
  std::string_view name;  // as in `format:` and in `source.format`
  std::string_view summary;
  std::unique_ptr<Parser> (*make)(const Settings& settings);
};

// All parsers, in the order of registry.inc.
std::span<const Descriptor* const> registry();
// "auto", then the names of all parsers: what `format` may be.
std::vector<std::string_view> format_names();

}  // namespace waybill::parsers
