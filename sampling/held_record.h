// SPDX-License-Identifier: Apache-2.0
// A record copied out of its batch, as one block of memory: what the flight recorder holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/batch.h"

namespace waybill::sampling {

// Blocks begin and end at multiples of so many bytes.
constexpr size_t kHeldAlign = 8;

// Bytes that a copy of the record takes, a multiple of kHeldAlign. The record is none that passes
// through.
size_t held_size(const Batch& batch, const Record& record);

// Writes the copy to `to`, which is aligned and has held_size() bytes.
void write_held(const Batch& batch, const Record& record, char* to);

// Appends the record to `batch`, as one of its source number `source`. Its texts stay in the block,
// which has kPadding readable bytes behind it and must outlive the records of the batch.
void read_held(const char* from, Batch& batch, uint32_t source);

}  // namespace waybill::sampling
