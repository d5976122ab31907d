// SPDX-License-Identifier: Apache-2.0
// TemplateFile: message templates in the state directory, so that a restart does not find all of
// them new.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "delivery/state_dir.h"

namespace waybill::daemon {

// One thread at a time.
class TemplateFile {
 public:
  // `dir` outlives it.
  explicit TemplateFile(const delivery::StateDir& dir) : dir_(dir) {}

  // What was saved last; empty: nothing was. An Error: it cannot be read.
  Result<std::string> load() const;
  // Replaces it as a whole, or leaves it. `durable`: it is on the disk when this comes back; else
  // some time later, and a power cut may leave a file that load()'s reader refuses.
  Result<void> save(std::string_view bytes, bool durable) const;
  // For messages.
  std::string path() const;

 private:
  const delivery::StateDir& dir_;
};

}  // namespace waybill::daemon
