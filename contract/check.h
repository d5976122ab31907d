// SPDX-License-Identifier: Apache-2.0
// A schema held to its meta-schema; and where a schema's text is from.
#pragma once

#include <string>
#include <vector>

#include "contract/compile.h"

namespace waybill::contract {

struct Origin {
  std::string uri;     // of the file; of one that is in none, nothing can be beside it
  std::string folder;  // empty: none
};
// `path`: empty: there is no file.
Origin origin_of(const std::string& path);

// As check_schema() (contract/compile.h), of a text that is read already from the file at `path`.
std::vector<std::string> check_text(std::string text, const std::string& path,
                                    const CompileOptions& options);

}  // namespace waybill::contract
