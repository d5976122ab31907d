// SPDX-License-Identifier: Apache-2.0
#include "daemon/plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "config/root.h"
#include "daemon/lineage_settings.h"
#include "daemon/otel_environment.h"
#include "lineage/resource.h"
#include "outputs/basics.h"
#include "outputs/otlp/settings.h"
#include "parsers/multiline/rules.h"
#include "parsers/patterns/check.h"
#include "parsers/patterns/regex_text.h"
#include "sampling/condition.h"

namespace waybill::daemon {

namespace {

constexpr std::string_view kStdin = "stdin";

std::vector<std::string> parser_names(const parsers::Settings& settings = {}) {
  std::vector<std::string> names;
  for (std::string_view name : parsers::format_names(settings)) names.emplace_back(name);
  return names;
}

// As patterns have it.
std::string foreign_words(std::string_view regex) {
  auto text = parsers::patterns::rewrite(regex);
  return text ? text->foreign : "";
}

template <typename Registry>
std::vector<std::string> type_names(Registry all) {
  std::vector<std::string> names;
  for (const auto* descriptor : all) names.emplace_back(descriptor->type);
  return names;
}

void refuse_type(const config::Named& named, const char* kind, std::vector<std::string> known) {
  std::string close = config::suggestion(named.type, known);
  std::string list = fmt::format("{}", fmt::join(known, ", "));
  named.section.fault(
      "type", fmt::format("unknown {} type '{}' ({})", kind, named.type,
                          close.empty() ? "there are: " + list : "did you mean '" + close + "'?"));
}

class Planner {
 public:
  Planner(const PlanRequest& request, Plan& plan) : request_(request), plan_(plan) {}

  void make_all() {
    resolve_identity();
    resolve_zone();
    check_patterns();
    plan_.lineage = lineage_settings(plan_.config.trace, request_.below_exec, *plan_.diagnostics);
    make_redaction();
    make_contract();
    make_sampling();
    make_metrics();
    make_inputs();
    refuse_mixed_on_full();
    make_outputs();
    refuse_loops();
  }

 private:
  void resolve_identity() {
    // Neither a file nor a socket brings lines of another container.
    const std::vector<config::Named>& inputs = plan_.config.inputs;
    bool own = std::all_of(inputs.begin(), inputs.end(),
                           [](const config::Named& named) { return named.type == kStdin; });
    plan_.identity = identity_of(plan_.config, {request_.service, own, request_.clouds.get()},
                                 plan_.notes, plan_.resource);
  }

  void resolve_zone() {
    const std::string& name = plan_.config.parse.default_zone;
    auto zone = parsers::TimeZone::find(name);
    if (!zone) {
      fault_at({"parse", "time"}, "default_zone",
               fmt::format("this system knows no time zone '{}' (write local, UTC, or a name as "
                           "Europe/Berlin; is tzdata installed?)",
                           name));
    }
    plan_.parse = {plan_.config.parse.default_level, zone.value_or(parsers::TimeZone())};
    plan_.parse.multiline = multiline_of(plan_.config.parse);
  }

  static parsers::multiline::Settings multiline_of(const config::ParseSettings& parse) {
    return {.automatic = parse.multiline.automatic,
            .rules = parsers::multiline::rules_of(parse.multiline.rules, foreign_words),
            .max_lines = static_cast<size_t>(parse.multiline.max_lines),
            .max_bytes = parse.multiline.max_bytes,
            .timeout = parse.multiline.timeout,
            .max_line = parse.max_line};
  }

  void check_patterns() {
    auto checked = parsers::patterns::check(plan_.config.parse.patterns, plan_.parse);
    plan_.parse.patterns = std::move(checked.sound);
    plan_.warnings = std::move(checked.warnings);
  }

  void make_redaction() {
    const auto& sections = plan_.config.redact;
    plan_.redaction = redaction::Rules::make(sections);
    std::vector<std::string> left_out = plan_.redaction->left_out();
    if (left_out.empty()) return;
    // The list stands for the default as a whole, which is easily overlooked.
    const config::Section& first = sections->front().section;
    plan_.warnings.push_back(config::Fault{
        first.file(), first.position(),
        fmt::format("redact: warning: {} {} not redacted, as the list leaves {} out: add {{detect: "
                    "[{}]}}, if that is not meant",
                    fmt::join(left_out, ", "), left_out.size() == 1 ? "is" : "are",
                    left_out.size() == 1 ? "it" : "them", fmt::join(left_out, ", "))});
  }

