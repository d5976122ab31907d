// SPDX-License-Identifier: Apache-2.0
// Signs: a quick look for letters that the first line of a stack trace has.
#pragma once

#include <string_view>

namespace waybill::parsers::multiline {

// False: none of the words stands in `line` that Trace::kind_of_first() looks for anywhere in a
// line, or at its end. One pass for all of them, as nearly every line has none.
bool has_signs(std::string_view line);

}  // namespace waybill::parsers::multiline
