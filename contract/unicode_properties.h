// SPDX-License-Identifier: Apache-2.0
// Sets of characters that Unicode names and RE2 has not: binary properties, scripts by all of their
// names, script extensions. Of Unicode 14.0, as RE2's general categories are.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "contract/automaton_tree.h"

namespace waybill::contract {

enum class PropertyKind : uint8_t {
  kBinary,            // ECMA-262, "Binary Unicode property aliases", and the categories C, Cn, LC
  kScript,            // by its long name, its code of ISO 15924 or an older one of these
  kScriptExtensions,  // the same names
};

// Names are exact, as ECMA-262 wants them: case and underscores count.
bool has_unicode_set(PropertyKind kind, std::string_view name);
// In order, without overlaps; surrogates may be among them. Only where there is such a set.
std::vector<PointRange> unicode_set(PropertyKind kind, std::string_view name);

}  // namespace waybill::contract
