// SPDX-License-Identifier: Apache-2.0
// The section of an output `type: loki`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "outputs/http/http_settings.h"
#include "outputs/output.h"

namespace waybill::outputs::loki {

// What becomes of a record's text.
enum class Line { kRecord, kMessage, kOriginal };

struct Settings : http::Settings {
  std::vector<std::string> labels = {"service_name", "level"};
  std::string tenant;          // an id, or a template of one
  std::string default_tenant;  // of a template: where it has no value
  int64_t max_label_values = 100;
  // Records of other times are refused here; 0: Loki decides.
  Duration max_age{};    // limits_config.reject_old_samples_max_age
  Duration max_ahead{};  // limits_config.creation_grace_period
  Line line = Line::kRecord;
  size_t max_line_bytes = 256 * 1024;  // Loki's limits_config.max_line_size
};

const config::OptionTable<Settings>& options();

// Any text as a name that Loki takes as it is: every run of characters other than ASCII letters
// and digits becomes one '_', a leading digit gets "key_" before it, and a text without any letter
// or digit is "attribute" (Loki answers 500 for a whole request that holds such a name).
std::string sanitised_name(std::string_view name);

// What is wrong with a label of the config, for people; "" when nothing is.
std::string label_fault(std::string_view label);
// The same for a tenant id (Loki's documentation, "Manage tenant isolation").
std::string tenant_fault(std::string_view tenant);
// The line of a request that names it.
std::string tenant_header(std::string_view tenant);

const Descriptor& descriptor();

}  // namespace waybill::outputs::loki
