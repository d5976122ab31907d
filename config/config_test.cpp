// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "config/address.h"
#include "config/test_support.h"

namespace waybill::config {

namespace {

using testing::faults_of;
using testing::known_formats;
using testing::lines_of;
using testing::test_environment;

// Every key of this version at once; also where the mutations below begin.
constexpr std::string_view kWhole = R"(# a comment
service:  {name: checkout, version: 1.4.2, namespace: shop, environment: "${NAME}"}
resource: {team: payments, replicas: 3, "a.b": 'x'}
state_dir: /var/lib/waybill
memory: 48MiB
inputs:
  app:  {type: file, include: ["/var/log/app/*.log"], exclude: [], start_at: end}
  pipe: {type: stdin, on_full: block}
parse:
  formats: [json, text]
  default_level: WARN
  time: {default_zone: Europe/Berlin}
  multiline: {mode: off}
  max_line: 2MiB
  patterns:
    - {name: shop, regex: '^(?P<n>\d+) (?P<message>.*)$', types: {n: int}}
    - name: till
      dissect: "%{time} %{message}"
      samples: ["a b", {line: "c d", record: {time: c}}]
trace: {derive: off, generate: off}
outputs:
  loki:
    type: loki
    endpoint: "http://${HOST}:3100"   # behind it
    labels:
      - service_name
      - level
  out: {type: console}
admin: {listen: "127.0.0.1:9598"}
shutdown: {grace: 5s}
)";

}  // namespace

TEST_CASE("a whole config in its typed form") {
  Diagnostics diagnostics;
  auto config = load("w.yaml", kWhole, known_formats(), diagnostics, test_environment());
  CHECK(lines_of(diagnostics) == "");
  REQUIRE(config);
  CHECK(config->service.name == "checkout");
  CHECK(config->service.version == "1.4.2");
  CHECK(config->service.namespace_ == "shop");
  CHECK(config->service.environment == "checkout");
  REQUIRE(config->resource.size() == 3);
  CHECK(config->resource[1] == std::pair<std::string, std::string>{"replicas", "3"});
  CHECK(config->state_dir == "/var/lib/waybill");
  CHECK(config->memory == 48 << 20);
  CHECK(config->parse.formats == std::vector<std::string>{"json", "text"});
  CHECK(config->parse.default_level == Level::kWarn);
  CHECK(config->parse.default_zone == "Europe/Berlin");
  CHECK(config->parse.max_line == 2 << 20);
  CHECK(config->admin.listen == "127.0.0.1:9598");
  CHECK(config->shutdown.grace == std::chrono::seconds(5));
  REQUIRE(config->inputs.size() == 2);
  CHECK(config->inputs[0].name == "app");
  CHECK(config->inputs[0].type == "file");
  CHECK(config->inputs[0].section.path() == "inputs.app");
  CHECK(config->inputs[0].section.file() == "w.yaml");
  CHECK(config->inputs[1].name == "pipe");
  REQUIRE(config->outputs.size() == 2);
  CHECK(config->outputs[0].type == "loki");
  CHECK(config->outputs[0].section.string("endpoint") == "http://db.example:3100");
}

TEST_CASE("an empty config has the defaults") {
  Diagnostics diagnostics;
  auto config = load("w.yaml", "", known_formats(), diagnostics);
  CHECK(diagnostics.empty());
  REQUIRE(config);
  CHECK(config->service.name == "");
  CHECK(config->state_dir == "");
  CHECK(config->memory == 0);
  CHECK(config->parse.formats == std::vector<std::string>{"auto"});
  CHECK(config->parse.default_level == Level::kInfo);
  CHECK(config->parse.default_zone == "local");
  CHECK(config->parse.max_line == 1 << 20);
  CHECK(config->shutdown.grace == std::chrono::seconds(20));
  CHECK(config->inputs.empty());
  CHECK(config->admin.listen == "");
}

