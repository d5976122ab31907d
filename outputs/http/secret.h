// SPDX-License-Identifier: Apache-2.0
// Secrets in files, as every output reads them.
#pragma once

#include <string>

#include "core/result.h"

namespace waybill::outputs::http {

// The secret in a file of one line, without the blanks and line ends around it, which belong to the
// editor that wrote it. The Error (kFixConfig) names the file, and nothing that stands in it.
Result<std::string> read_secret(const std::string& path);

}  // namespace waybill::outputs::http
