// SPDX-License-Identifier: Apache-2.0
#include "config/section.h"

#include <doctest/doctest.h>

#include "config/section_impl.h"
#include "config/test_support.h"

namespace waybill::config {

namespace {

using testing::lines_of;
using testing::test_environment;

// A file's root section, with its faults.
struct Loaded {
  explicit Loaded(std::string_view text)
      : section(root_section(
            load_document({"w.yaml", text, true, &test_environment()}, diagnostics), diagnostics)) {
  }
  std::string faults() const { return lines_of(diagnostics); }

  Diagnostics diagnostics;
  Section section;
};

}  // namespace

TEST_CASE("typed reads give values, or nothing for absent keys") {
  Loaded loaded(
      "flag: true\ncount: 12\nshare: 0.5\nname: x\nwait: 300ms\nsize: 64KiB\n"
      "list: [a, 'b']\none: a\nmap: {z: 1, a: true, q: 'x'}\nbelow: {deep: {name: y}}\n");
  const Section& section = loaded.section;
  CHECK(section.boolean("flag") == true);
  CHECK(section.integer("count") == 12);
  CHECK(section.number("share") == 0.5);
  CHECK(section.number("count") == 12.0);
  CHECK(section.string("name") == "x");
  CHECK(section.duration_ns("wait") == 300'000'000);
  CHECK(section.bytes("size") == 65536);
  CHECK(section.strings("list") == std::vector<std::string>{"a", "b"});
  CHECK(section.strings("one") == std::vector<std::string>{"a"});
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(section.string_map("map") == Pairs{{"z", "1"}, {"a", "true"}, {"q", "x"}});
  REQUIRE(section.section("below"));
  CHECK(section.section("below")->section("deep")->path() == "below.deep");
  CHECK(section.section("below")->section("deep")->string("name") == "y");

  CHECK_FALSE(section.boolean("gone"));
  CHECK_FALSE(section.integer("gone"));
  CHECK_FALSE(section.strings("gone"));
  CHECK_FALSE(section.string_map("gone"));
  CHECK_FALSE(section.section("gone"));
  CHECK_FALSE(section.has("gone"));
  CHECK(loaded.faults() == "");
}

TEST_CASE("a value of another type is a fault at its key, an item at itself") {
  Loaded loaded(
      "flag: 'true'\n"
      "count:   ten\n"
      "name: [x]\n"
      "wait:\n"
      "  - 1s\n"
      "list:\n"
      "  - a\n"
      "  - 5\n"
      "  - {b: c}\n"
      "below: x\n"
      "map: {a: [b]}\n");
  const Section& section = loaded.section;
  CHECK_FALSE(section.boolean("flag"));
  CHECK_FALSE(section.integer("count"));
  CHECK_FALSE(section.string("name"));
  CHECK_FALSE(section.duration_ns("wait"));
  CHECK_FALSE(section.strings("list"));
  CHECK_FALSE(section.section("below"));
  CHECK_FALSE(section.string_map("map"));
  CHECK(loaded.faults() ==
        "w.yaml:1:1: flag: 'true' is in quotes, so it is text and not a boolean (remove the "
        "quotes)\n"
        "w.yaml:2:1: count: 'ten' is not a whole number (write for example 100)\n"
        "w.yaml:3:1: name: must be text, not a list\n"
        "w.yaml:4:1: wait: must be a duration, not a list\n"
        "w.yaml:8:5: list: '5' would be a number, text is wanted (put it in quotes)\n"
        "w.yaml:9:5: list: must be a list of texts, not a mapping\n"
        "w.yaml:10:1: below: must be a mapping of keys to values, not a single value\n"
        "w.yaml:11:7: map.a: must be a single value, not a list\n");
}

TEST_CASE("reading a faulty key twice reports it once") {
  Loaded loaded("count: ten\n");
  CHECK_FALSE(loaded.section.integer("count"));
  CHECK_FALSE(loaded.section.integer("count"));
  CHECK(loaded.diagnostics.faults().size() == 1);
}

TEST_CASE("null stands for the default, nothing at all is a fault") {
  Loaded loaded("a: ~\nb: null\nc:\nd: # a comment\nnull_like: x\ne:\n  \nf: {g: , h: ~}\ni:\n");
  const Section& section = loaded.section;
  for (const char* key : {"a", "b"}) {
    CHECK_FALSE(section.has(key));
    CHECK_FALSE(section.string(key));
    CHECK_FALSE(section.section(key));
    CHECK_FALSE(section.strings(key));
  }
  CHECK(loaded.faults() == "");
  CHECK(section.has("c"));
  CHECK_FALSE(section.string("c"));
  CHECK_FALSE(section.integer("d"));
  CHECK_FALSE(section.section("f")->boolean("g"));
  CHECK_FALSE(section.section("f")->boolean("h"));
  // An empty section: everything in it has been commented out.
  REQUIRE(section.section("i"));
  CHECK(section.section("i")->keys().empty());
  CHECK(loaded.faults() ==
        "w.yaml:3:1: c: has no value (write one, or remove the key)\n"
        "w.yaml:4:1: d: has no value (write one, or remove the key)\n"
        "w.yaml:8:5: f.g: has no value (write one, or remove the key)\n");
}

TEST_CASE("values that are faulty already are not judged again") {
  Loaded loaded("a: ${GONE}\nb: !!int 5\nc: [x, '${GONE}']\n");
  const std::string before = loaded.faults();
  CHECK_FALSE(loaded.section.integer("a"));
  CHECK_FALSE(loaded.section.integer("b"));
  CHECK_FALSE(loaded.section.strings("c"));
  CHECK_FALSE(loaded.section.section("a"));
  CHECK(loaded.faults() == before);
  CHECK(loaded.diagnostics.faults().size() == 3);
}

TEST_CASE("a component's own faults name the key and stand at it") {
  Loaded loaded("net:\n  listen: nowhere\n  hosts: [a, b]\n  old: x\n");
  Section net = *loaded.section.section("net");
  net.fault("listen", net.shown("listen") + " is not an address");
  net.fault("gone", "is missing");
  net.fault("", "makes no sense");
  net.fault_at_item("hosts", 1, net.shown_item("hosts", 1) + " is down");
  net.fault_at_key("old", "'old' is not a name");
  CHECK(loaded.faults() ==
        "w.yaml:1:1: net.gone: is missing\n"
        "w.yaml:1:1: net: makes no sense\n"
        "w.yaml:2:3: net.listen: 'nowhere' is not an address\n"
        "w.yaml:3:14: net.hosts: 'b' is down\n"
        "w.yaml:4:3: net: 'old' is not a name\n");
}

TEST_CASE("unknown keys are reported at the key, with what may have been meant") {
  Loaded loaded("net: {listn: x, Trust-Service: true, zzz: 1, rate: 5}\n");
  OptionList known;
  for (const char* key : {"listen", "trust_service"}) {
    OptionInfo info;
    info.key = key;
    known.push_back(info);
  }
  OptionInfo rate;
  rate.key = "rate";
  rate.built = false;
  known.push_back(rate);
  loaded.section.section("net")->refuse_unknown(known);
  CHECK(loaded.faults() ==
        "w.yaml:1:7: unknown key 'listn' in net (did you mean 'listen'?)\n"
        "w.yaml:1:17: unknown key 'Trust-Service' in net (did you mean 'trust_service'?)\n"
        "w.yaml:1:38: unknown key 'zzz' in net (known here: listen, trust_service)\n"
        "w.yaml:1:46: `net.rate` is planned but not built in this version: remove it\n");
}

TEST_CASE("the text of a section is the same for the same settings") {
  auto text_of = [](std::string_view text) { return Loaded(text).section.text(); };
  const std::string one = text_of("a: {name: x, list: [a, b], n: 5, f: true, s: '5'}\n");
  CHECK(one == R"({"a": {"name": "x", "list": ["a", "b"], "n": 5, "f": true, "s": "5"}})");
  CHECK(one == text_of("# other\n\"a\":\n  name: \"x\"\n  list:\n  - a\n  - 'b'\n  n: 5\n"
                       "  f: true\n  s: \"5\"\n"));
  CHECK(one != text_of("a: {name: x, list: [a, b], n: '5', f: true, s: '5'}\n"));
  CHECK(text_of("a: ${HOST}\nb: $$x\nc: ~\nd: \"\\u0007\\\"\"\n") ==
        R"({"a": "db.example", "b": "$$x", "c": ~, "d": "\x07\""})");
}

