// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) for request bodies, and for what is answered in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/buffer.h"

namespace waybill::outputs::http {

constexpr int kMaxGzipLevel = 9;

// Appends `plain` to `out`, compressed at a level from 1, the fastest. Each thread that calls it
// keeps half a MiB for it, or less.
void append_gzip(Buffer& out, std::string_view plain, int level = 1);

// What was packed, all of it; nothing for what is no gzip, is cut short, or has more than `most`
// bytes.
std::optional<std::string> gunzip(std::string_view packed, size_t most);

}  // namespace waybill::outputs::http
