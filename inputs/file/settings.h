// SPDX-License-Identifier: Apache-2.0
// FileSettings: what a `file` input is told in the config.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"

namespace waybill::inputs::file {

enum class StartAt { kEnd, kBeginning };

struct FileSettings {
  std::vector<std::string> include;  // globs; see GlobScan
  std::vector<std::string> exclude;
  StartAt start_at = StartAt::kEnd;  // only without any checkpoint of this input
  std::string format = "auto";
  bool follow_links = false;
  bool trust_service = true;
  // How long a file that lost its name is kept open after its last byte: its writer may not have
  // noticed yet.
  Duration rotate_wait = std::chrono::seconds(5);
  // How long a last line without its end waits for the rest; 0: until the file is let go.
  Duration line_wait = std::chrono::seconds(5);
  // How long a checkpoint is kept whose file is not found. No option.
  Duration keep_unclaimed = std::chrono::minutes(10);
  size_t max_open_files = 0;  // 0: half of what the process may open
};

}  // namespace waybill::inputs::file