  void make_contract() {
    std::optional<config::SchemaSettings>& settings = plan_.config.schema;
    if (!request_.schema.empty()) {
      if (!settings) settings.emplace();
      settings->all.file = request_.schema;
      settings->all.base_folder = "";
    }
    if (!request_.on_violation.empty()) override_on_violation();
    if (!settings) return;
    plan_.contract = contract::Contract::make(*settings, *plan_.diagnostics);
    bool quarantine = plan_.contract && plan_.contract->has(contract::OnViolation::kQuarantine);
    if (quarantine && plan_.config.dead_letters.size == 0) {
      const char* why =
          "quarantine needs dead letters, and dead_letters.size is 0: give them some room, or "
          "write tag or drop";
      if (!request_.on_violation.empty() || !settings->section) {
        fault("--on-violation", why);
      } else {
        settings->section->fault("on_violation", why);
      }
    }
  }

  // The flag holds for every service, whatever the file says.
  void override_on_violation() {
    std::optional<config::SchemaSettings>& settings = plan_.config.schema;
    if (!settings) {
      return fault("--on-violation",
                   "there is no schema: give one with --schema, or in the config's section schema");
    }
    // The command line has taken no other word.
    auto what =
        contract::on_violation_of(request_.on_violation).value_or(contract::OnViolation::kTag);
    settings->all.on_violation = what;
    for (config::ServiceSchema& service : settings->by_service) service.rule.on_violation = what;
  }

  void make_sampling() {
    if (!plan_.config.sampling) return;
    plan_.sampling = sampling::Rules::make(*plan_.config.sampling);
    const std::vector<config::Fault>& idle = plan_.sampling->warnings();
    plan_.warnings.insert(plan_.warnings.end(), idle.begin(), idle.end());
  }

  void make_metrics() {
    const config::MetricsSettings& settings = plan_.config.metrics;
    plan_.metrics = metrics::compile(settings, sampling::make_matcher);
    if (settings.all.empty() || !plan_.config.admin.listen.empty()) return;
    const config::Section& first = settings.all.front().section;
    plan_.warnings.push_back(config::Fault{
        first.file(), first.position(),
        "metrics: warning: they are on admin.sock alone, where no Prometheus comes: set "
        "admin.listen, as 127.0.0.1:9598"});
  }

  // What an input's `format` may be: faulty patterns by their names, too, whose fault that is not.
  std::vector<std::string> format_names() const {
    std::vector<std::string> names = parser_names(plan_.parse);
    for (const auto& pattern : plan_.config.parse.patterns) names.push_back(pattern.settings.name);
    return names;
  }

  void fault(const std::string& file, std::string message) {
    plan_.diagnostics->add(config::Fault{file, {}, std::move(message)});
  }

  // Of a key in the sections `below` one another; where it is not written, of the file.
  void fault_at(std::initializer_list<const char*> below, const char* key, std::string message) {
    std::optional<config::Section> section = plan_.root;
    std::string path;
    for (const char* name : below) {
      path += std::string(name) + ".";
      if (section) section = section->section(name);
    }
    if (section) return section->fault(key, std::move(message));
    fault(request_.config_file, path + key + ": " + message);
  }

  // What an output writes must not come back as lines.
  void refuse_loops() {
    bool kept = !request_.config_file.empty() && plan_.config.dead_letters.size != 0;
    std::string letters = kept ? dead_letters_path(plan_.config) : "";
    for (const auto& input : plan_.inputs) {
      if (!kept || !(input->reads_file(letters) || input->reads_file(letters + ".1"))) continue;
      fault_at({"dead_letters"}, "path",
               fmt::format("inputs.{} reads {}: what is refused would come back for ever; write "
                           "elsewhere, or exclude it there",
                           input->name, letters));
    }
    for (const auto& output : plan_.outputs) {
      if (output->file_path.empty()) continue;
      for (const auto& input : plan_.inputs) {
        if (!input->reads_file(output->file_path) &&
            (output->aside_path.empty() || !input->reads_file(output->aside_path))) {
          continue;
        }
        std::string what = fmt::format(
            "it writes to {}, which inputs.{} reads: every record would come back for "
            "ever; write elsewhere, or exclude it there",
            output->target, input->name);
        if (request_.to.empty()) {
          fault_at({"outputs", output->name.c_str()}, "path", std::move(what));
        } else {
          fault("--to", std::move(what));
        }
      }
    }
  }

