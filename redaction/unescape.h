// SPDX-License-Identifier: Apache-2.0
// What the escapes of a text stand for, where nobody says that it is JSON.
#pragma once

#include <string_view>

#include "core/buffer.h"

namespace waybill::redaction {

// Appends `text` with one level of the escapes of JSON taken away. What is no escape stays. Never
// more bytes than before.
void unescape(std::string_view text, Buffer& out);

}  // namespace waybill::redaction
