// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) for request bodies.
#pragma once

#include <string_view>

#include "core/buffer.h"

namespace waybill::outputs::http {

// Appends `plain`, compressed for speed, to `out`. Each thread that calls it keeps 256 KiB for it.
void append_gzip(Buffer& out, std::string_view plain);

}  // namespace waybill::outputs::http
