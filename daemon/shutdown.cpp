// SPDX-License-Identifier: Apache-2.0
// How a run ends: inputs to their end, then the pipeline, then the outputs, all within the grace.
#include <fmt/format.h>

#include "core/log.h"
#include "daemon/app.h"
#include "daemon/notify.h"

namespace waybill::daemon {

namespace {

// What inputs may take of the grace; the rest is for the outputs.
constexpr int kInputsShare = 2;
// Signals that come this soon after the first one are the same wish: who kills a process and its
// group (`timeout`, some init scripts) reaches us twice.
constexpr Duration kSameWish = std::chrono::seconds(1);
// Files that could not be read, of an input, that are named one by one.
constexpr size_t kMostNamed = 20;

// What was never read of an input, by reason; "" when that is nothing.
std::string missed_text(const InputCounts& counts) {
  std::string text;
  for (size_t i = 0; i < kMissReasonCount; ++i) {
    if (counts.missed[i] == 0) continue;
    bool datagrams = i == static_cast<size_t>(MissReason::kKernel);
    text += fmt::format("{}{} {} ({})", text.empty() ? "; never read: " : ", ", counts.missed[i],
                        datagrams ? "datagrams" : "bytes", kMissReasonNames[i]);
  }
  return text;
}

}  // namespace

void App::on_signal(int signal, bool from_terminal) {
  bool ends = signal == SIGTERM || signal == SIGINT;
  if (child_ && child_->pid() > 0 && phase_ == Phase::kRunning) {
    // The child decides whether and when to end, and we end with it: a wrapper that went first
    // would leave it without anybody to read its last words.
    terminating_ |= ends;
    return child_->forward(signal, from_terminal);
  }
  if (signal == SIGHUP) return reload();
  if (!ends) return;
  bool first = phase_ == Phase::kRunning || phase_ == Phase::kStarting || !drain_at_once_;
  if (first) first_signal_ = steady_now();
  if (phase_ == Phase::kRunning || phase_ == Phase::kStarting) return begin_drain(true);
  if (!drain_at_once_) return hurry();
  if (!from_terminal && steady_now() - first_signal_ < kSameWish) return;
  spdlog::warn("second signal: stopping at once");
  finish();
}

void App::on_input_end(const inputs::Input* input) {
  std::erase(running_, input);
  if (phase_ == Phase::kDrainingInputs && running_.empty()) return finish_inputs();
  if (phase_ != Phase::kRunning) return;
  // `exec` ends with its child, whatever else is read beside it.
  bool child_ended = child_ && input == child_.get();
  bool others_run = false;
  for (const auto& other : plan_.inputs) others_run |= !other->can_end();
  if (child_ended || (running_.empty() && !others_run)) begin_drain(terminating_);
}

// `at_once`: somebody wants us to end, so a backend that refuses gets one more attempt and no
// more; else, at the end of the input, retries may use the whole grace.
void App::begin_drain(bool at_once) {
  phase_ = Phase::kDrainingInputs;
  drain_at_once_ = at_once;
  notify_stopping();
  set_deadline();
  Duration grace = plan_.config.shutdown.grace;
  if (running_.empty()) return finish_inputs();
  inputs_timer_.expires_at(deadline_ - grace / kInputsShare);
  inputs_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && phase_ == Phase::kDrainingInputs) finish_inputs();
  });
  // drain() may end an input right here, and the last one of them goes on to finish_inputs().
  for (size_t i = 0; i < plan_.inputs.size() && phase_ == Phase::kDrainingInputs; ++i) {
    plan_.inputs[i]->drain();
  }
  if (child_ && phase_ == Phase::kDrainingInputs) child_->drain();
}

void App::set_deadline() {
  deadline_ = steady_now() + plan_.config.shutdown.grace;
  grace_timer_.expires_at(deadline_);
  grace_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) finish();
  });
}

