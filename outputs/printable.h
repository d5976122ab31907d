// SPDX-License-Identifier: Apache-2.0
// Foreign bytes on somebody's terminal: nothing in them may move the cursor, change colours, end
// the line or turn the direction of writing (CWE-117, CWE-150).
#pragma once

#include <string>
#include <string_view>

#include "core/buffer.h"

namespace waybill::outputs {

// Appends `text` (any bytes). Written as escapes: C0 and DEL (\n, \t, \x1b), C1, the line
// separators U+2028 and U+2029, bidirectional controls (\u{202e}), and bytes that are not UTF-8
// (\xff). A tab becomes `tab`.
void append_printable(Buffer& out, std::string_view text, std::string_view tab = "\\t");

// The same as a string of at most about `limit` bytes, for messages; a cut shows as "…".
std::string printable(std::string_view text, size_t limit = 200);

}  // namespace waybill::outputs
