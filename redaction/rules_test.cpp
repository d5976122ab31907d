// SPDX-License-Identifier: Apache-2.0
#include "redaction/rules.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "config/test_support.h"
#include "redaction/counts.h"

namespace waybill::redaction {

namespace {

std::string faults_of(const std::string& text, std::shared_ptr<const Rules>* rules = nullptr) {
  config::Diagnostics diagnostics;
  auto config = config::load("w.yaml", text, {"auto"}, diagnostics);
  REQUIRE(config);
  auto made = Rules::make(config->redact);
  if (rules != nullptr) *rules = made;
  return config::testing::lines_of(diagnostics);
}

std::string replaced(const Rule& rule, std::string_view secret) {
  Buffer out;
  rule.replace(out, secret);
  return std::string(out.view());
}

}  // namespace

TEST_CASE("rules: what is on where nothing is said") {
  std::shared_ptr<const Rules> rules;
  CHECK(faults_of("{}", &rules).empty());
  std::string names;
  for (const Rule& rule : rules->all()) names += rule.name + " ";
  CHECK(names == "jwt bearer aws_key private_key ");
  CHECK(rules->left_out().empty());
  CHECK(faults_of("redact: []", &rules).empty());
  CHECK(rules->empty());
  CHECK(faults_of("redact: [{detect: [email, jwt]}]", &rules).empty());
  CHECK(rules->left_out() == std::vector<std::string>{"bearer", "aws_key", "private_key"});
}

TEST_CASE("rules: faults have a place and say what to do") {
  const std::pair<const char*, const char*> cases[] = {
      {"redact: [{detect: [emial]}]", "'emial' is no detector (did you mean 'email'?)"},
      {"redact: [{detect: [jwt, jwt]}]", "'jwt' is named twice"},
      {"redact: [{field: user.ssn}]",
       "'user' is no place of a record (did you mean 'context.user.ssn'?)"},
      {"redact: [{field: trace_id}]", "'trace_id' is a place that is never redacted"},
      {"redact: [{field: context..a}]", "'context..a' has an empty part"},
      {"redact: [{pattern: '('}]", "is no regular expression of RE2: missing ): ("},
      {"redact: [{pattern: 'a*'}]", "matches where there is nothing"},
      {"redact: [{pattern: 'a+', samples: [b]}]", "the pattern finds nothing in it"},
      {"redact: [{pattern: 'a+', counter_samples: [a]}]", "the pattern finds something in it"},
      {"redact: [{detect: [jwt], field: message}]", "has more than one of detect, field and"},
      {"redact: [{action: mask}]", "needs 'detect', 'field' or 'pattern'"},
      {"redact: [{detect: [jwt], action: hmac}]", "hmac needs 'key_file'"},
      {"redact: [{detect: [jwt], action: hmac, key_file: /nowhere/key}]",
       "/nowhere/key: No such file or directory"},
      {"redact: [{detect: [jwt], key_file: /k}]", "only hmac takes a key"},
      {"redact: [{detect: [jwt], action: drop, keep: 2}]", "only mask keeps something"},
      {"redact: [{detect: [jwt], keep: 17}]", "out of range"},
      {"redact: [jwt]", "must be a mapping with detect, field or pattern, not a single value"},
      {"redact: [{detect: [jwt], samples: [a]}]", "only a pattern has samples"},
  };
  for (const auto& [given, fault] : cases) {
    std::string text = given;
    CAPTURE(text);
    std::string faults = faults_of(text);
    CHECK(faults.starts_with("w.yaml:1:"));
    CHECK(faults.find(fault) != std::string::npos);
    CHECK(std::count(faults.begin(), faults.end(), '\n') == 1);
  }
}

TEST_CASE("rules: what stands in the place of a secret") {
  std::shared_ptr<const Rules> rules;
  CHECK(faults_of("redact: [{detect: [card], keep: 4}, {field: message, action: drop}]", &rules)
            .empty());
  const Rule& card = rules->all()[0];
  CHECK(replaced(card, "4111 1111 1111 1111") == "***1111");
  CHECK(replaced(card, "1234567") == "***");
  CHECK(replaced(card, "abcdef\"\\\"1") == "***1");
  CHECK(replaced(rules->all()[1], "x").empty());
  for (std::string_view value : {"***", "***1111", "hmac:0123456789abcdef0123456789abcdef"}) {
    CHECK(is_replacement(value));
  }
  CHECK(!is_replacement("***but this is a password"));
}

TEST_CASE("rules: the same value has the same token, with the same key alone") {
  std::string folder = std::filesystem::temp_directory_path() / "waybill_rules_XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  auto rule_with = [&](const std::string& key) {
    std::string path = folder + "/" + key;
    std::ofstream(path) << key << key << key << key;
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    std::shared_ptr<const Rules> rules;
    std::string text = "redact: [{detect: [card], action: hmac, key_file: \"" + path + "\"}]";
    CHECK(faults_of(text, &rules).empty());
    return rules->all()[0];
  };
  Rule one = rule_with("abcdef"), other = rule_with("ghijkl");
  std::string token = replaced(one, "4111111111111111");
  CHECK(token.size() == 5 + 32);
  CHECK(is_replacement(token));
  CHECK(replaced(one, "4111 1111 1111 1111") == token);
  CHECK(replaced(one, "4111111111111112") != token);
  CHECK(replaced(other, "4111111111111111") != token);
  std::filesystem::remove_all(folder);
}

