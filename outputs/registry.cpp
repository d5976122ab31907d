// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "outputs/output.h"

namespace waybill::outputs {

#define OUTPUT(name)              \
  namespace name {                \
  const Descriptor& descriptor(); \
  }
#include "outputs/registry.inc"
#undef OUTPUT

std::span<const Descriptor* const> registry() {
#define OUTPUT(name) &name::descriptor(),
  static const std::array all = {
#include "outputs/registry.inc"
  };
#undef OUTPUT
  return all;
}

const Descriptor* find(std::string_view type) {
  for (const Descriptor* one : registry()) {
    if (one->type == type) return one;
  }
  return nullptr;
}

}  // namespace waybill::outputs
