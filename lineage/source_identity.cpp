// SPDX-License-Identifier: Apache-2.0
#include "lineage/source_identity.h"

#include <algorithm>

#include "lineage/pod_path.h"
#include "lineage/resource.h"

namespace waybill::lineage {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs attributes_of(const Source& source, const Identity& configured) {
  Pairs all = attributes_of_path(source.path);
  auto said = [](const Pairs& by, const std::string& name) {
    return std::any_of(by.begin(), by.end(), [&](const auto& one) { return one.first == name; });
  };
  for (const auto& own : source.attributes) {
    if (!said(all, own.first) && !said(configured.resource, own.first)) all.push_back(own);
  }
  return all;
}

}  // namespace

void SourceIdentities::fill(Batch& batch, const Identity& configured) {
  std::vector<std::shared_ptr<const Identity>> identities;  // allocates nothing while empty
  for (size_t i = 0; i < batch.sources.size(); ++i) {
    const Source& source = *batch.sources[i];
    if (source.path.empty() && source.attributes.empty()) continue;
    auto found = known_.find(source.number);
    if (found == known_.end()) {
      if (known_.size() >= kMost) known_.clear();
      Pairs attributes = attributes_of(source, configured);
      std::shared_ptr<const Identity> made;
      if (!attributes.empty()) {
        made = std::make_shared<const Identity>(with_attributes(configured, attributes));
      }
      found = known_.emplace(source.number, std::move(made)).first;
    }
    if (!found->second) continue;
    identities.resize(i + 1);
    identities[i] = found->second;
  }
  batch.set_identities(std::move(identities));
}

}  // namespace waybill::lineage
