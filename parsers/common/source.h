// SPDX-License-Identifier: Apache-2.0
// Places in source files, as loggers name them.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/ascii.h"

namespace waybill::parsers {

inline bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "go", "java": what files of source code end with.
bool is_source_ending(std::string_view ending);
// "Foo.java:12", "pkg/server.go:42"; no host with a port ("db.example.com:5432").
bool is_source(std::string_view text);

}  // namespace waybill::parsers