// The reader of our standard output has closed it. Where nobody else is to get anything, nothing is
// worth reading any more, and a child that never pauses must get its SIGPIPE.
void App::on_reader_gone() {
  ++readers_gone_;
  if (readers_gone_ < plan_.outputs.size() || phase_ != Phase::kRunning) return;
  begin_drain(true);
  if (phase_ == Phase::kDrainingInputs) finish_inputs();
}

// The first signal of a run that was ending by itself.
void App::hurry() {
  drain_at_once_ = true;
  if (phase_ != Phase::kDrainingOutputs) return;  // finish_inputs() sees it
  inputs_timer_.cancel();
  drain_outputs();
}

void App::finish_inputs() {
  phase_ = Phase::kDrainingOutputs;
  inputs_timer_.cancel();
  // Pipes and sockets hand over what they hold. Files are stopped last: acknowledgements move
  // their checkpoints until then.
  for (auto& input : plan_.inputs) {
    if (!input->is_file()) input->stop();
  }
  if (child_) child_->stop();
  intake_.close();
  outputs_draining_ = plan_.outputs.size() + retired_.size();
  pipeline_.close();
  if (outputs_draining_ == 0) return finish();
  if (drain_at_once_) return drain_outputs();
  let_outputs_go_on();
}

// At the end of the input nobody is in a hurry: outputs go on for as long as they deliver, and
// retries for a while before the last one.
void App::let_outputs_go_on() {
  const uint64_t before = settled();
  inputs_timer_.expires_at(deadline_ - plan_.config.shutdown.grace / kInputsShare);
  inputs_timer_.async_wait([this, before](const boost::system::error_code& error) {
    if (error) return;
    if (settled() == before) return drain_outputs();
    set_deadline();
    let_outputs_go_on();
  });
}

uint64_t App::settled() {
  uint64_t records = 0;
  for (const auto& output : plan_.outputs) {
    const auto counts = ledger_.output(output->name).snapshot().counts;
    records += counts.delivered + counts.dead_lettered;
  }
  return records;
}

void App::drain_outputs() {
  for (auto& output : plan_.outputs) output->drain(deadline_);
  for (auto& output : retired_) output->drain(deadline_);
}

void App::on_output_drained() {
  std::erase_if(retired_, [this](const std::shared_ptr<outputs::Output>& output) {
    if (!output->outbox().drained()) return false;
    output->stop();
    if (phase_ == Phase::kDrainingOutputs) --outputs_draining_;
    return true;
  });
  if (phase_ != Phase::kDrainingOutputs) return;
  for (const auto& output : plan_.outputs) {
    if (!output->outbox().drained()) return;
  }
  if (retired_.empty()) finish();
}

void App::finish() {
  phase_ = Phase::kStopped;
  inputs_timer_.cancel();
  grace_timer_.cancel();
  io_.stop();
}

// Also after a start that failed half-way: everything here may be called twice.
void App::stop_everything() {
  phase_ = Phase::kStopped;
  admin_.stop();
  for (auto& input : plan_.inputs) {
    if (!input->is_file()) input->stop();
  }
  if (child_) child_->stop();
  if (outputs_started_) {
    for (auto& output : plan_.outputs) output->outbox().abort();
    for (auto& output : retired_) output->outbox().abort();
  }
  pipeline_.close();
  pipeline_.join();
  tell_rest(redactions_);
  for (auto& output : plan_.outputs) output->stop();
  for (auto& output : retired_) output->stop();
  // Acknowledgements that are still on their way to the inputs.
  io_.restart();
  io_.poll();
  for (auto& input : plan_.inputs) input->stop();
  if (checkpoints_) {
    auto flushed = checkpoints_->flush();
    if (!flushed) spdlog::error("checkpoints: {}", flushed.error().what);
  }
}

