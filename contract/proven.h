// SPDX-License-Identifier: Apache-2.0
// What is known of a value before it is looked at: that we wrote it ourselves, in one form. A
// schema that takes everything of that form need not be asked about each value.
#pragma once

#include "contract/program.h"

namespace waybill::contract {

// Whether the schema takes whatever we write into the slot: an RFC 3339 time in UTC with 3 to 9
// fractional digits, one of the five levels, 32 or 16 lower-case hex digits that are not all zero
// (core/record.h). False where that cannot be told, and for all other slots.
bool takes_all(const Program& program, const Schema& schema, Slot slot);

// Fills Program::canonical, ObjectRules::proven and Program::time_unseen. Everything else of the
// program is there already.
void prove_slots(Program& program);

}  // namespace waybill::contract