TEST_CASE("every fault is reported, not just the first") {
  const std::string_view text =
      "service: {nmae: x, version: 1.4}\n"
      "resource: {a: [1]}\n"
      "memory: 12 parsecs\n"
      "inputs:\n"
      "  \"a b\": {type: file}\n"
      "  net: {listen: \"0.0.0.0:1\"}\n"
      "  net: {type: udp}\n"
      "parse: {formats: [jsn], default_level: LOUD, max_line: 12}\n"
      "outptus: {}\n";
  CHECK(faults_of(text) ==
        "w.yaml:1:11: unknown key 'nmae' in service (did you mean 'name'?)\n"
        "w.yaml:1:20: service.version: '1.4' would be a number, text is wanted (put it in "
        "quotes)\n"
        "w.yaml:2:12: resource.a: must be a single value, not a list\n"
        "w.yaml:3:1: memory: '12 parsecs' is not a size (write for example 64MiB)\n"
        "w.yaml:5:3: inputs: 'a b' is not a name (1 to 64 of A-Z a-z 0-9 _ -)\n"
        "w.yaml:6:3: inputs.net: needs 'type'\n"
        "w.yaml:7:3: duplicate key 'net', first at line 6 (remove one of them)\n"
        "w.yaml:8:19: parse.formats: 'jsn' is not a format (did you mean 'json'?)\n"
        "w.yaml:8:25: parse.default_level: 'LOUD' is not one of DEBUG, INFO, WARN, ERROR, FATAL\n"
        "w.yaml:8:46: parse.max_line: '12' is out of range (1KiB to 64MiB)\n"
        "w.yaml:9:1: unknown key 'outptus' (did you mean 'outputs'?)\n");
}

TEST_CASE("a syntax error ends the list, and what stood before it is kept") {
  CHECK(faults_of("service: {name: x, name: y}\nmemory: *x\nmemroy: 5\n") ==
        "w.yaml:1:20: duplicate key 'name', first at line 1 (remove one of them)\n"
        "w.yaml:2:9: not valid YAML: an alias ('*name'), and aliases are not allowed here (write "
        "the value out)\n");
}

TEST_CASE("wrong and impossible values") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"memory: 512KiB", "w.yaml:1:1: memory: '512KiB' is out of range (auto, or at least 1MiB)\n"},
      {"memory: -1", "w.yaml:1:1: memory: '-1' is negative\n"},
      {"memory: 0755",
       "w.yaml:1:1: memory: '0755' looks like an octal number (write it without "
       "the leading zero)\n"},
      {"memory: \"4194304\"",
       "w.yaml:1:1: memory: '4194304' is in quotes, so it is text and not a "
       "size (remove the quotes)\n"},
      {"memory:", "w.yaml:1:1: memory: has no value (write one, or remove the key)\n"},
      {"memory: 2MiB\nparse: {max_line: 4MiB}",
       "w.yaml:1:1: memory: '2MiB' holds no line of parse.max_line, which is 4MiB\n"},
      {"service: checkout",
       "w.yaml:1:1: service: must be a mapping of keys to values, not a single value\n"},
      {"service:\n  name:x",
       "w.yaml:1:1: service: must be a mapping of keys to values, not a single value (is a blank "
       "missing behind a ':'?)\n"},
      {"service: {name: true}",
       "w.yaml:1:11: service.name: 'true' would be a boolean, text is wanted (put it in quotes)\n"},
      {"state_dir: ''", "w.yaml:1:1: state_dir: must not be empty\n"},
      {"inputs: [a]", "w.yaml:1:1: inputs: must be a mapping of keys to values, not a list\n"},
      {"inputs: {a: stdin}",
       "w.yaml:1:10: inputs.a: must be a mapping of keys to values, not a single value\n"},
      {"inputs: {a: ~}", "w.yaml:1:10: inputs.a: has no value (write a mapping with its type)\n"},
      {"inputs:\n  a:\n", "w.yaml:2:3: inputs.a: needs 'type'\n"},
      {"inputs: {a: {type: 5}}",
       "w.yaml:1:14: inputs.a.type: '5' would be a number, text is wanted (put it in quotes)\n"},
      {"outputs: {a.b: {type: loki}}",
       "w.yaml:1:11: outputs: 'a.b' is not a name (1 to 64 of A-Z a-z 0-9 _ -)\n"},
      {"parse: {formats: []}", "w.yaml:1:9: parse.formats: an empty list: name at least one\n"},
      {"parse: {default_level: info}",
       "w.yaml:1:9: parse.default_level: 'info' is not one of DEBUG, INFO, WARN, ERROR, FATAL "
       "(did you mean 'INFO'?)\n"},
      {"parse: {max_line: 65MiB}",
       "w.yaml:1:9: parse.max_line: '65MiB' is out of range (1KiB to 64MiB)\n"},
      {"parse: {time: {default_zone: ''}}",
       "w.yaml:1:16: parse.time.default_zone: must not be empty\n"},
      {"admin: {listen: \"127.0.0.1:99999\"}",
       "w.yaml:1:9: admin.listen: '127.0.0.1:99999' is not an address (write HOST:PORT, for "
       "example 127.0.0.1:9598 or [::1]:9598)\n"},
      {"shutdown: {grace: 20}",
       "w.yaml:1:12: shutdown.grace: '20' has no unit (write for example 30s)\n"},
      {"shutdown: {grace: 2h}", "w.yaml:1:12: shutdown.grace: '2h' is out of range (at most 1h)\n"},
  };
  for (const auto& [text, faults] : cases) {
    CAPTURE(text);
    CHECK(faults_of(text) == faults);
  }
}