// What a run leaves behind, per output: for people, on stderr.
uint64_t App::report_left() const {
  uint64_t all = 0;
  auto say = [](const OutputLedger& output, const OutputSnapshot& now, uint64_t records,
                std::string_view then) {
    if (records == 0) return;
    spdlog::error("output {}: {} record{} not delivered{}{}; {}", output.name(), records,
                  records == 1 ? "" : "s", now.problem.empty() ? "" : ": ", now.problem, then);
  };
  for (const OutputLedger* output : ledger_.outputs()) {
    OutputSnapshot now = output->snapshot();
    // What `on_violation: drop` asked for is not left.
    uint64_t asked_for = now.counts.dropped[static_cast<size_t>(DropReason::kSchemaViolation)];
    uint64_t dropped = now.counts.dropped_total() - asked_for;
    uint64_t spooled = std::min(now.spool_records, now.counts.in_flight);
    uint64_t waiting = now.counts.in_flight - spooled;
    // Without a state directory nothing remembers where files are to be read again.
    uint64_t again = state_dir_ ? std::min(now.read_again, waiting) : 0;
    uint64_t lost = waiting - again;
    all += waiting + spooled + dropped;
    if (spooled > 0) {
      say(*output, now, spooled,
          fmt::format("the next run delivers {} from {}/spool", spooled == 1 ? "it" : "them",
                      state_dir_->path()));
    }
    say(*output, now, again,
        again == 1 ? "the next run reads it again" : "the next run reads them again");
    say(*output, now, lost,
        fmt::format("{} lost{}", lost == 1 ? "it is" : "they are",
                    state_dir_ ? "" : ": there is no state directory to keep them in"));
    for (size_t i = 0; i < kDropReasonCount; ++i) {
      bool wanted = static_cast<DropReason>(i) == DropReason::kSchemaViolation;
      if (now.counts.dropped[i] == 0 || wanted) continue;
      spdlog::error("output {}: {} record{} dropped ({})", output->name(), now.counts.dropped[i],
                    now.counts.dropped[i] == 1 ? "" : "s", kDropReasonNames[i]);
    }
  }
  return all;
}

// Where the records are that no backend took.
uint64_t App::report_dead_letters() const {
  uint64_t all = 0;
  for (const OutputLedger* output : ledger_.outputs()) {
    uint64_t letters = output->snapshot().counts.dead_lettered;
    all += letters;
    if (letters == 0) continue;
    spdlog::error("output {}: {} record{} {}, kept in {}: `waybill replay` sends {} again",
                  output->name(), letters, letters == 1 ? "" : "s",
                  ledger_.quarantined() == 0 ? "refused" : "quarantined or refused",
                  dead_letters_->path(), letters == 1 ? "it" : "them");
  }
  return all;
}

// What was to be read to its end and was not.
uint64_t App::report_unread() const {
  uint64_t all = 0;
  for (const auto& input : plan_.inputs) {
    std::vector<std::string> files = input->unread();
    all += files.size();
    for (size_t i = 0; i < std::min(files.size(), kMostNamed); ++i) {
      spdlog::error("input {}: not read, or not to its end: {}", input->name, files[i]);
    }
    if (files.size() > kMostNamed) {
      spdlog::error("input {}: and {} others", input->name, files.size() - kMostNamed);
    }
  }
  return all;
}

// At the end: one line per input and output, in the words and with the sums of core/ledger.h.
void App::report_ledger() const {
  for (const InputLedger* input : ledger_.inputs()) {
    InputCounts counts = input->snapshot();
    spdlog::info("input {}: {} lines = {} records + {} joined + {} empty{}", input->name(),
                 counts.lines, counts.records, counts.joined, counts.empty, missed_text(counts));
  }
  for (const OutputLedger* output : ledger_.outputs()) {
    OutputCounts counts = output->snapshot().counts;
    spdlog::info(
        "output {}: {} records + {} recovered + {} synthetic = {} delivered + {} filtered + {} "
        "sampled + {} folded + {} dropped + {} dead letters + {} {}",
        output->name(), counts.records, counts.recovered, counts.synthetic, counts.delivered,
        counts.filtered, counts.sampled, counts.folded, counts.dropped_total(),
        counts.dead_lettered, counts.in_flight, state_dir_ ? "left" : "lost");
  }
}

}  // namespace waybill::daemon
