// SPDX-License-Identifier: Apache-2.0
// Values: what `types` of a pattern makes of the text of a group.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/arena.h"
#include "core/record.h"

namespace waybill::parsers::patterns {

enum class Type : uint8_t { kText, kInt, kFloat, kBool, kDuration, kBytes };

// "int", "float", "bool", "duration" or "bytes", as the config has them checked already.
Type type_of(std::string_view word);

// `text`, valid UTF-8, as the value of a field. What does not read as `type` stays the text that it
// is. Kept views: `text`, constants, the arena.
//
//   int       a whole number as JSON has them        float  a number as JSON has them
//   bool      true or false, in any case
//   duration  "1.5s", "250ms", "1h2m3s", "-12us", "7 ns", in ns us µs ms s sec m min h d; a bare
//             number is seconds. Becomes a number of seconds, exact
//   bytes     "1.5MiB", "3kB", "10K", in B, kB MB GB TB (powers of 1000), KiB MiB GiB TiB and
//             K M G T (powers of 1024); a bare number is bytes. Becomes a whole number of bytes
void set_value(Field& field, std::string_view text, Type type, Arena& arena);

}  // namespace waybill::parsers::patterns
