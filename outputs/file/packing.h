// SPDX-License-Identifier: Apache-2.0
// Packing: a file as another, smaller one.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace waybill::outputs::file {

enum class Compress : uint8_t { kNone, kGzip, kZstd };

// What a packed file's name ends in: ".gz", ".zst"; "" for kNone.
std::string_view packed_suffix(Compress how);

// For kZstd: loads it. Main thread, before the first pack_file().
Result<void> prepare_packing(Compress how);

// Reads `from` to its end and writes it, packed, to `to`, as gzip(1) and zstd(1) would. Ends early,
// with an Error, when `stopping`.
Result<void> pack_file(Compress how, int from, int to, const std::atomic<bool>& stopping);

}  // namespace waybill::outputs::file