TEST_CASE("faults of traces and events, and off is accepted where it changes nothing") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"trace: {inherit: {keys: [request_id, thraed]}}",
       "w.yaml:1:38: trace.inherit.keys: 'thraed' is not one of request_id, correlation_id, thread "
       "(did you mean 'thread'?)\n"},
      {"trace: {inherit: {ttl: 0s}}",
       "w.yaml:1:19: trace.inherit.ttl: '0s' is out of range (1ms to 24h)\n"},
      {"trace: {derive: request_id, inherit: {keys: [], ttl: 1m, max_keys: 100}}", ""},
      {"trace: {derive_key_file: key}",
       "w.yaml:1:9: trace.derive_key_file: means nothing without `derive: request_id`: add it, or "
       "remove the key\n"},
      {"trace: {generate: run, propagate: true, baggage: [tier]}", ""},
      {"trace: {generate: banana}",
       "w.yaml:1:9: trace.generate: 'banana' is not one of off, request, run\n"},
      {"trace: {generate: false}",
       "w.yaml:1:9: trace.generate: 'false' would be a boolean, text is wanted (put it in "
       "quotes)\n"},
      {"parse: {multiline: {mode: auto, timeout: 1s}}", ""},
      {"parse: {multiline: {max_lines: 1}}",
       "w.yaml:1:21: parse.multiline.max_lines: '1' is out of range (2 to 100000)\n"},
      {"parse: {multiline: {mode: off}}", ""},
      {"trace: {derive: off, generate: \"off\"}", ""},
  };
  for (const auto& [text, faults] : cases) {
    CAPTURE(text);
    CHECK(faults_of(text) == faults);
  }
}

TEST_CASE("names of inputs have 1 to 64 plain characters") {
  CHECK(faults_of("inputs: {" + std::string(64, 'n') + ": {type: x}}") == "");
  CHECK(faults_of("inputs: {A-z_0: {type: x}}") == "");
  CHECK(faults_of("inputs: {" + std::string(65, 'n') + ": {type: x}}") != "");
  CHECK(faults_of("inputs: {größe: {type: x}}") != "");
}

TEST_CASE("addresses are HOST:PORT") {
  auto host = [](std::string_view text) { return parse_address(text)->host; };
  CHECK(host("127.0.0.1:80") == "127.0.0.1");
  CHECK(host("[::1]:80") == "::1");
  CHECK(host("localhost:0") == "localhost");
  CHECK(host(":9598") == "");
  CHECK(parse_address("a:65535")->port == 65535);
  for (std::string_view text :
       {"", "a", "80", "a:", "a:b", "a:65536", "a:-1", "a:+1", "::1:80", "[::1]", "[]:80",
        "[x y]:80", "http://a:80", "a b:80", "u@a:80", "a:8 0"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address(text));
  }
}

