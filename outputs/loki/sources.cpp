// SPDX-License-Identifier: Apache-2.0
// Resources of sources that have one of their own: pods, by the paths of their logs.
#include <algorithm>

#include "outputs/loki/encoder.h"
#include "outputs/loki/settings.h"

namespace waybill::outputs::loki {

namespace {

// As for the configured resource (encoder.cpp).
constexpr size_t kMaxPairs = 100;
constexpr size_t kMaxBytes = 40 * 1024;

}  // namespace

// The structured metadata, encoded; mostly that of the record before.
std::string_view Backend::metadata_of(const Identity& who) {
  if (who.number == 0) return resource_metadata_;
  if (who.number == source_number_) return source_metadata_;
  source_number_ = who.number;
  Buffer pairs;
  std::vector<std::string> names;
  for (const auto& [attribute, value] : who.resource) {
    std::string name = sanitised_name(attribute);
    bool taken = is_own_name(name) || labels_.has(name) ||
                 std::find(names.begin(), names.end(), name) != names.end();
    // Of what is too much for Loki the last ones go.
    if (taken || names.size() == kMaxPairs || pairs.size() > kMaxBytes) continue;
    append_pair(pairs, name, Text(value, TextForm::kRaw));
    names.push_back(std::move(name));
  }
  source_metadata_ = pairs.view();
  return source_metadata_;
}

}  // namespace waybill::outputs::loki