TEST_CASE("the text of a section loads to itself") {
  Loaded loaded("a: {b: ['x y', \"$${HOST}\", 5, ~], c: \"l1\\nl2\", 'q: r': true, d: {}}\n");
  const std::string text = loaded.section.text();
  Diagnostics diagnostics;
  Section again = section_from_text("--to", text, diagnostics);
  CHECK(lines_of(diagnostics) == "");
  CHECK(again.text() == text);
}

TEST_CASE("a flag's section faults under the flag's name, without a position") {
  Diagnostics diagnostics;
  Section section = section_from_text("--to", "{type: loki, tenant: [x], zz: 1}", diagnostics);
  CHECK(section.string("type") == "loki");
  CHECK(section.path() == "");
  CHECK_FALSE(section.string("tenant"));
  section.refuse_unknown({});
  section.fault("endpoint", "is missing");
  Section broken = section_from_text("WAYBILL_TO", "{type: loki", diagnostics);
  CHECK(broken.keys().empty());
  const std::string faults = lines_of(diagnostics);
  CHECK(faults.find("--to: tenant: must be text, not a list\n") != std::string::npos);
  CHECK(faults.find("--to: endpoint: is missing\n") != std::string::npos);
  CHECK(faults.find("--to: unknown key 'zz'") != std::string::npos);
  CHECK(faults.find("WAYBILL_TO: not valid YAML: the '{' is not closed") != std::string::npos);
}

TEST_CASE("what looks like a secret is never shown") {
  Loaded loaded("auth: {api_key: 12345, bearer_token: true, port: 123456}\n");
  Section auth = *loaded.section.section("auth");
  CHECK_FALSE(auth.string("api_key"));
  CHECK_FALSE(auth.string("bearer_token"));
  CHECK(auth.shown("api_key") == "the value");
  CHECK(auth.shown("port") == "'123456'");
  CHECK(loaded.faults().find("12345 ") == std::string::npos);
  CHECK(loaded.faults().find("auth.api_key: the value would be a number") != std::string::npos);
}

}  // namespace waybill::config