TEST_CASE("faults keep the order of the text, and files the order of their first fault") {
  Diagnostics diagnostics;
  diagnostics.add({"b", {3, 1}, "x"});
  diagnostics.add({"a", {9, 9}, "x"});
  diagnostics.add({"b", {1, 7}, "y"});
  diagnostics.add({"b", {1, 2}, "z"});
  diagnostics.add({"b", {1, 7}, "y"});
  diagnostics.add({"b", {1, 7}, "other"});
  diagnostics.add({"a", {}, "no place"});
  CHECK(lines_of(diagnostics) ==
        "b:1:2: z\nb:1:7: y\nb:1:7: other\nb:3:1: x\na: no place\na:9:9: x\n");
}

TEST_CASE("files that cannot be read say why") {
  char name[] = "/tmp/waybill_config_XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  const std::filesystem::path folder = name;
  std::ofstream(folder / "good.yaml") << "memory: auto\n";
  std::ofstream(folder / "huge.yaml") << std::string(2 * 1024 * 1024, '#');

  auto good = read_file(folder / "good.yaml");
  REQUIRE(good);
  CHECK(*good == "memory: auto\n");
  auto error_of = [&](const std::filesystem::path& path) {
    auto read = read_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().action == Action::kFixConfig);
    return read.error().what.substr(folder.string().size());
  };
  CHECK(error_of(folder / "gone.yaml") == "/gone.yaml: no such file (check the path)");
  CHECK(error_of(folder) == ": is a folder (name the file in it)");
  CHECK(error_of(folder / "huge.yaml") ==
        "/huge.yaml: more than 1 MiB, which no config is (check the path)");
  CHECK(error_of(folder / "good.yaml" / "x") == "/good.yaml/x: Not a directory");
  if (::geteuid() != 0) {  // root may read everything
    REQUIRE(::chmod((folder / "good.yaml").c_str(), 0) == 0);
    CHECK(error_of(folder / "good.yaml") == "/good.yaml: may not be read (check its permissions)");
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("damaged configs give faults or a config, never a crash") {
  std::mt19937 random(20240229);
  auto below = [&](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  const std::string_view pieces[] = {":",         ": ",
                                     "\n",        "\n  ",
                                     "-",         "- ",
                                     "[",         "]",
                                     "{",         "}",
                                     ",",         "'",
                                     "\"",        "\\",
                                     "#",         "&a ",
                                     "*a",        "!!x ",
                                     "<<: ",      "---\n",
                                     "...\n",     "|\n",
                                     ">-\n",      "? ",
                                     "%",         "\t",
                                     "~",         "${",
                                     "}",         "${NAME}",
                                     "\xFF",      std::string_view("\0", 1),
                                     "\r",        "\xEF\xBB\xBF",
                                     "0755",      "é",
                                     "\"\\x00\"", "@",
                                     "`",         "null"};
  size_t sound = 0;
  size_t faulty = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text(kWhole);
    for (size_t changes = 1 + below(6); changes > 0 && !text.empty(); --changes) {
      const size_t at = below(text.size());
      const std::string_view piece = pieces[below(std::size(pieces))];
      switch (below(5)) {
        case 0: text.insert(at, piece); break;
        case 1: text.erase(at, 1 + below(12)); break;
        case 2: text.replace(at, 1, piece); break;
        case 3: text.resize(at); break;
        default: text.insert(at, text.substr(below(text.size()), 1 + below(60))); break;
      }
    }
    Diagnostics diagnostics;
    auto config = load("w.yaml", text, known_formats(), diagnostics, test_environment());
    CAPTURE(text);
    CHECK((config || !diagnostics.empty()));
    for (const Fault& fault : diagnostics.faults()) {
      CHECK(fault.position.line >= 1);
      CHECK(fault.position.column >= 1);
    }
    if (config) {
      for (const Named& input : config->inputs) {
        Diagnostics again;
        CHECK(section_from_text("x", input.section.text(), again).text() == input.section.text());
      }
    }
    ++(diagnostics.empty() ? sound : faulty);
  }
  // Both happen, or the mutations test nothing.
  CHECK(sound > 100);
  CHECK(faulty > 1000);
}

}  // namespace waybill::config
