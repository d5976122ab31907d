// SPDX-License-Identifier: Apache-2.0
// Flow YAML, as it stands in no file but is made: of nodes, see Section::text(), and of values.
#pragma once

#include <string>
#include <string_view>

#include "config/node.h"

namespace waybill::config {

// One line; what loads to the same settings gives the same text, whatever its layout, quotes and
// comments were. Dollar signs are doubled, so that it can be loaded again.
std::string flow_text(const Node& node);

// `text` as a double-quoted scalar, dollar signs doubled, so that nothing in it expands. For
// section_from_text() and outputs::Descriptor::to_section.
std::string yaml_quoted(std::string_view text);

}  // namespace waybill::config
