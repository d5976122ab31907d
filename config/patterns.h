// SPDX-License-Identifier: Apache-2.0
// The options of `parse.patterns`. Inside config/ only.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace waybill::config {

OptionInfo patterns_info();
// Reads the list below `patterns`. What can be judged without compiling anything is judged; of
// faulty ones none comes back.
void read_patterns(const Section& parse, std::vector<PatternSection>& out);
// Reports names that are in `formats` already, and takes these patterns out.
void refuse_taken_names(std::vector<PatternSection>& patterns,
                        const std::vector<std::string>& formats);
// Every name that is written in the list, of faulty patterns as well, and "patterns", which stands
// for all of them.
std::vector<std::string> written_names(const Section& parse);

}  // namespace waybill::config
