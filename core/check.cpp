// SPDX-License-Identifier: Apache-2.0
#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace waybill {

void check_failed(const char* condition, const char* why, const char* file, int line) {
  std::fprintf(stderr, "waybill: internal error at %s:%d: %s (%s). Please report this.\n", file,
               line, why, condition);
  std::abort();
}

}  // namespace waybill
