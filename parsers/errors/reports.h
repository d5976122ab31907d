// SPDX-License-Identifier: Apache-2.0
// What runtimes report of an error in lines of their own forms: C++, sanitizers, the Java Runtime,
// Elixir, and Node.js of errors that have no frames.
#pragma once

#include <string_view>

#include "parsers/errors/exception.h"

namespace waybill::parsers::errors {

// Whether the line at `at` of `text` begins such a report. Most lines show at their first letter
// that they do not.
bool find_report(std::string_view text, size_t at, std::string_view line, Exception& found);

// Node.js prints the members of an error behind it: "  code: 'ECONNREFUSED',".
std::string_view node_code(std::string_view text);

}  // namespace waybill::parsers::errors
