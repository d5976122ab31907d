// SPDX-License-Identifier: Apache-2.0
// Schemas that are part of the program.
#include <utility>

#include "contract/sources.h"

namespace waybill::contract {

namespace {

constexpr std::pair<std::string_view, std::string_view> kMetaSchemas[] = {
#define META_SCHEMA(uri, text) {uri, text},
#include "contract/meta_schemas.inc"
#undef META_SCHEMA
};

constexpr std::string_view kBuiltin =
#include "contract/builtin_schema.inc"
    ;

}  // namespace

std::string_view meta_schema(std::string_view uri) {
  for (const auto& [known, text] : kMetaSchemas) {
    if (known == uri) return text;
  }
  return {};
}

std::string_view builtin_schema() { return kBuiltin; }

}  // namespace waybill::contract
