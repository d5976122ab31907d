// SPDX-License-Identifier: Apache-2.0
// What a change of a schema breaks for those who produce what it judges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/compile.h"
#include "contract/document.h"

namespace waybill::contract {

enum class Impact : uint8_t {
  kBreaking,    // a value that was right may be wrong now
  kUnknown,     // it cannot be told
  kCompatible,  // every value that was right still is
};
std::string_view impact_name(Impact impact);

struct Change {
  Impact impact = Impact::kUnknown;
  bool in_old = false;  // where it stands: in the old schema, for what is no longer there
  std::string file;
  Position position;
  std::string pointer;  // in that file
  std::string what;
};

// Compares the meaning of two schemas, whatever else was changed in their files. Sound, not
// complete: each difference that may break something is kBreaking or kUnknown, and some of these
// break nothing. Breaking ones come first. Errors: one of the schemas does not compile.
Result<std::vector<Change>> diff_schemas(const std::string& old_path, const std::string& new_path,
                                         const CompileOptions& options);
// The same of texts that are in no file.
Result<std::vector<Change>> diff_schema_texts(std::string old_text, std::string new_text,
                                              const CompileOptions& options);

}  // namespace waybill::contract
