// SPDX-License-Identifier: Apache-2.0
// Setup: the index template of an output and its ingest pipeline, installed on request (`waybill
// setup es`).
#pragma once

#include <string>
#include <string_view>

#include "config/section.h"
#include "core/result.h"
#include "outputs/elasticsearch/settings.h"

namespace waybill::outputs::elasticsearch {

// The servers differ in what they call a field that takes any JSON.
enum class Server { kElasticsearch, kOpenSearch };

struct IndexTemplate {
  std::string name;  // in the cluster
  std::string body;  // JSON
};

// Maps what the encoder sends: the fields of ECS or of the record by their types, everything below
// `context` as one flattened field, which no document can break and which makes no new fields.
IndexTemplate index_template(const Settings& settings, Server server);

// Installs it in the cluster of this section's output, which is sound; and before that `pipeline`
// (JSON; empty: none) under the name that the output's `pipeline` says, if it says one. Asks the
// server what it is, first. Returns what was done, for people; an Error says what is wrong and
// where. Blocks for the output's time-out.
Result<std::string> install(const config::Section& section, std::string_view pipeline);

// What is wrong with the definition of an ingest pipeline, as far as it can be told without asking
// the server; "" when nothing is.
std::string pipeline_fault(std::string_view definition);

}  // namespace waybill::outputs::elasticsearch
