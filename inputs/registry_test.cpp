// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "config/config.h"
#include "inputs/input.h"

using namespace waybill;
using namespace waybill::inputs;

namespace {

// What an input of `type` says to a section: the faults, or "made".
std::string made_from(std::string_view type, const std::string& yaml) {
  const Descriptor* descriptor = find(type);
  REQUIRE(descriptor != nullptr);
  config::Diagnostics diagnostics;
  config::Section section = config::section_from_text("test", yaml, diagnostics);
  std::unique_ptr<Input> input = descriptor->make(section);
  if (diagnostics.empty()) return input ? "made" : "null without a fault";
  std::string faults;
  for (const config::Fault& fault : diagnostics.faults()) faults += fault.message + "\n";
  return faults;
}

bool says(const std::string& faults, std::string_view part) {
  return faults.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every kind of input is registered, and exec is no part of a config") {
  std::set<std::string_view> types;
  for (const Descriptor* descriptor : registry()) {
    types.insert(descriptor->type);
    CHECK_FALSE(descriptor->summary.empty());
    if (!descriptor->in_config) continue;
    const config::OptionList& options = descriptor->options();
    CHECK(std::any_of(options.begin(), options.end(),
                      [](const config::OptionInfo& option) { return option.key == "type"; }));
    CHECK(find(descriptor->type) == descriptor);
  }
  CHECK(types == std::set<std::string_view>{"exec", "file", "journald", "replay", "stdin", "tcp",
                                            "udp", "unix"});
  CHECK(find("exec") == nullptr);
}

TEST_CASE("the examples of the documentation are taken") {
  CHECK(made_from("file",
                  "{type: file, include: ['/var/log/app/*.log'], exclude: [], "
                  "start_at: end, format: auto, follow_links: false}") == "made");
  CHECK(made_from("file", "{type: file, include: ['/var/log/pods/*/*/*.log'], format: cri}") ==
        "made");
  CHECK(made_from("stdin", "{type: stdin}") == "made");
  CHECK(made_from("stdin", "{type: stdin, on_full: block}") == "made");
  CHECK(made_from("stdin", "{type: stdin, on_full: spool}") == "made");
  CHECK(made_from("udp", "{type: udp, listen: '127.0.0.1:5514', trust_service: false}") == "made");
  CHECK(made_from("udp", "{type: udp}") == "made");
  CHECK(made_from("unix",
                  "{type: unix, path: /run/waybill/log.sock, mode: stream, "
                  "permissions: '0600'}") == "made");
}

TEST_CASE("what is wrong in a section is said") {
  CHECK(says(made_from("file", "{type: file}"), "include"));
  CHECK(says(made_from("file", "{type: file, include: [a], start_at: middle}"), "beginning"));
  CHECK(says(made_from("stdin", "{type: stdin, on_full: wait}"), "block"));
  CHECK(says(made_from("udp", "{type: udp, listen: nowhere}"), "nowhere"));
  CHECK(says(made_from("udp", "{type: udp, lisen: ':1'}"), "listen"));
  CHECK(says(made_from("unix", "{type: unix}"), "path"));
  CHECK(says(made_from("unix", "{type: unix, path: /x, permissions: '999'}"), "999"));
  CHECK(says(made_from("unix", "{type: unix, path: /x, permissions: rw}"), "permissions"));
}
