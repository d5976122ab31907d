// SPDX-License-Identifier: Apache-2.0
// What is published about the config, made from the options as they are declared: tables for
// docs/configuration.md, and a JSON Schema for editors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"

namespace waybill::config {

// "## TITLE" and a markdown table: a line per key that is built, those of sections as
// "tls.cert_file". Ends in a line end.
std::string reference_table(std::string_view title, const OptionList& options);

// One type of input or output, as its registry describes it.
struct ComponentOptions {
  std::string type;
  std::string summary;
  OptionList options;  // with or without `type` itself
};

// The JSON Schema (draft 2020-12) of a whole config file, indented, with a line end. `root` is
// root_options(). It accepts what load() and the components accept, as far as a schema can say it:
// it cannot see duplicate keys, the values of variables, how a number is written (0755, 1e3), an
// empty value (`key:`) beside `key: ~`, or what two keys mean together. What this version does not
// build is not in it.
std::string json_schema(const OptionList& root, const std::vector<ComponentOptions>& inputs,
                        const std::vector<ComponentOptions>& outputs);

}  // namespace waybill::config
