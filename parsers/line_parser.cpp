// SPDX-License-Identifier: Apache-2.0
#include "parsers/line_parser.h"

#include <algorithm>

#include "core/json_text.h"
#include "parsers/common/repair.h"

namespace waybill::parsers {

LineParser::LineParser(const Settings& settings, const std::vector<std::string>& formats) {
  for (const Descriptor* descriptor : registry()) {
    bool in_auto = std::any_of(formats.begin(), formats.end(), [&](const std::string& format) {
      return format == "auto" || format == descriptor->name;
    });
    entries_.push_back(Entry{descriptor->name, descriptor->make(settings), in_auto});
  }
}

void LineParser::parse(Batch& batch, Record& record) {
  const Source& source = batch.source_of(record);
  for (const Entry& entry : entries_) {
    if (!wanted(entry, source)) continue;
    if (entry.parser->parse(batch, record) == Outcome::kParsed) return;
  }
  std::string_view line = record.line;
  if (!is_utf8(line)) {
    line = repair_utf8(line, batch.arena);
    record.marks.repaired = true;
  }
  record.format = "none";
  record.message = raw_text(line);
}

std::vector<std::string_view> LineParser::candidates(const Source& source) const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) {
    if (wanted(entry, source)) names.push_back(entry.name);
  }
  return names;
}

}  // namespace waybill::parsers
