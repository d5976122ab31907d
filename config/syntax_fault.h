// SPDX-License-Identifier: Apache-2.0
// yaml-cpp's syntax errors in words that say what to do. Inside config/ only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace waybill::config {

struct SyntaxPlace {
  std::string_view line;   // the line at fault, without its end
  size_t offset = 0;       // in it
  int line_number = 0;     // from 1; 0: the text has no lines to speak of
  int opened_at_line = 0;  // of the innermost list or mapping that is open; 0: none
};

// `what` is yaml-cpp's message.
std::string syntax_fault(std::string_view what, const SyntaxPlace& place);

}  // namespace waybill::config
