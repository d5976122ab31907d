// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "inputs/input.h"

namespace waybill::inputs {

#define INPUT(name)               \
  namespace name {                \
  const Descriptor& descriptor(); \
  }
#include "inputs/registry.inc"
#undef INPUT

std::span<const Descriptor* const> registry() {
  static const auto all = std::to_array<const Descriptor*>({
#define INPUT(name) &name::descriptor(),
#include "inputs/registry.inc"
#undef INPUT
  });
  return all;
}

const Descriptor* find(std::string_view type) {
  for (const Descriptor* descriptor : registry()) {
    if (descriptor->in_config && descriptor->type == type) return descriptor;
  }
  return nullptr;
}

}  // namespace waybill::inputs
