// SPDX-License-Identifier: Apache-2.0
// Plan: what a config, the flags and the environment together ask for, checked as a whole and not
// started. `check` stops here; `run` and a reload go on from here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "contract/contract.h"
#include "core/identity.h"
#include "daemon/identity_settings.h"
#include "inputs/input.h"
#include "lineage/lineage.h"
#include "metrics/definition.h"
#include "outputs/output.h"
#include "parsers/parser.h"
#include "redaction/rules.h"
#include "sampling/rules.h"

namespace waybill::daemon {

// What the command line says.
struct PlanRequest {
  std::string config_file;      // -c; empty: none
  std::vector<std::string> to;  // --to; replaces the outputs of the file
  std::string service;          // --service
  std::string schema;           // --schema; replaces schema.file
  std::string on_violation;     // --on-violation; replaces it in every rule; empty: not given
  bool standard_input = true;   // whether stdin may be read: not below `exec`
  bool below_exec = false;      // of `exec`: the run has a trace, unless the config says else
  // Clouds are asked, where the config says so, and their answers kept here; null: none is.
  std::shared_ptr<CloudAnswers> clouds = {};
};

struct Plan {
  // Every fault of config and flags. Outlives the sections below.
  std::unique_ptr<config::Diagnostics> diagnostics = std::make_unique<config::Diagnostics>();
  config::Config config;
  std::optional<config::Section> root;  // of the config's file
  Identity identity;
  std::vector<lineage::Said> resource;  // who said what of the identity
  parsers::Settings parse;
  lineage::LineageSettings lineage;
  std::shared_ptr<const redaction::Rules> redaction;
  std::shared_ptr<const contract::Contract> contract;  // null: no record is judged
  std::shared_ptr<const sampling::Rules> sampling;     // null: every record is sent
  metrics::Definitions metrics;
  std::vector<std::unique_ptr<inputs::Input>> inputs;  // made, not started
  std::vector<std::shared_ptr<outputs::Output>> outputs;
  std::vector<std::string> notes;       // worth saying once at the start
  std::vector<config::Fault> warnings;  // what works, and could be better: for `check`

  bool sound() const { return diagnostics->empty(); }
};

// Reads and checks everything. An Error when the config file cannot be read at all; faults inside
// it are in the plan's diagnostics.
Result<Plan> make_plan(const PlanRequest& request);

// Where state is kept: the config's own `state_dir`, else $STATE_DIRECTORY (systemd; the first of
// several), else /var/lib/waybill for root, else $XDG_STATE_HOME/waybill, else
// ~/.local/state/waybill.
std::string state_dir_of(const config::Config& config);

// The file of the dead letters: the config's own, else one in the state directory.
std::string dead_letters_path(const config::Config& config);

}  // namespace waybill::daemon
