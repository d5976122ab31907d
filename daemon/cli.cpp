// SPDX-License-Identifier: Apache-2.0
#include "daemon/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "daemon/cli_pages.h"
#include "lineage/resource.h"

namespace waybill::daemon {

namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  ./legacy | waybill                           pretty on a terminal, JSON into a pipe\n"
    "  waybill exec --to loki=URL -- ./legacy       wraps a program\n"
    "  waybill run -c /etc/waybill/waybill.yaml     a service or a sidecar\n"
    "\n"
    "A program that prints into a pipe buffers its output: prefer `waybill exec -- ./legacy`,\n"
    "which makes its lines appear at once, or `stdbuf -oL ./legacy | waybill`.";

class Builder {
 public:
  explicit Builder(CommandLine& line) : line_(line), app_(about(), "waybill") {
    app_.footer(kFooter);
    app_.require_subcommand(0, 1);
    app_.fallthrough(false);
    add_run_options(app_);
    add_run();
    add_exec();
    add_replay();
    add_check();
    add_explain();
    add_test();
    add_admin();
    add_reference();
    add_lint();
    add_trace();
    add_schema();
    add_setup();
    command("version", "prints the version", Command::kVersion);
    add_pages();
    app_.add_flag_callback(
        "-V,--version", [this] { line_.command = Command::kVersion; }, "the same as `version`");
    // Of the design, and not there yet: named, so that nobody takes it for a typing error.
    app_.add_subcommand("tap", "shows records as they pass (not built yet)")
        ->prefix_command()
        ->group("Planned")
        ->callback([this] { planned_ = "tap"; });
  }

