// SPDX-License-Identifier: Apache-2.0
// What `waybill lint` prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contract/findings.h"

namespace waybill::daemon::commands {

struct LintReport {
  const contract::Findings& findings;
  const std::vector<std::string>& files;  // that LogPlace::file counts
  std::string schema;                     // its file; empty: the built-in one
  std::string on;                         // "record" or "line"
  uint64_t lines = 0;
};

// GitHub takes no more results of a run into account than 5000.
constexpr size_t kMostSarifResults = 5000;
constexpr size_t kSarifResultsOfKind = 100;

std::string lint_text(const LintReport& report);
std::string lint_json(const LintReport& report);
// SARIF 2.1.0 with what GitHub's code scanning asks for.
std::string lint_sarif(const LintReport& report);

}  // namespace waybill::daemon::commands
