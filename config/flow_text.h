// SPDX-License-Identifier: Apache-2.0
// A node as normalised flow YAML, see Section::text(). Inside config/ only.
#pragma once

#include <string>
#include <string_view>

#include "config/node.h"

namespace waybill::config {

// One line; what loads to the same settings gives the same text, whatever its layout, quotes and
// comments were. Dollar signs are doubled, so that it can be loaded again.
std::string flow_text(const Node& node);

// `text` as a JSON string, quotes included.
std::string json_quoted(std::string_view text);

}  // namespace waybill::config
