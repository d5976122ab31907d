// SPDX-License-Identifier: Apache-2.0
// Whether one text is a part of another, as memory goes. Inside redaction/ only.
#pragma once

#include <functional>
#include <string_view>

namespace waybill::redaction {

// An empty `part` is no part of anything.
inline bool is_inside(std::string_view part, std::string_view whole) {
  std::less_equal<const char*> before;
  return !part.empty() && before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace waybill::redaction