  void parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
      finish();
    } catch (const CLI::CallForHelp&) {
      std::fputs(chosen(app_).help(path_before(chosen(app_))).c_str(), stdout);
      done(exit_code::kOk);
    } catch (const CLI::ExtrasError&) {
      usage(left_over(app_));
    } catch (const CLI::ParseError& error) {
      usage(error.what());
    }
  }

 private:
  static std::string about() {
    return "Waybill gives every log line an identity and a lineage, and delivers it to Loki,\n"
           "Elasticsearch, OTLP or Kafka without losing it. Without a command: run.";
  }

  void done(int code) {
    line_.command = Command::kDone;
    line_.exit_code = code;
  }
  void usage(const std::string& what) {
    std::string prefix = path_before(chosen(app_));
    fmt::print(stderr, "waybill: {}\nTry '{}{}{} --help'.\n", what, prefix,
               prefix.empty() ? "" : " ", chosen(app_).get_name());
    done(exit_code::kUsage);
  }

  CLI::App* command(const char* name, const char* summary, Command command) {
    return command_of(app_, name, summary, command);
  }
  CLI::App* command_of(CLI::App& app, const char* name, const char* summary, Command command) {
    CLI::App* sub = app.add_subcommand(name, summary);
    sub->footer("");  // which is the program's else
    sub->callback([this, command] { line_.command = command; });
    sub->add_flag("-v,--verbose", line_.verbose, "say more on stderr");
    return sub;
  }

  void add_config(CLI::App& app, const char* names = "-c,--config") {
    app.add_option(names, line_.plan.config_file, "the config file (waybill.yaml)");
  }
  void add_schema_option(CLI::App& app) {
    app.add_option("--schema", line_.plan.schema,
                   "holds records to this JSON Schema, or to the one that is builtin");
    app.add_option("--on-violation", line_.plan.on_violation,
                   "what becomes of records that break their schema, of all services, whatever the "
                   "config says: tag, repair, quarantine, drop or off")
        ->check(CLI::IsMember({"tag", "repair", "quarantine", "drop", "off"}));
  }
  void add_run_options(CLI::App& app) {
    add_config(app);
    app.add_option(
           "--to", to_,
           "where records go, instead of the file's outputs: console, pretty, json, file:PATH, "
           "loki=URL, es=URL, otlp=URL, kafka=BROKERS/TOPIC (may be repeated; also WAYBILL_TO)")
        ->allow_extra_args(false);
    app.add_option("--service", line_.plan.service, "the service's name");
    add_schema_option(app);
    app.add_flag("--once", line_.once, "read to the present end, deliver, exit");
    if (&app == &app_) app.add_flag("-v,--verbose", line_.verbose, "say more on stderr");
  }

  void add_run() {
    add_run_options(*command("run", "the daemon; without -c it reads stdin", Command::kRun));
  }
  void add_exec() {
    CLI::App* sub = command("exec", "runs a program and takes its output", Command::kExec);
    add_run_options(*sub);
    sub->add_flag("--pty", line_.pty, "gives the program a terminal, for those that bypass libc");
    sub->add_flag("--quiet", line_.quiet, "does not copy the program's output to our own");
    sub->add_flag("--strict", line_.strict,
                  "exits with 3 instead of 0 when something was left undelivered");
    sub->add_flag("--propagate", line_.propagate,
                  "gives the program the trace of the run, as TRACEPARENT");
    sub->add_option("CMD", line_.child, "the program and its arguments, behind --")->required();
    sub->positionals_at_end();
  }
  void add_replay() {
    CLI::App* sub = command("replay", "sends dead letters again, each to the output that it is of",
                            Command::kReplay);
    add_config(*sub);
    sub->add_option("--to", to_, "where they go instead, whichever output they are of")
        ->allow_extra_args(false);
    sub->add_option("FILE", line_.files, "dead letters, as dead_letters.path has them")->required();
  }
  void add_check() {
    CLI::App* sub =
        command("check", "checks a config: every fault, with its place", Command::kCheck);
    add_config(*sub, "-c,--config,FILE");
    sub->add_option("--to", to_, "targets to check instead of the file's outputs")
        ->allow_extra_args(false);
    add_schema_option(*sub);
    sub->add_flag("--connect", line_.connect, "also asks the backends");
  }
  void add_explain() {
    CLI::App* sub = command("explain", "shows what becomes of a line, and why", Command::kExplain);
    add_config(*sub);
    sub->add_option("--to", to_, "as for run")->allow_extra_args(false);
    sub->add_option("--service", line_.plan.service, "the service's name");
    add_schema_option(*sub);
    line_option_ = sub->add_option("LINE", line_.line, "the line; without it, lines from stdin");
  }
  void add_test() {
    CLI::App* test =
        command("test", "unit tests of a config: lines, and what they become", Command::kTest);
    add_config(*test);
    test->add_option("--to", to_, "as for run")->allow_extra_args(false);
    test->add_option("--service", line_.plan.service, "the service's name");
    add_schema_option(*test);
    test->add_option("CASES", line_.files, "YAML files of tests")->required();
    test->footer(
        "Status: 0 all passed, 1 some failed, 2 wrong usage, a faulty config or faulty cases.\n"
        "\n"
        "Examples:\n"
        "  waybill test -c waybill.yaml cases.yaml\n"
        "  waybill test -v -c waybill.yaml tests/*.yaml             also those that passed");
  }
  void add_admin() {
    CLI::App* health =
        command("health", "asks a running daemon whether it is well", Command::kHealth);
    CLI::App* ledger =
        command("ledger", "what became of every line, of a running daemon", Command::kLedger);
    for (CLI::App* sub : {health, ledger}) {
      add_config(*sub);
      sub->add_option("--socket", line_.socket,
                      "the admin socket (else by the config's state_dir)");
    }
    health->add_flag("--ready", line_.ready, "asks whether the inputs are open, instead");
    ledger->add_option("--format", line_.format, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
  }
  void add_reference() {
    CLI::App* sub = command("reference", "prints every option of the config", Command::kReference);
    sub->add_option("--format", line_.format, "markdown or json-schema")
        ->check(CLI::IsMember({"markdown", "json-schema"}));
  }
  void add_mappings(CLI::App& app) {
    app.add_option("--map", line_.mappings,
                   "URI=DIR: what refers to a URI below URI finds it in the folder DIR (may be "
                   "repeated)")
        ->allow_extra_args(false);
  }
  // Of commands that read existing logs as the daemon would.
  void add_logs(CLI::App& app) {
    app.add_option("LOG", line_.files, "the logs, gzip or not; -: stdin")->required();
    add_config(app);
    app.add_option("--service", line_.plan.service, "the service's name");
    app.add_option("--on", line_.on,
                   "record: what becomes of a line; line: the line's own JSON (default: record)")
        ->check(CLI::IsMember({"record", "line"}));
  }
  void add_lint() {
    CLI::App* lint = command("lint", "holds existing logs to a contract", Command::kLint);
    add_logs(*lint);
    lint->add_option("--schema", line_.schema_file,
                     "the JSON Schema (default: the built-in one, `waybill schema show`)");
    lint->add_option("--format", line_.format, "text, json or sarif (default: text)")
        ->check(CLI::IsMember({"text", "json", "sarif"}));
    lint->add_flag("--format-assert", line_.format_assert,
                   "`format` must hold, too; else it is a remark");
    add_mappings(*lint);
    lint->footer(
        "Status: 0 clean, 1 violations, 2 wrong usage, a faulty schema or unreadable files.\n"
        "\n"
        "Examples:\n"
        "  waybill lint app.log app.log.1.gz                       by the built-in schema\n"
        "  waybill lint --schema pay.schema.json pay.log\n"
        "  waybill lint --on line --schema pay.schema.json - <pay.log\n"
        "  waybill lint --format sarif --schema s.json app.log >lint.sarif");
  }
  void add_trace() {
    CLI::App* trace = command("trace", "draws the traces found in logs", Command::kTrace);
    trace->add_option("[TRACE_ID] LOG", line_.files,
                      "the front of a trace's id, or a request's whole id; then logs, gzip or not, "
                      "our own files or raw ones; -: stdin");
    add_config(*trace);
    trace->add_option("--service", line_.plan.service, "the service's name");
    trace->add_option("--most", line_.most, "traces to draw, 0: all (default: 20)");
    trace->add_flag("--errors", line_.errors, "only traces with an error");
    trace->add_flag("--slowest", line_.slowest, "the slowest first, not the earliest");
    trace->add_option("--width", line_.width, "columns (default: the terminal's, else 100)")
        ->check(CLI::Range(50, 1000));
    trace->add_option("--color", line_.color, "auto, always or never (default: auto)")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    trace->footer(
        "A span lasts from its first line to its last. Lines of a request that name no trace\n"
        "are a request of their own. Status: 0, 1 when there is nothing to draw, 2 wrong usage or\n"
        "unreadable files.\n"
        "\n"
        "Examples:\n"
        "  waybill trace /var/log/shop/app.log\n"
        "  waybill trace 4bf92f35 app.log app.log.1.gz\n"
        "  kubectl logs deploy/shop | waybill trace --errors -");
  }
  void add_setup() {
    CLI::App* setup = app_.add_subcommand("setup", "prepares backends, on request");
    setup->require_subcommand(1);
    CLI::App* es = command_of(*setup, "es", "installs the index template of each Elasticsearch",
                              Command::kSetupElasticsearch);
    add_config(*es);
    es->add_option("--to", to_, "es=URL: of this one, instead of the file's outputs")
        ->allow_extra_args(false);
    es->add_option("--service", line_.plan.service, "the service's name");
    CLI::Option* print =
        es->add_flag("--print", line_.print, "prints the template, and asks nobody");
    es->add_option("--pipeline-file", line_.pipeline_file,
                   "also installs this ingest pipeline (JSON), under the name that `pipeline` of "
                   "the output says")
        ->excludes(print);
    es->footer(
        "A template maps the fields that Waybill sends, and `context` as one field of its own, so\n"
        "that no line can break the mapping. It counts for indices that are made from then on.\n"
        "Status: 0, 1 when a backend refused or did not answer, 2 wrong usage or a faulty config.\n"
        "\n"
        "Examples:\n"
        "  waybill setup es -c /etc/waybill/waybill.yaml\n"
        "  waybill setup es -c waybill.yaml --pipeline-file pipeline.json\n"
        "  waybill setup es --to es=https://es:9200 --service checkout --print");
    add_setup_grafana(*setup);
  }
  void add_setup_grafana(CLI::App& setup) {
    CLI::App* sub =
        command_of(setup, "grafana", "dashboards, data sources and alert rules for Grafana",
                   Command::kSetupGrafana);
    grafana::Request& asked = line_.grafana;
    auto option = [&](const char* name, std::string& value, const char* prose) {
      sub->add_option(name, value, prose);
    };
    option("--dir", asked.folder, "writes them into this folder: a provisioning folder of Grafana");
    option("--mounted-at", asked.mounted_at, "where Grafana will find that folder, if elsewhere");
    option("--url", asked.url, "installs data sources and dashboards in the Grafana there");
    option("--token-file", asked.token_file, "the token of a service account, role Admin");
    option("--ca-file", asked.ca_file, "who vouches for the certificate of --url");
    add_config(*sub);
    option("--output", asked.output, "the Loki output of the config, of several");
    option("--loki", asked.loki,
           "URL of Loki as Grafana reaches it, or uid:UID of a data source that is there (default: "
           "that of the config, else http://loki:3100)");
    option("--prometheus", asked.prometheus, "the same (default: http://prometheus:9090)");
    option("--tempo", asked.tempo, "the same: where trace ids lead (default: nowhere)");
    option("--jaeger", asked.jaeger, "the same, instead of Tempo");
    sub->footer(
        "With -c, the queries use the labels of the config's Loki output. Status: 0, 1 when a\n"
        "file cannot be written or Grafana refused, 2 wrong usage or a faulty config.\n"
        "\n"
        "Examples:\n"
        "  waybill setup grafana --dir provisioning --tempo http://tempo:3200\n"
        "  waybill setup grafana -c waybill.yaml --url http://grafana:3000 --token-file token");
  }
  void add_schema() {
    CLI::App* schema =
        app_.add_subcommand("schema", "JSON Schemas: validate, check, show, infer, diff");
    schema->require_subcommand(1);
    CLI::App* validate =
        command_of(*schema, "validate", "holds JSON values to a schema", Command::kSchemaValidate);
    validate->add_option("SCHEMA", line_.schema_file, "the schema, draft 2020-12 or draft-07")
        ->required();
    validate->add_option("INSTANCE", line_.files, "files with a JSON value each; -: stdin")
        ->required();
    validate->add_flag("--lines", line_.lines, "every line of an instance is a value");
    validate->add_flag("--format-assert", line_.format_assert,
                       "`format` must hold, too; else it is a remark");
    validate->add_flag("--all", line_.all, "every violation, on a line each");
    validate->footer(
        "Examples:\n"
        "  waybill schema validate pay.schema.json one.json two.json\n"
        "  waybill schema validate --lines --all pay.schema.json - <pay.log");
    CLI::App* check =
        command_of(*schema, "check", "holds schemas to their meta-schema and compiles them",
                   Command::kSchemaCheck);
    check->add_option("FILE", line_.files, "the schemas")->required();
    check->footer(
        "Prints each fault as FILE:LINE:COLUMN: what (at #POINTER). First what the meta-schema\n"
        "finds, 16 at most, then what the compiler finds elsewhere, 16 at most. A syntax error, a\n"
        "wrong $schema or $id and a double $anchor end the list: the rest cannot be told.\n"
        "\n"
        "Example:\n"
        "  waybill schema check pay.schema.json");
    add_infer(*schema);
    add_diff(*schema);
    for (CLI::App* sub : {validate, check}) add_mappings(*sub);
    command_of(*schema, "show", "prints the built-in schema", Command::kSchemaShow)
        ->footer("Example:\n  waybill schema show >record.schema.json");
  }
  void add_infer(CLI::App& schema) {
    CLI::App* infer =
        command_of(schema, "infer", "drafts a schema from logs", Command::kSchemaInfer);
    add_logs(*infer);
    infer
        ->add_option("--required", line_.required_share,
                     "what so many percent of the records have is required (default: 99)")
        ->check(CLI::Range(0.0, 100.0));
    infer->add_flag("--no-examples", line_.no_examples,
                    "no values of the logs as `examples`, for a schema that others will see");
    infer->footer(
        "The schema goes to stdout, what it was unsure of to stderr. Status: 0, 1 when the logs\n"
        "hold nothing to draft from, 2 wrong usage or unreadable files.\n"
        "\n"
        "Examples:\n"
        "  waybill schema infer pay.log >pay.schema.json\n"
        "  waybill schema infer --on line --required 100 a.log b.log.gz >draft.json");
  }
  void add_diff(CLI::App& schema) {
    CLI::App* diff =
        command_of(schema, "diff", "says what a change of a schema breaks for producers",
                   Command::kSchemaDiff);
    diff->add_option("SCHEMA", line_.files, "the OLD schema, then the NEW one")
        ->required()
        ->expected(2);
    diff->add_option("--format", line_.format, "text or json (default: text)")
        ->check(CLI::IsMember({"text", "json"}));
    diff->add_flag("--format-assert", line_.format_assert, "`format` must hold, too");
    diff->add_flag("--strict", line_.strict, "status 1 for what cannot be told, too");
    add_mappings(*diff);
    diff->footer(
        "Each difference is `breaking` (a value that was right may be wrong now), `compatible`\n"
        "(none can be) or `unknown` (it cannot be told). Status: 1 when something breaks, else 0;\n"
        "2 when a schema is faulty.\n"
        "\n"
        "Example:\n"
        "  waybill schema diff pay-1.schema.json pay-2.schema.json");
  }

  // They are made of what stands here, so they are printed here.
  void add_pages() {
    CLI::App* completion =
        app_.add_subcommand("completion", "prints completions for a shell, to be sourced by it");
    completion->add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->footer("Example:\n  source <(waybill completion bash)");
    completion->callback([this] { print(completion_script(app_, shell_)); });
    app_.add_subcommand("man", "prints the man page: waybill man | man -l -")->callback([this] {
      print(man_page(app_));
    });
  }
  void print(const std::string& page) {
    std::fputs(page.c_str(), stdout);
    done(exit_code::kOk);
  }

  void finish() {
    if (!planned_.empty()) {
      return usage(fmt::format("'{}' is planned but not built in this version", planned_));
    }
    line_.has_line = line_option_->count() > 0;
    line_.plan.to = to_;
    auto from_environment = lineage::process_environment("WAYBILL_TO");
    if (to_.empty() && from_environment) {
      std::istringstream words(*from_environment);
      for (std::string word; words >> word;) line_.plan.to.push_back(word);
    }
    if (line_.command == Command::kCheck && line_.plan.config_file.empty() && to_.empty()) {
      usage("check needs a config: waybill check FILE");
    }
    line_.plan.standard_input =
        line_.command != Command::kExec && line_.command != Command::kReplay;
    line_.plan.below_exec = line_.command == Command::kExec;
  }

  CommandLine& line_;
  CLI::App app_;
  CLI::Option* line_option_ = nullptr;
  std::vector<std::string> to_;
  std::string planned_, shell_;
};

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine line;
  Builder(line).parse(argc, argv);
  return line;
}

}  // namespace waybill::daemon
