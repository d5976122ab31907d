// SPDX-License-Identifier: Apache-2.0
// Conditions of a config: expressions (core/expression.h) whose regular expressions run on RE2.
#pragma once

#include <optional>
#include <string>

#include "config/section.h"
#include "core/expression.h"

namespace waybill::sampling {

// Regular expressions of conditions, by RE2. The Error says what is wrong with one.
Result<Expression::Matcher> make_matcher(const std::string& pattern);

// The expression that stands at `key` of `section`. Nothing, with the fault and its column there,
// when it is none.
std::optional<Expression> compile_condition(const config::Section& section, const char* key,
                                            const std::string& text);

}  // namespace waybill::sampling
