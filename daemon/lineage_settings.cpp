// SPDX-License-Identifier: Apache-2.0
#include "daemon/lineage_settings.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/key_file.h"

namespace waybill::daemon {

namespace {

using config::TraceSettings;

std::string read_key(const TraceSettings& trace, config::Diagnostics& diagnostics) {
  std::filesystem::path path = std::filesystem::path(trace.base_folder) / trace.derive_key_file;
  Result<std::string> key = config::read_key(path.string());
  if (key) return std::move(*key);
  diagnostics.add(config::Fault{"trace.derive_key_file", {}, key.error().what});
  return {};
}

lineage::Generate generate_of(const TraceSettings& trace, bool below_exec) {
  using Said = TraceSettings::Generate;
  switch (trace.generate.value_or(below_exec ? Said::kRun : Said::kOff)) {
    case Said::kRequest: return lineage::Generate::kRequest;
    case Said::kRun: return lineage::Generate::kRun;
    default: return lineage::Generate::kOff;
  }
}

}  // namespace

lineage::LineageSettings lineage_settings(const TraceSettings& trace, bool below_exec,
                                          config::Diagnostics& diagnostics) {
  lineage::LineageSettings settings;
  settings.inherit.clear();
  for (const std::string& name : trace.inherit.keys) {
    for (size_t i = 0; i < lineage::kKeyCount; ++i) {
      auto key = static_cast<lineage::Key>(i);
      if (name == lineage::key_name(key)) settings.inherit.push_back(key);
    }
  }
  settings.ttl = trace.inherit.ttl;
  settings.max_keys = static_cast<size_t>(trace.inherit.max_keys);
  settings.derive = trace.derive == TraceSettings::Derive::kRequestId;
  if (settings.derive && !trace.derive_key_file.empty()) {
    settings.derive_key = read_key(trace, diagnostics);
  }
  settings.generate = generate_of(trace, below_exec);
  settings.baggage = trace.baggage;
  return settings;
}

lineage::LineageSettings bounded(lineage::LineageSettings settings, size_t memory) {
  size_t most = memory / 8 / lineage::TraceTable::kPlaceBytes;
  // A table's size is a power of two, which may be the next one.
  settings.max_keys = std::max<size_t>(64, std::min(settings.max_keys, most / 2));
  return settings;
}

}  // namespace waybill::daemon