TEST_CASE("rules: what finds or replaces something else has another fingerprint") {
  std::set<uint64_t> all;
  for (const char* text :
       {"{}", "redact: []", "redact: [{detect: [jwt]}]", "redact: [{detect: [email]}]",
        "redact: [{detect: [jwt, email]}]", "redact: [{detect: [jwt], action: drop}]",
        "redact: [{detect: [jwt], keep: 4}]", "redact: [{field: context.a}]",
        "redact: [{pattern: context.a}]", "redact: [{field: context.a}, {field: context.b}]"}) {
    std::shared_ptr<const Rules> rules;
    CAPTURE(text);
    REQUIRE(faults_of(text, &rules) == "");
    CHECK(all.insert(rules->fingerprint()).second);
    faults_of(text, &rules);
    CHECK(all.contains(rules->fingerprint()));
  }
}

TEST_CASE("rules: paths") {
  auto path = [](std::string_view text) { return *FieldPath::parse(text); };
  CHECK(path("context.*.ssn").matches("context.user.ssn"));
  CHECK(!path("context.*.ssn").matches("context.ssn"));
  CHECK(!path("context.*.ssn").matches("context.a.b.ssn"));
  CHECK(path("context.**.ssn").matches("context.ssn"));
  CHECK(path("context.**.ssn").matches("context.a.b.ssn"));
  CHECK(path("**.ssn").matches("context.ssn"));
  CHECK(path("error.*").matches("error.stack"));
  CHECK(!path("message").matches("error.message"));
  CHECK(path("context.a.bc").needle() == "bc");
  CHECK(path("error.stack").needle().empty());
  CHECK(path("context.a.*").needle().empty());
}

TEST_CASE("counts: told at once, then once an hour") {
  Counts counts;
  SteadyTime now{};
  CHECK(counts.post("jwt", 2, now) == 2);
  CHECK(counts.post("jwt", 3, now + std::chrono::minutes(59)) == 0);
  CHECK(counts.post("email", 1, now + std::chrono::minutes(59)) == 1);
  CHECK(counts.post("jwt", 1, now + std::chrono::minutes(61)) == 4);
  CHECK(counts.post("jwt", 5, now + std::chrono::minutes(62)) == 0);
  CHECK(counts.rest() == std::vector<std::pair<std::string, uint64_t>>{{"jwt", 5}});
  CHECK(counts.rest().empty());
  CHECK(counts.rules() == std::vector<std::pair<std::string, uint64_t>>{{"email", 1}, {"jwt", 11}});
}

}  // namespace waybill::redaction
