// SPDX-License-Identifier: Apache-2.0
// Samples: lines that are kept beside a pattern, and what has to become of them.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "parsers/parser.h"

namespace waybill::parsers::patterns {

// What is not as the sample says; empty: all is. `settings` has the sample's pattern and no other.
//
// Values are looked up by their path in the canonical record (`error.type`, `context.took`), else
// in its context (`took`), else by any name that lines have for a place (`time`, `msg`). Times are
// compared as times, numbers by value, all else as text.
std::vector<std::string> sample_faults(const config::SampleSettings& sample,
                                       const Settings& settings);

}  // namespace waybill::parsers::patterns
