// SPDX-License-Identifier: Apache-2.0
// LineParser: gives each line to the parser that understands it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "parsers/parser.h"

namespace waybill::parsers {

// One per pipeline, used by its thread alone.
class LineParser {
 public:
  // `formats` as in `parse.formats`: names of parsers, or "auto" for all of them. They hold for
  // sources whose own format is "auto".
  LineParser(const Settings& settings, const std::vector<std::string>& formats);

  // Fills the record from its line. Always succeeds: a line that none of the allowed parsers wants
  // is the message in full, format "none", with its UTF-8 repaired.
  void parse(Batch& batch, Record& record);

  // Every parser that would be tried for this source, in order (for `explain`).
  std::vector<std::string_view> candidates(const Source& source) const;

 private:
  struct Entry {
    std::string_view name;
    std::unique_ptr<Parser> parser;
    bool in_auto;
  };
  bool wanted(const Entry& entry, const Source& source) const {
    return source.format == "auto" ? entry.in_auto : entry.name == source.format;
  }

  std::vector<Entry> entries_;
};

}  // namespace waybill::parsers
