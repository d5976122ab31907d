// SPDX-License-Identifier: Apache-2.0
// Reload: the whole new config is checked first; what did not change goes on untouched; the old
// config stays when anything of the new one fails.

#include <algorithm>

#include "core/log.h"
#include "daemon/app.h"
#include "daemon/memory.h"
#include "daemon/notify.h"

namespace waybill::daemon {

namespace {

// How long an output that goes tries to deliver before it leaves the rest to its spool.
constexpr Duration kHandOver = std::chrono::seconds(1);

template <typename Owner>
auto find_named(std::vector<Owner>& all, const std::string& name) {
  return std::find_if(all.begin(), all.end(),
                      [&](const Owner& one) { return one && one->name == name; });
}

}  // namespace

void App::reload() {
  if (phase_ != Phase::kRunning) return;
  if (options_.request.config_file.empty() || options_.replaying) {
    spdlog::warn("SIGHUP: {}", options_.replaying ? "a replay does not read its config again"
                                                  : "there is no config file to read again");
    return;
  }
  notify_reloading();
  Result<void> done;
  auto next = make_plan(options_.request);
  if (!next) {
    done = std::move(next).error();
  } else if (!next->sound()) {
    for (const config::Fault& fault : next->diagnostics->faults()) {
      spdlog::error("{}", fault.text());
    }
    done = Error{Action::kFixConfig, "the config has faults"};
  } else {
    done = apply(std::move(*next));
  }
  if (done) {
    ++reloads_.applied;
    spdlog::info("reloaded {}", options_.request.config_file);
  } else {
    ++reloads_.refused;
    spdlog::error("reload refused, the old config stays: {}", done.error().what);
  }
  notify_ready();
}

Result<void> App::apply(Plan next) {
  if (next.config.state_dir != plan_.config.state_dir) {
    return Error{Action::kFixConfig, "state_dir cannot change while running: restart instead"};
  }
  if (next.config.admin.listen != plan_.config.admin.listen) {
    return Error{Action::kFixConfig, "admin.listen cannot change while running: restart instead"};
  }
  if (next.config.dead_letters != plan_.config.dead_letters) {
    return Error{Action::kFixConfig, "dead_letters cannot change while running: restart instead"};
  }
  if (quarantines(next) && !dead_letters_) {
    return Error{
        Action::kFixConfig,
        "schema.on_violation: quarantine needs dead letters, and this run has no place for "
        "them: restart instead"};
  }
  // Outputs: equal settings for an equal identity go on with their queues.
  bool same_identity = next.identity.service_name == plan_.identity.service_name &&
                       next.identity.resource_json == plan_.identity.resource_json;
  std::vector<std::shared_ptr<outputs::Output>> fresh;
  for (auto& output : next.outputs) {
    auto old = find_named(plan_.outputs, output->name);
    bool stays = same_identity && old != plan_.outputs.end() &&
                 (*old)->settings_text == output->settings_text;
    if (stays) {
      output = *old;
    } else {
      fresh.push_back(output);
    }
  }
  if (auto started = start_outputs(fresh, next); !started) return started;
  if (auto swapped = swap_inputs(next); !swapped) {
    for (auto& output : fresh) output->stop();
    return swapped;
  }
  budget_.set_limit(next.config.memory != 0 ? next.config.memory : automatic_memory_budget());
  for (auto& output : plan_.outputs) {
    bool stays = std::find(next.outputs.begin(), next.outputs.end(), output) != next.outputs.end();
    // The pipeline closes its outbox when it takes the new route; it drains on its own then.
    if (stays) continue;
    // The pipeline must not wait for it for ever. What it cannot deliver soon it leaves in its
    // spool, where a successor may be waiting for it already. A full one does with it what it was
    // told to; without one it is dropped, as the files that it came from are not read again.
    bool spools = spool_for(*output).has_value();
    output->outbox().retire();
    if (spools) {
      delivery::FullPolicy policy = policy_for(*output, plan_);
      policy.wait = Duration::zero();
      policy.spool = delivery::SpoolUse::kOverflow;
      output->outbox().set_policy(policy);
    }
    output->drain(steady_now() + (spools ? kHandOver : next.config.shutdown.grace));
    retired_.push_back(output);
  }
  for (auto& output : next.outputs) output->outbox().set_policy(policy_for(*output, next));
  // Where no rule learns templates any more, those of another redaction are not kept either. On
  // the pipeline's thread, which may be writing them until then.
  const bool learns = next.sampling && next.sampling->finds_templates();
  const TemplateFile* kept = !learns && template_file_ ? &*template_file_ : nullptr;
  pipeline_.reroute(route_of(next), [kept, print = next.redaction->fingerprint()] {
    if (kept != nullptr) SamplingStage::forget(*kept, print);
  });
  if (dead_letters_) dead_letters_->set_render(letter_render(next));
  plan_ = std::move(next);
  return {};
}

// Leaves next.inputs as they should run: the old ones where nothing changed, new ones started. On
// failure the old ones run as before.
Result<void> App::swap_inputs(Plan& next) {
  bool same_parse = next.config.parse.max_line == plan_.config.parse.max_line;
  std::vector<inputs::Input*> kept;
  for (auto& input : next.inputs) {
    auto old = find_named(plan_.inputs, input->name);
    if (old == plan_.inputs.end() || !same_parse || !(*old)->reconfigure(*input)) continue;
    (*old)->settings_text = input->settings_text;
    input = std::move(*old);
    kept.push_back(input.get());
  }
  std::erase(plan_.inputs, nullptr);
  // Inputs that changed give up their ports and files before their successors ask for them.
  for (auto& old : plan_.inputs) stop_input(*old);
  Result<void> result;
  std::vector<inputs::Input*> started;
  for (auto& input : next.inputs) {
    if (std::find(kept.begin(), kept.end(), input.get()) != kept.end()) continue;
    result = start_input(*input, next.config.parse.max_line);
    if (!result) break;
    started.push_back(input.get());
  }
  if (result) return result;
  for (inputs::Input* input : started) stop_input(*input);
  put_back(next, kept);
  return result;
}

// The old plan's inputs again: those that were kept, and those that were stopped, made anew.
void App::put_back(Plan& next, const std::vector<inputs::Input*>& kept) {
  plan_.inputs.clear();
  for (auto& input : next.inputs) {
    if (std::find(kept.begin(), kept.end(), input.get()) != kept.end()) {
      plan_.inputs.push_back(std::move(input));
    }
  }
  for (const config::Named& named : plan_.config.inputs) {
    if (find_named(plan_.inputs, named.name) != plan_.inputs.end()) continue;
    auto again = inputs::find(named.type)->make(named.section);
    again->name = named.name;
    again->settings_text = named.section.text();
    auto started = start_input(*again, plan_.config.parse.max_line);
    if (!started) spdlog::error("{}", started.error().what);
    plan_.inputs.push_back(std::move(again));
  }
}

void App::stop_input(inputs::Input& input) {
  input.stop();
  std::erase(running_, &input);  // unless it has ended by itself
}

}  // namespace waybill::daemon
