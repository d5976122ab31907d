// SPDX-License-Identifier: Apache-2.0
// Crashes: lines that runtimes write when a program breaks down, or Python and Node.js when they
// warn of something. No program goes on with a message of its own in such a line.
#pragma once

#include <string_view>

namespace waybill::parsers::multiline {

// Whether a trace or a report of a crash begins with a line, by its own letters. Most lines are
// told by their first one, or have none of the signs.
bool begins_crash(std::string_view line);

// Reports of native code, each with its own lines below it.
// "terminate called after throwing an instance of 'std::runtime_error'": indented ones.
bool is_terminate(std::string_view line);
// "# A fatal error has been detected by the Java Runtime Environment:": those that begin with '#'.
bool is_jvm_report(std::string_view line);
// "==71==ERROR: AddressSanitizer: …": any, up to the one that says so; behind its summary those of
// the memory around.
bool is_sanitizer_report(std::string_view line);
bool ends_sanitizer_report(std::string_view line);
bool is_below_summary(std::string_view line);

// "/app/x.py:7: DeprecationWarning: …", with the line of the source indented below it.
bool is_python_warning(std::string_view line);
// "(node:71) Warning: …", and what may stand below it, where it comes from.
bool is_node_warning(std::string_view line);
bool is_node_hint(std::string_view line);
// "[TypeError: gone] {", of errors without frames: members and '}' come below.
bool is_node_error_head(std::string_view line);

}  // namespace waybill::parsers::multiline
