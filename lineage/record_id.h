// SPDX-License-Identifier: Apache-2.0
// The id of a record: what lets a backend see that it has it already.
#pragma once

#include <cstdint>

#include "core/record.h"

namespace waybill::lineage {

// XXH3 with 128 bits, canonical byte order, over the 16 bytes of the source's nonce and the 8 of
// the line's offset (little endian). The same line of the same file has the same id for ever: the
// nonce is kept in the checkpoint.
Id128 record_id(const Id128& nonce, uint64_t offset);

// The id of a record, by its source's nonce: the above of its line. Of an event of several lines
// the offset of the last one goes in, too: how far an event reaches can depend on when its lines
// came, and what reaches further must not pass for what is there already.
Id128 record_id(const Id128& nonce, const Record& record);

}  // namespace waybill::lineage
