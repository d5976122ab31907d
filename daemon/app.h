// SPDX-License-Identifier: Apache-2.0
// App: a running daemon. Owns everything, in the order in which it starts; stops in reverse.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/byte_budget.h"
#include "core/ledger.h"
#include "daemon/admin/metrics.h"
#include "daemon/admin/server.h"
#include "daemon/intake.h"
#include "daemon/pipeline.h"
#include "daemon/plan.h"
#include "daemon/signals.h"
#include "daemon/template_file.h"
#include "delivery/checkpoints.h"
#include "delivery/dead_letters/dead_letters.h"
#include "delivery/state_dir.h"
#include "inputs/exec/exec_input.h"

namespace waybill::daemon {

struct AppOptions {
  PlanRequest request;
  bool once = false;     // --once
  bool verbose = false;  // -v: the ledger is printed at the end, whatever came of the run
  // `waybill replay`: beside the daemon of the same config, so without its state.
  bool replaying = false;
  // `waybill exec`: the child to run.
  std::optional<inputs::exec::ExecSettings> child;
  bool propagate = false;  // the child gets the trace of the run, whatever the config says
};

// What a run came to.
struct AppResult {
  uint64_t left = 0;  // records read and not delivered
  uint64_t dead_lettered = 0;
  uint64_t unread = 0;              // files that were to be read and could not be, with --once
  std::optional<int> child_status;  // of `exec`, as a shell would have it
};

class App {
 public:
  // `plan` is sound.
  App(AppOptions options, Plan plan);
  ~App();
  App(App&&) = delete;

  // Starts, runs until the end, stops. An Error when it could not start.
  Result<AppResult> run();

 private:
  enum class Phase { kStarting, kRunning, kDrainingInputs, kDrainingOutputs, kStopped };

  // ---- start (app.cpp) ----
  Result<void> start();
  Result<void> start_state();
  Result<void> open_dead_letters();
  Result<void> start_outputs(const std::vector<std::shared_ptr<outputs::Output>>& outputs,
                             const Plan& plan);
  Result<void> start_inputs();
  Result<void> start_input(inputs::Input& input, size_t max_line);
  Result<void> start_admin();
  Route route_of(const Plan& plan);
  delivery::FullPolicy policy_for(const outputs::Output& output, const Plan& plan) const;
  std::optional<delivery::SpoolPlace> spool_for(const outputs::Output& output) const;
  delivery::DeadLetters::Render letter_render(const Plan& plan) const;
  static bool quarantines(const Plan& plan) {
    return plan.contract && plan.contract->has(contract::OnViolation::kQuarantine);
  }
  bool child_wanted() const { return options_.child.has_value(); }

  // ---- end (shutdown.cpp) ----
  void on_signal(int signal, bool from_terminal);
  void on_input_end(const inputs::Input* input);
  void begin_drain(bool at_once);
  void hurry();
  void on_reader_gone();
  void finish_inputs();
  void set_deadline();
  void let_outputs_go_on();
  uint64_t settled();
  void drain_outputs();
  void on_output_drained();
  void finish();
  void stop_everything();
  uint64_t report_left() const;
  uint64_t report_dead_letters() const;
  uint64_t report_unread() const;
  void report_ledger() const;

  // ---- reload (reload.cpp) ----
  void reload();
  Result<void> apply(Plan next);
  Result<void> swap_inputs(Plan& next);
  void put_back(Plan& next, const std::vector<inputs::Input*>& kept);
  void stop_input(inputs::Input& input);

  // ---- admin (app_pages.cpp) ----
  std::optional<admin::Page> page(const admin::Request& request);
  admin::Page health() const;
  admin::Page readiness() const;

  AppOptions options_;
  boost::asio::io_context io_;
  ByteBudget budget_;
  Ledger ledger_;
  Signals signals_;  // before any thread: it sets the mask that they inherit
  std::optional<delivery::StateDir> state_dir_;
  std::unique_ptr<inputs::CheckpointStore> checkpoints_;
  std::unique_ptr<delivery::DeadLetters> dead_letters_;
  std::optional<TemplateFile> template_file_;
  redaction::Counts redactions_;
  sampling::Counts sampled_;
  metrics::Registry metrics_;
  std::deque<Identity> identities_;  // of every config so far: outputs refer to theirs
  BatchPool pool_;
  Pipeline pipeline_;
  PipelineIntake intake_;
  // Its inputs and outputs are the running ones; they use everything above until they go.
  Plan plan_;
  std::unique_ptr<inputs::exec::ExecInput> child_;
  bool outputs_started_ = false;
  std::vector<std::shared_ptr<outputs::Output>> retired_;  // of earlier configs, still draining
  admin::Server admin_;
  boost::asio::steady_timer inputs_timer_;  // when inputs must have come to their end
  boost::asio::steady_timer grace_timer_;   // when everything must have

  Phase phase_ = Phase::kStarting;
  size_t readers_gone_ = 0;                    // outputs that nobody reads any more
  std::vector<const inputs::Input*> running_;  // started, not at their end
  size_t outputs_draining_ = 0;
  SteadyTime deadline_{};
  bool drain_at_once_ = false;
  SteadyTime first_signal_{};  // that wanted us to end
  bool terminating_ = false;   // somebody wants us and the child to end
  admin::ReloadCounts reloads_;
  std::optional<int> child_status_;
};

}  // namespace waybill::daemon
