// SPDX-License-Identifier: Apache-2.0
// VolatileCheckpoints: the CheckpointStore of a run that keeps nothing on disk.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "inputs/checkpoint_store.h"

namespace waybill::delivery {

class VolatileCheckpoints final : public inputs::CheckpointStore {
 public:
  std::vector<inputs::FileCheckpoint> load(std::string_view input) const override {
    auto found = files_.find(input);
    return found == files_.end() ? std::vector<inputs::FileCheckpoint>{} : found->second;
  }
  bool known(std::string_view input) const override { return files_.contains(input); }
  void save(std::string_view input, std::vector<inputs::FileCheckpoint> files) override {
    files_.insert_or_assign(std::string(input), std::move(files));
  }
  Result<void> flush() override { return {}; }

 private:
  std::map<std::string, std::vector<inputs::FileCheckpoint>, std::less<>> files_;
};

}  // namespace waybill::delivery