  void make_inputs() {
    std::vector<std::string> known;
    for (const auto* descriptor : inputs::registry()) {
      if (descriptor->in_config) known.emplace_back(descriptor->type);
    }
    for (const config::Named& named : plan_.config.inputs) {
      const inputs::Descriptor* descriptor = inputs::find(named.type);
      if (descriptor == nullptr) {
        refuse_type(named, "input", known);
        continue;
      }
      // Below `exec` the standard input is the child's.
      if (named.type == kStdin && !request_.standard_input) continue;
      bool again =
          named.type == kStdin && std::any_of(plan_.inputs.begin(), plan_.inputs.end(),
                                              [](const auto& one) { return one->is_stdin(); });
      if (again) {
        named.section.fault("type", "there is one standard input, and another input reads it");
        continue;
      }
      config::check_formats(named.section, "format", format_names());
      add_input(*descriptor, named.name, named.section);
    }
    bool none = plan_.config.inputs.empty() && plan_.inputs.empty();
    if (none && request_.standard_input) {
      add_input(*inputs::find(kStdin), std::string(kStdin),
                config::section_from_text("stdin", "{type: stdin}", *plan_.diagnostics));
    }
  }

  // What finds no room in an output is of all inputs, and all of it waits, goes to the spool or is
  // dropped alike: what one asks for must not be what another cannot or does not want to do.
  void refuse_mixed_on_full() {
    if (!request_.standard_input) return;
    for (const config::Named& named : plan_.config.inputs) {
      std::string wanted = named.section.raw("on_full").value_or("");
      bool block = wanted == "block";
      if (named.type != kStdin || (!block && wanted != "drop")) continue;
      for (const auto& other : plan_.inputs) {
        bool waits = other->on_full() == inputs::OnFull::kBlock;
        if (other->name == named.name || (block && waits)) continue;
        const char* why = block   ? "cannot wait, and what is to wait would be spooled or dropped"
                          : waits ? "waits, and its lines would be dropped, too"
                                  : "is spooled, and what is to be dropped would be, too";
        named.section.fault("on_full",
                            fmt::format("`{}` cannot hold beside inputs.{}, which {}: write "
                                        "`spool`, or run a daemon for each",
                                        wanted, other->name, why));
        break;
      }
    }
  }

  void add_input(const inputs::Descriptor& descriptor, const std::string& name,
                 const config::Section& section) {
    auto input = descriptor.make(section);
    if (!input) return;
    input->name = name;
    input->settings_text = section.text();
    refuse_shared_place(*input, section);
    plan_.inputs.push_back(std::move(input));
  }

  // The start would fail at the second one, and say that another program is there.
  void refuse_shared_place(const inputs::Input& input, const config::Section& section) {
    std::optional<inputs::Place> place = input.occupies();
    if (!place) return;
    for (const auto& other : plan_.inputs) {
      std::optional<inputs::Place> taken = other->occupies();
      if (!taken || !inputs::collide(*place, *taken)) continue;
      section.fault(place->option, fmt::format("inputs.{} has {} already: give them different ones",
                                               other->name, inputs::text_of(*taken)));
      return;
    }
  }

  void make_outputs() {
    if (!request_.to.empty()) {
      for (const std::string& target : request_.to) add_target("--to", target);
      return;
    }
    for (const config::Named& named : plan_.config.outputs) {
      const outputs::Descriptor* descriptor = outputs::find(named.type);
      if (descriptor == nullptr) {
        refuse_type(named, "output", type_names(outputs::registry()));
      } else {
        add_output(*descriptor, named.name, named.section);
      }
    }
    if (plan_.config.outputs.empty()) add_default_outputs();
  }

