// SPDX-License-Identifier: Apache-2.0
// Parser: turns one line into a record. The contract of every folder below parsers/.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/level.h"
#include "parsers/common/time_zone.h"
#include "parsers/multiline/settings.h"

namespace waybill::parsers {

// A text format of the user's own (`parse.patterns`), found to be sound (parsers/patterns/check.h).
struct UserPattern {
  std::string_view name;                                   // lives as long as the process
  std::string regex;                                       // one of these two,
  std::string dissect;                                     // the other is empty
  std::vector<std::pair<std::string, std::string>> types;  // of groups, by their names
};

// What holds for all parsers of a config.
struct Settings {
  Level default_level = Level::kInfo;   // of a text line without a level
  TimeZone default_zone;                // of times without a zone
  std::vector<std::string> forms = {};  // of those known by name only these; empty: all
  multiline::Settings multiline = {};
  std::vector<UserPattern> patterns = {};
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
  // source and read_ns are set, and time_ns is the time that its time must be near to: the read
  // time, or that of its envelope. The rest is not set.
  virtual Outcome parse(Batch& batch, Record& record) = 0;

  // Whether the line, read or wrapped at `near_ns`, has a form of this parser's that says when it
  // was written or how bad it is, so that it begins a record wherever it stands.
  virtual bool claims(std::string_view /*line*/, const Source& /*source*/, int64_t /*near_ns*/) {
    return false;
  }
};

struct Descriptor {
  std::string_view name;  // as in `format:` and in `source.format`
  std::string_view summary;
  // Null when there is nothing for it to do under these settings.
  std::unique_ptr<Parser> (*make)(const Settings& settings);
  // Of a parser that knows several forms by name: the names, each good for `format:` as well. Such
  // a parser looks at its source's format itself. Null for all others. The names live as long as
  // the process.
  std::vector<std::string_view> (*forms)(const Settings& settings) = nullptr;
};

// All parsers, in the order of registry.inc.
std::span<const Descriptor* const> registry();
// "auto", then the names of all parsers and of the forms that they know: what `format` may be.
std::vector<std::string_view> format_names(const Settings& settings = {});

}  // namespace waybill::parsers
