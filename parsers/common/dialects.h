// SPDX-License-Identifier: Apache-2.0
// Names that mean something in the lines of some programs and are anybody's own fields elsewhere:
// `channel` is Monolog's logger, `body` OpenTelemetry's message.
#pragma once

#include <span>

#include "parsers/common/names.h"

namespace waybill::parsers {

struct DialectName {
  Name name;       // what it is there
  uint32_t signs;  // in lines that bear one of these
};

std::span<const DialectName> dialect_names();

// The place that a name is of; of an object with names inside that of a text in its stead.
inline Slot place_of(const Name& name) {
  if (name.slot == Slot::kOfDialect) return dialect_names()[name.rank].name.slot;
  return name.slot == Slot::kInside ? Slot::kMessage : name.slot;
}

}  // namespace waybill::parsers
