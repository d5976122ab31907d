// SPDX-License-Identifier: Apache-2.0
// Putting a member into a record's context.
#pragma once

#include <string_view>

#include "contract/program.h"
#include "core/batch.h"
#include "core/record.h"

namespace waybill::contract {

// Adds the one member of `member` at the end of the object at `pointer` in the record's context
// (RFC 6901, from the context on: "/http"; empty: the context itself). The line is written anew,
// and its tokens are copied to the end of the batch's: tokens move, and pointers to them are void.
// A text line, which has none, gets some. False, and nothing is done: no such object in the line,
// or what would come out is nested deeper than a line may be.
bool insert_member(Batch& batch, Record& record, std::string_view pointer, const Constant& member);
// Makes `member`, {"context":{…}}, the context of a record that has none. False: the line has an
// object of its own there, an empty one.
bool insert_context(Batch& batch, Record& record, const Constant& member);

}  // namespace waybill::contract