  void add_default_outputs() {
    add_target("the default output", "console");
    if (auto section = otlp_from_environment(lineage::process_environment, plan_.notes)) {
      add_target_section("OTEL_EXPORTER_OTLP_*", "otlp", *section);
    }
  }

  // `origin` names the flag or variable in faults.
  void add_target(const std::string& origin, const std::string& target) {
    // The two styles of the console by their own names, whatever stands behind our stdout.
    if (target == "json" || target == "pretty") {
      return add_target_section(origin, "console", "{type: console, style: " + target + "}");
    }
    for (const outputs::Descriptor* descriptor : outputs::registry()) {
      std::string_view prefix = descriptor->to_prefix;
      bool takes_value = !prefix.empty() && (prefix.back() == '=' || prefix.back() == ':');
      bool matches = takes_value ? target.starts_with(prefix) && target.size() > prefix.size()
                                 : !prefix.empty() && target == prefix;
      if (!matches) continue;
      std::string_view value = std::string_view(target).substr(prefix.size());
      std::string text = descriptor->to_section(value, plan_.identity);
      return add_target_section(origin, std::string(descriptor->type), text);
    }
    fault(origin,
          fmt::format("'{}' is no target (write console, pretty, json, file:PATH, loki=URL, "
                      "es=URL, otlp=URL or kafka=BROKERS/TOPIC)",
                      target));
  }

  void add_target_section(const std::string& origin, const std::string& type,
                          const std::string& text) {
    const outputs::Descriptor* descriptor = outputs::find(type);
    std::string name = type;
    for (int i = 2; has_output(name); ++i) name = type + std::to_string(i);
    add_output(*descriptor, name, config::section_from_text(origin, text, *plan_.diagnostics));
  }

  bool has_output(const std::string& name) const {
    for (const auto& output : plan_.outputs) {
      if (output->name == name) return true;
    }
    return false;
  }

  void add_output(const outputs::Descriptor& descriptor, const std::string& name,
                  const config::Section& section) {
    std::shared_ptr<outputs::Output> output = descriptor.make(section);
    if (!output) return;
    output->name = name;
    output->type = descriptor.type;
    output->settings_text = section.text();
    if (section.has("when")) read_condition(*output, section);
    if (descriptor.type == "otlp") outputs::otlp::advise(section, plan_.warnings);
    plan_.outputs.push_back(std::move(output));
  }

  void read_condition(outputs::Output& output, const config::Section& section) {
    std::optional<std::string> text = section.string("when");
    if (!text) return;
    output.when = sampling::compile_condition(section, "when", *text);
    if (!output.when) return;
    for (int i = 0; i < kLevelCount; ++i) {
      if (output.when->outcomes(static_cast<Level>(i)).may_hold) return;
    }
    plan_.warnings.push_back(config::Fault{
        section.file(), section.position_of("when"),
        fmt::format("{}.when: warning: no record is as it wants: nothing will ever go here",
                    section.path())});
  }

  const PlanRequest& request_;
  Plan& plan_;
};

}  // namespace

Result<Plan> make_plan(const PlanRequest& request) {
  Plan plan;
  if (!request.config_file.empty()) {
    auto text = config::read_file(request.config_file);
    if (!text) return std::move(text).error();
    auto config = config::load(request.config_file, *text, parser_names(), *plan.diagnostics);
    if (!config) return plan;
    plan.config = std::move(*config);
    plan.root = config::root_of(request.config_file, *text, *plan.diagnostics);
  }
  Planner(request, plan).make_all();
  return plan;
}

std::string state_dir_of(const config::Config& config) {
  if (!config.state_dir.empty()) return config.state_dir;
  auto set = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  std::string systemd = set("STATE_DIRECTORY");
  if (!systemd.empty()) return systemd.substr(0, systemd.find(':'));
  if (geteuid() == 0) return "/var/lib/waybill";
  std::string xdg = set("XDG_STATE_HOME");
  if (!xdg.empty()) return xdg + "/waybill";
  return set("HOME") + "/.local/state/waybill";
}

std::string dead_letters_path(const config::Config& config) {
  if (!config.dead_letters.path.empty()) return config.dead_letters.path;
  return state_dir_of(config) + "/dead_letters.ndjson";
}

}  // namespace waybill::daemon
