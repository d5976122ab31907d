// SPDX-License-Identifier: Apache-2.0
// ${VAR} and ${VAR:-default} in the scalars of a config.
//
// `$$` is `$`; a `$` before anything but `{` or `$` stands for itself (regular expressions end in
// one). As in a shell, the default also replaces an empty variable. Defaults do not nest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/node.h"

namespace waybill::config {

// The value of a variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// getenv.
Environment process_environment();

// What became of a text: `fault` is empty when it is fine.
struct Expansion {
  std::string text;
  bool used_variable = false;
  std::string fault;
};
Expansion expand(std::string_view text, const Environment& environment);

// Expands every scalar below `node` in place; a faulty one is reported, as "path: message", and
// becomes NodeKind::kRefused.
using ReportFault = std::function<void(Position, std::string message)>;
void expand_tree(Node& node, const Environment& environment, const ReportFault& report,
                 const std::string& path = "");

}  // namespace waybill::config
