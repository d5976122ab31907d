// SPDX-License-Identifier: Apache-2.0
// Cutting: what is lifted out of a line's fields is not written again with the rest of them.
#pragma once

#include <cstdint>

#include "core/batch.h"

namespace waybill {

// Cuts one field of `record`: the token at first_token + `index` of a JSON line, else the field at
// first_field + `index`. An object all of whose members are cut is cut, too.
void cut_field(Batch& batch, const Record& record, uint32_t index);

}  // namespace waybill
