// SPDX-License-Identifier: Apache-2.0
// The libFuzzer program of the target FUZZ_TARGET.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/target.h"

void waybill::fuzz::fail(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  waybill::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
