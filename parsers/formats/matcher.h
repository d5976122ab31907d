// SPDX-License-Identifier: Apache-2.0
// Matcher: goes along a line and the steps of a pattern.
#pragma once

#include <string_view>
#include <vector>

#include "parsers/formats/pattern.h"

namespace waybill::parsers::formats {

// Fills `match` with what the steps take out of the subject's line. No backtracking: each step
// takes what it can, or the line has not this form.
bool match_steps(const std::vector<Step>& steps, Subject& subject, Match& match);

}  // namespace waybill::parsers::formats
