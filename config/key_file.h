// SPDX-License-Identifier: Apache-2.0
// Key files: secrets that a config names by path.
#pragma once

#include <string>

#include "core/result.h"

namespace waybill::config {

// The bytes of a key file without the line end at its end. The Error (kFixConfig) says what is
// wrong: missing, no regular file, readable by others than its owner and group, shorter than
// kSmallestKey, longer than kLargestKey.
constexpr size_t kSmallestKey = 16;
constexpr size_t kLargestKey = 4096;
Result<std::string> read_key(const std::string& path);

}  // namespace waybill::config
