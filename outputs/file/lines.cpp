// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/lines.h"

#include "core/canonical.h"
#include "core/json_text.h"

namespace waybill::outputs::file {

std::string_view FileLines::place(const Batch& batch, const Record& record,
                                  const Identity& identity) {
  return path_.constant() ? std::string_view() : path_.of(batch, record, identity);
}

void FileLines::append(Buffer& out, const Batch& batch, const Record& record,
                       const Identity& identity) {
  if (line_ == Line::kRecord) {
    append_canonical(out, batch, record, identity, part::kAll);
  } else if (line_ == Line::kOriginal && !record.line.empty()) {
    out.append(record.line);
  } else {
    append_characters(out, record.message);
  }
  out.push_back('\n');
}

void clean_for_path(std::string& value) {
  if (value.size() > kMostOfValue) value.resize(kMostOfValue);
  for (char& c : value) {
    bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '-' || c == '_' || c == '.';
    if (!fine) c = '_';
  }
  if (!value.empty() && value.front() == '.') value.front() = '_';
}

}  // namespace waybill::outputs::file
