// SPDX-License-Identifier: Apache-2.0
#include "sampling/rules.h"

#include <doctest/doctest.h>

#include <string>

#include "config/test_support.h"

namespace waybill::sampling {

namespace {

struct Made {
  std::string faults, warnings;
  std::shared_ptr<const Rules> rules;
};

Made made_of(const std::string& sample) {
  Made made;
  config::Diagnostics diagnostics;
  auto config = config::load("w.yaml", "sample: " + sample, {"auto"}, diagnostics);
  REQUIRE(config);
  if (config->sampling) made.rules = Rules::make(*config->sampling);
  made.faults = config::testing::lines_of(diagnostics);
  if (made.rules) {
    for (const config::Fault& fault : made.rules->warnings()) made.warnings += fault.text() + "\n";
  }
  return made;
}

std::string warnings_of(const std::string& rules) {
  Made made = made_of("{rules: [" + rules + "]}");
  CHECK(made.faults.empty());
  std::string text;
  for (const config::Fault& fault : made.rules->warnings()) text += fault.message + "\n";
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("sampling rules: those of the documents are sound") {
  Made made = made_of(
      "{always: \"level >= ERROR\", rules: [{when: \"level == DEBUG\", probability: 0.1}, "
      "{when: \"logger == 'poll'\", burst: {first: 100, then_every: 50, per: 1s}}, "
      "{limit: {rate: 2000/s, key: service_name}}, {name: twice, dedupe: {window: 10s}}]}");
  CHECK(made.faults.empty());
  CHECK(made.warnings.empty());
  REQUIRE(made.rules);
  REQUIRE(made.rules->all().size() == 4);
  CHECK(made.rules->all()[0].name == "probability_1");
  CHECK(made.rules->all()[1].name == "burst_2");
  CHECK(made.rules->all()[2].name == "limit_3");
  CHECK(made.rules->all()[2].per_second == 2000);
  CHECK(made.rules->all()[2].capacity == 2000);
  CHECK(made.rules->all()[3].name == "twice");
  CHECK_FALSE(made.rules->idle());
  CHECK(made_of("{}").rules->idle());
  CHECK_FALSE(made_of("{templates: true}").rules->idle());
  CHECK(made_of("{rules: [{limit: {rate: 30/m, burst: 7}}]}").rules->all()[0].per_second == 0.5);
  CHECK(made_of("{rules: [{limit: {rate: 30/m, burst: 7}}]}").rules->all()[0].capacity == 7);
}

TEST_CASE("sampling rules: what is wrong") {
  const std::pair<const char*, const char*> cases[] = {
      {"{always: 'level >'}", "sample.always: column 8: expected a text in quotes"},
      {"{rules: [{}]}", "sample.rules[0]: needs 'probability', 'burst', 'limit' or 'dedupe'"},
      {"{rules: [x]}", "must be a mapping with probability, burst, limit or dedupe"},
      {"{rules: [{probability: 1, dedupe: {}}]}", "has more than one of probability, burst"},
      {"{rules: [{probability: 1.1}]}", "probability"},
      {"{rules: [{probability: 0.5, when: 'x == 1'}]}",
       "sample.rules[0].when: column 1: 'x' is no"},
      {"{rules: [{probability: 0.5, when: \"message =~ '('\"}]}", "no regular expression of RE2"},
      {"{rules: [{limit: {}}]}", "rate"},
      {"{rules: [{limit: {rate: 5/d}}]}", "is no rate (write for example 2000/s, 100/m or 50/h)"},
      {"{rules: [{limit: {rate: 0/s}}]}", "is no rate"},
      {"{rules: [{limit: {rate: 5/s, key: user}}]}",
       "sample.rules[0].limit.key: 'user' is no field"},
      {"{rules: [{burst: {first: 0}}]}", "sample.rules[0].burst.first"},
      {"{rules: [{dedupe: {window: 1ms}}]}", "sample.rules[0].dedupe.window"},
      {"{rules: [{name: a b, probability: 0.5}]}", "is not a name"},
      {"{rules: [{name: a, probability: 0.5}, {name: a, dedupe: {}}]}", "called a already"},
      {"{recorder: {age: 5s}}", "unknown key 'age' in sample.recorder"},
      {"{recorder: {max_age: 0s}}", "sample.recorder.max_age"},
      {"{adaptive: {}}", "sample.adaptive: needs 'target', the bytes a second"},
      {"{adaptive: {target: 0}}", "sample.adaptive.target"},
      {"{rules: [{name: adaptive, probability: 0.5}]}", "is what metrics call the probability"},
      {"{rule: []}", "rules"},
  };
  for (const auto& one : cases) {
    const auto text = one.first, fault = one.second;
    CAPTURE(text);
    Made made = made_of(text);
    CAPTURE(made.faults);
    CHECK(has(made.faults, fault));
  }
}

TEST_CASE("sampling rules: what can never fire is said") {
  CHECK(warnings_of("{when: \"level >= ERROR\", probability: 0.1}") ==
        "sample.rules[0]: warning: can never fire: errors, and what `always` names, escape "
        "probability\n");
  CHECK(has(warnings_of("{when: \"level == INFO and level == WARN\", dedupe: {}}"),
            "no record is as `when` wants it"));
  CHECK(has(warnings_of("{when: \"level > FATAL\", burst: {}}"), "no record is as"));
  CHECK(has(warnings_of("{probability: 0.5}, {when: \"level == DEBUG\", probability: 0.1}"),
            "sample.rules[1]: warning: can never fire: probability_1 decides"));
  CHECK(has(warnings_of("{when: \"logger == 'a'\", probability: 0.5}, "
                        "{when: \"logger == 'a'\", probability: 0.1}"),
            "sample.rules[1]: warning: can never fire: probability_1 decides of the same"));
  CHECK(has(warnings_of("{when: \"level == DEBUG\", probability: 0}, "
                        "{when: \"level == DEBUG\", burst: {}}"),
            "sample.rules[1]: warning: can never fire: probability_1 drops all"));
  CHECK(has(warnings_of("{burst: {then_every: 1}}"), "a burst is sent as a whole"));
  CHECK(has(warnings_of("{probability: 1}"), "a probability of 1 drops nothing"));
  Made made = made_of(
      "{always: \"level == DEBUG\", rules: [{when: \"level == DEBUG\", "
      "probability: 0.1}]}");
  CHECK(has(made.warnings, "w.yaml:1:"));
  CHECK(has(made.warnings, "escape probability"));

  made = made_of("{rules: [{dedupe: {}}], recorder: {}}");
  CHECK(has(made.warnings, "sample.recorder: warning: can never hold a line"));
  CHECK(made_of("{adaptive: {target: 1MiB}, recorder: {}}").warnings == "");

  for (const char* sound :
       {"{when: \"level >= WARN\", probability: 0.1}",
        "{when: \"logger == 'a'\", probability: 1}, "
        "{probability: 0.1}",
        "{when: \"level == DEBUG\", probability: 0.1}, {probability: 0.5}",
        "{probability: 0}, {dedupe: {}}", "{when: \"level >= ERROR\", dedupe: {}}"}) {
    CAPTURE(sound);
    CHECK(warnings_of(sound) == "");
  }
}

}  // namespace waybill::sampling
