// SPDX-License-Identifier: Apache-2.0
#include "core/result.h"

#include <cstring>

namespace waybill {

Error errno_error(std::string_view what, int code, Action action) {
  char text[128];
  // The GNU strerror_r: it may return a pointer to a constant instead of filling `text`.
  return Error{action, std::string(what) + ": " + strerror_r(code, text, sizeof text)};
}

}  // namespace waybill
