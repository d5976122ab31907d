// SPDX-License-Identifier: Apache-2.0
#include "daemon/app.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "core/log.h"
#include "daemon/letter_record.h"
#include "daemon/lineage_settings.h"
#include "daemon/memory.h"
#include "daemon/notify.h"
#include "delivery/volatile_checkpoints.h"
#include "inputs/descriptor_limit.h"

namespace waybill::daemon {

namespace {

std::vector<int> wanted_signals(bool with_child) {
  std::vector<int> signals = {SIGTERM, SIGINT, SIGHUP};
  // A child gets whatever we get; the rest of the signals tell of our own faults or of the
  // terminal's, and cannot be passed on.
  if (with_child) {
    for (int more : {SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGTSTP, SIGALRM}) {
      signals.push_back(more);
    }
  }
  return signals;
}

constexpr size_t kSmallestBatch = size_t{16} * 1024;
constexpr size_t kWaitingShare = size_t{8} * 1024 * 1024;

size_t memory_of(const config::Config& config) {
  return config.memory != 0 ? config.memory : automatic_memory_budget();
}

// A file that root makes is one that the daemon, who has the folder, cannot write to.
bool would_shut_out_the_daemon(const std::string& letters) {
  std::filesystem::path folder = std::filesystem::path(letters).parent_path();
  struct stat status {};
  return geteuid() == 0 && stat(folder.empty() ? "." : folder.c_str(), &status) == 0 &&
         status.st_uid != 0;
}

}  // namespace

App::App(AppOptions options, Plan plan)
    : options_(std::move(options)),
      budget_(memory_of(plan.config)),
      signals_(io_, wanted_signals(options_.child.has_value()),
               [this](int signal, bool from_terminal) { on_signal(signal, from_terminal); }),
      pool_(budget_),
      pipeline_(budget_, pool_, ledger_),
      intake_(budget_, pool_, pipeline_),
      plan_(std::move(plan)),
      admin_(io_, [this](const admin::Request& request) { return page(request); }),
      inputs_timer_(io_),
      grace_timer_(io_) {}

App::~App() { stop_everything(); }

Result<AppResult> App::run() {
  if (auto started = start(); !started) {
    stop_everything();
    return std::move(started).error();
  }
  io_.run();
  stop_everything();
  AppResult result{report_left(), report_dead_letters(), report_unread(), child_status_};
  // On a terminal somebody looks, and what is left wants to be understood; else the end is silent.
  bool wanted = options_.verbose || isatty(STDERR_FILENO) == 1;
  if (wanted || result.left + result.dead_lettered > 0) report_ledger();
  return result;
}

Result<void> App::start() {
  inputs::raise_descriptor_limit();
  for (const std::string& note : plan_.notes) spdlog::info("{}", note);
  keep_large_blocks_apart();
  if (auto done = start_state(); !done) return done;
  if (auto done = open_dead_letters(); !done) return done;
  auto ask_again = [this] {
    boost::asio::post(io_, [this] {
      for (auto& input : plan_.inputs) input->on_room();
      if (child_) child_->on_room();
    });
  };
  budget_.on_room(ask_again);
  pipeline_.on_room(ask_again);
  if (auto done = start_outputs(plan_.outputs, plan_); !done) return done;
  outputs_started_ = true;
  if (auto done = pipeline_.start(route_of(plan_)); !done) return done;
  if (auto done = start_inputs(); !done) return done;
  if (auto done = start_admin(); !done) return done;
  if (phase_ == Phase::kStarting) phase_ = Phase::kRunning;
  notify_ready();
  forget_start_up_code();
  if (running_.empty()) begin_drain(false);
  return {};
}

// A run without a config file keeps nothing: it can stand beside thousands of its kind.
Result<void> App::start_state() {
  checkpoints_ = std::make_unique<delivery::VolatileCheckpoints>();
  if (options_.request.config_file.empty() || options_.replaying) return {};
  bool needed = !plan_.config.state_dir.empty() || quarantines(plan_) ||
                std::any_of(plan_.inputs.begin(), plan_.inputs.end(),
                            [](const auto& input) { return input->is_file(); });
  auto opened = delivery::StateDir::open(state_dir_of(plan_.config));
  if (!opened) {
    if (needed) return std::move(opened).error();
    spdlog::warn("no state_dir, so no admin socket: {}", opened.error().what);
    return {};
  }
  state_dir_ = std::move(*opened);
  checkpoints_ = std::make_unique<delivery::Checkpoints>(*state_dir_);
  template_file_.emplace(*state_dir_);
  if (!plan_.sampling || !plan_.sampling->finds_templates()) {
    SamplingStage::forget(*template_file_, plan_.redaction->fingerprint());
  }
  return {};
}

// Refused records are kept where there is a place for them.
Result<void> App::open_dead_letters() {
  const config::DeadLetterSettings& settings = plan_.config.dead_letters;
  if (options_.request.config_file.empty() || settings.size == 0) return {};
  if (settings.path.empty() && !state_dir_ && !options_.replaying) return {};
  std::string path = dead_letters_path(plan_.config);
  if (options_.replaying && would_shut_out_the_daemon(path)) {
    spdlog::warn(
        "what is refused again is not kept once more: we run as root, and {} is in a folder of "
        "somebody else: replay as that user",
        path);
    return {};
  }
  auto opened = delivery::DeadLetters::open(std::move(path), settings.size, letter_render(plan_));
  if (!opened && options_.replaying) {
    // The letters stay in the file that they are read from.
    spdlog::warn("what is refused again is not kept once more: {}", opened.error().what);
    return {};
  }
  if (!opened) return std::move(opened).error();
  dead_letters_ = *std::move(opened);
  return {};
}

delivery::DeadLetters::Render App::letter_render(const Plan& plan) const {
  auto record = std::make_shared<LetterRecord>(plan.identity, plan.parse, plan.config.parse.formats,
                                               plan.lineage, plan.contract);
  return [record](Buffer& out, const delivery::Note& note, std::shared_ptr<Source> source) {
    record->append(out, note, std::move(source));
  };
}

// With one output files wait for it, and so does who asked for that (`on_full: block`). Everything
// else goes to its spool, and so do the lines of files where there are other outputs: one that is
// dead must not slow them. Without a spool nobody waits longer than 1 s, once per stall.
delivery::FullPolicy App::policy_for(const outputs::Output& output, const Plan& plan) const {
  bool alone = plan.outputs.size() == 1;
  bool any_drops = false, any_spools = child_wanted(), all_wait = !child_wanted();
  bool all_files = !child_wanted();
  for (const auto& input : plan.inputs) {
    any_drops |= input->on_full() == inputs::OnFull::kDrop;
    any_spools |= input->on_full() == inputs::OnFull::kSpool;
    all_wait &= input->on_full() == inputs::OnFull::kBlock;
    all_files &= input->is_file();
  }
  delivery::FullPolicy policy{std::chrono::seconds(1), delivery::SpoolUse::kOverflow};
  if (options_.replaying || (alone && all_wait))
    policy = {Duration::max(), delivery::SpoolUse::kNothing};
  if (any_drops && !any_spools) policy.spool = delivery::SpoolUse::kNothing;
  using Options = outputs::SpoolOptions;
  if (output.spool.files == Options::Files::kAlways) policy.spool = delivery::SpoolUse::kAll;
  policy.spool_after = output.spool.after;
  switch (output.spool.when_full) {
    case Options::WhenFull::kAuto:
      policy.when_full =
          alone && all_files ? delivery::WhenFull::kBlock : delivery::WhenFull::kDropOldest;
      break;
    case Options::WhenFull::kBlock: policy.when_full = delivery::WhenFull::kBlock; break;
    case Options::WhenFull::kDropOldest: policy.when_full = delivery::WhenFull::kDropOldest; break;
    case Options::WhenFull::kDropNewest: policy.when_full = delivery::WhenFull::kDropNewest; break;
  }
  return policy;
}

// Where its spool is; nothing when it has none. What goes to a terminal or a pipe is not for disks.
std::optional<delivery::SpoolPlace> App::spool_for(const outputs::Output& output) const {
  if (!state_dir_ || output.spool.size == 0 || output.writes_to_stdout()) return {};
  return delivery::SpoolPlace{state_dir_->fd(), state_dir_->path(),
                              delivery::spool_folder(output.name, output.type)};
}

// Of `plan`, those that are to be started.
Result<void> App::start_outputs(const std::vector<std::shared_ptr<outputs::Output>>& outputs,
                                const Plan& plan) {
  // Settled where it stays: outputs keep a reference to it.
  identities_.push_back(plan.identity);
  for (const auto& output : outputs) {
    size_t share = budget_.limit() / 2 / plan.outputs.size();
    // A payload takes up to four times its records' bytes (room to grow, the composed body), and
    // some of them must fit beside each other.
    output->limits.bytes = std::min(output->limits.bytes, std::max(kSmallestBatch, share / 16));
    delivery::FullPolicy policy = policy_for(*output, plan);
    std::optional<delivery::SpoolPlace> spool = spool_for(*output);
    // Where everything upstream waits, a longer queue would only hold what the files hold already;
    // and what is on disk needs no memory.
    if (policy.wait == Duration::max() || spool) {
      share = std::min(share, std::max(kWaitingShare, 8 * output->limits.bytes));
    }
    outputs::Context context{
        budget_, ledger_.output(output->name), identities_.back(), share, policy,
        spool,   dead_letters_.get()};
    auto started = output->start(context);
    if (!started) {
      for (const auto& other : outputs) other->stop();
      return std::move(started).error().within("outputs." + output->name);
    }
    output->on_reader_gone = [this] { boost::asio::post(io_, [this] { on_reader_gone(); }); };
    output->outbox().on_drained(
        [this] { boost::asio::post(io_, [this] { on_output_drained(); }); });
  }
  return {};
}

Result<void> App::start_input(inputs::Input& input, size_t max_line) {
  inputs::Context context{io_,           intake_,  ledger_.input(input.name),
                          *checkpoints_, max_line, options_.once};
  const inputs::Input* self = &input;
  running_.push_back(self);  // it may end while it starts
  auto started = input.start(context, [this, self] { on_input_end(self); });
  if (started) return {};
  std::erase(running_, self);
  return std::move(started).error().within("inputs." + input.name);
}

Result<void> App::start_inputs() {
  size_t max_line = plan_.config.parse.max_line;
  for (auto& input : plan_.inputs) {
    if (auto done = start_input(*input, max_line); !done) return done;
  }
  if (!options_.child) return {};
  inputs::exec::ExecSettings settings = *options_.child;
  for (const auto& output : plan_.outputs) {
    if (output->writes_to_stdout()) settings.copy_stdout = settings.copy_stderr = false;
  }
  if (plan_.config.trace.propagate || options_.propagate) {
    settings.variables.push_back("TRACEPARENT=" + lineage::run_traceparent());
  }
  settings.describe = plan_.config.detect.process;
  child_ = std::make_unique<inputs::exec::ExecInput>(std::move(settings));
  child_->name = "exec";
  child_->on_exit([this](int status) { child_status_ = status; });
  return start_input(*child_, max_line);
}

Result<void> App::start_admin() {
  if (options_.replaying) return {};  // the daemon has it
  if (state_dir_) {
    auto listening = admin_.listen_unix(state_dir_->path() + "/admin.sock");
    if (!listening) return listening;
  }
  const std::string& address = plan_.config.admin.listen;
  if (address.empty()) return {};
  auto listening = admin_.listen_tcp(address);
  if (!listening) return listening;
  spdlog::info("admin pages on http://{}", admin_.tcp_address());
  return {};
}

Route App::route_of(const Plan& plan) {
  Route route{plan.identity,
              plan.parse,
              plan.config.parse.formats,
              plan.outputs,
              bounded(plan.lineage, budget_.limit()),
              static_cast<size_t>(plan.config.service.max_from_lines),
              plan.redaction->fingerprint()};
  // Dead letters were redacted before they were kept.
  if (!options_.replaying && !plan.redaction->empty()) {
    route.redaction = std::make_shared<RedactionStage>(plan.redaction, redactions_);
  }
  // Nor are they counted, or sampled, once more.
  if (!options_.replaying) {
    auto most = static_cast<size_t>(plan.config.metrics.max_series);
    auto families = metrics_.take(plan.metrics, most, plan.redaction->fingerprint());
    if (!families.empty()) route.metrics = std::make_shared<MetricsStage>(std::move(families));
  }
  if (!options_.replaying && plan.sampling && !plan.sampling->idle()) {
    route.sampling =
        std::make_shared<SamplingStage>(plan.sampling, plan.redaction->fingerprint(), sampled_,
                                        budget_, template_file_ ? &*template_file_ : nullptr);
  }
  if (plan.contract) {
    route.contract = std::make_shared<ContractStage>(
        plan.contract, plan.parse.default_zone, ledger_, dead_letters_.get(), options_.replaying);
  }
  return route;
}

}  // namespace waybill::daemon
