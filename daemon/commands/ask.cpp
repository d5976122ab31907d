// SPDX-License-Identifier: Apache-2.0
// `waybill health` and `waybill ledger`: ask the running daemon.
#include <fmt/format.h>
#include <simdjson.h>

#include <cstdio>

#include "daemon/admin/client.h"
#include "daemon/commands/commands.h"
#include "outputs/printable.h"

namespace waybill::daemon::commands {

namespace {

// Where the daemon of this config listens; nothing (and `code`) when the config cannot be read.
std::optional<std::string> socket_of(const CommandLine& line, int& code) {
  if (!line.socket.empty()) return line.socket;
  config::Config config;
  if (!line.plan.config_file.empty()) {
    PlanRequest request = line.plan;
    request.to = {"json"};  // only state_dir is wanted
    auto plan = plan_or_complain(request, code);
    if (!plan) return std::nullopt;
    config.state_dir = plan->config.state_dir;
  }
  return state_dir_of(config) + "/admin.sock";
}

std::optional<admin::Answer> ask(const CommandLine& line, std::string_view path, int& code) {
  auto socket = socket_of(line, code);
  if (!socket) return std::nullopt;
  auto answer = admin::ask(*socket, path);
  if (answer) return std::move(*answer);
  bool said = !line.socket.empty() || !line.plan.config_file.empty();
  fmt::print(stderr, "waybill: {}{}\n", answer.error().what,
             said ? ""
                  : "; that is where one whose config names no state_dir listens. For another: -c "
                    "FILE or --socket PATH. A run without a config has no admin socket");
  code = exit_code::kLeft;
  return std::nullopt;
}

// What was never read is no lines: those could not be counted.
std::string_view unit_of(std::string_view reason) {
  if (reason == "kernel") return " datagrams";
  return reason == "damaged" ? "" : " bytes";
}

// One line per entry: every number of it, those of nested objects under "outer(inner)".
void print_entry(std::string_view kind, std::string_view name, simdjson::dom::object counts) {
  fmt::print("{:<7} {:<16}", kind, name);
  for (auto [key, value] : counts) {
    if (value.is_object()) {
      for (auto [inner, number] : simdjson::dom::object(value)) {
        uint64_t count = number;
        if (count == 0) continue;
        fmt::print(" {}({})={}{}", key, inner, count, key == "missed" ? unit_of(inner) : "");
      }
    } else {
      uint64_t count = value;
      fmt::print(" {}={}", key, count);
    }
  }
  fmt::print("\n");
}

// The templates that most records have, and those that appeared last.
void print_templates(simdjson::dom::object templates) {
  fmt::print("templates {} known, {} new since the start\n", uint64_t{templates["known"]},
             uint64_t{templates["new"]});
  auto print = [](std::string_view what, simdjson::dom::object line) {
    fmt::print("template {} {:<14} {}\n", std::string_view(line["id"]), what,
               outputs::printable(std::string_view(line["text"]), 200));
  };
  for (simdjson::dom::object line : simdjson::dom::array(templates["top"])) {
    print(fmt::format("records={}", uint64_t{line["records"]}), line);
  }
  for (simdjson::dom::object line : simdjson::dom::array(templates["newest"])) print("new", line);
}

}  // namespace

int health(const CommandLine& line) {
  int code = exit_code::kOk;
  auto answer = ask(line, line.ready ? "/readyz" : "/healthz", code);
  if (!answer) return code;
  std::fputs(answer->body.c_str(), answer->status == 200 ? stdout : stderr);
  return answer->status == 200 ? exit_code::kOk : exit_code::kCannotStart;
}

int ledger(const CommandLine& line) {
  int code = exit_code::kOk;
  auto answer = ask(line, "/ledger", code);
  if (!answer) return code;
  if (line.format == "json") {
    std::fputs(answer->body.c_str(), stdout);
    return exit_code::kOk;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root = parser.parse(answer->body);
  for (auto [name, counts] : simdjson::dom::object(root["inputs"])) {
    print_entry("input", name, counts);
  }
  for (auto [name, counts] : simdjson::dom::object(root["outputs"])) {
    print_entry("output", name, counts);
  }
  simdjson::dom::object recorder, templates;
  if (root["recorder"].get(recorder) == simdjson::SUCCESS) print_entry("recorder", "", recorder);
  if (root["templates"].get(templates) == simdjson::SUCCESS) print_templates(templates);
  bool balanced = root["balanced"];
  fmt::print("the ledger {}\n", balanced ? "balances" : "DOES NOT BALANCE: please report this");
  return balanced ? exit_code::kOk : exit_code::kCannotStart;
}

}  // namespace waybill::daemon::commands
