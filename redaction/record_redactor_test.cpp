// SPDX-License-Identifier: Apache-2.0
#include "redaction/record_redactor.h"

#include <doctest/doctest.h>

#include <string>

#include "config/test_support.h"
#include "core/cut.h"
#include "core/json_text.h"
#include "core/test_support.h"

namespace waybill::redaction {

namespace {

const std::string kToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

std::shared_ptr<const Rules> rules_of(const std::string& text) {
  config::Diagnostics diagnostics;
  auto config = config::load("w.yaml", text, {"auto"}, diagnostics);
  REQUIRE(config);
  auto rules = Rules::make(config->redact);
  for (const auto& fault : diagnostics.faults()) FAIL_CHECK(fault.text());
  return rules;
}

// A line, and what becomes of it.
struct Redacted {
  Redacted(const std::string& config, std::string_view line, bool json = true)
      : redactor(rules_of(config)) {
    Record& record = json ? lines.put_json(line) : lines.put(line);
    if (!json) record.message = raw_text(record.line);
    any = redactor.redact(lines.batch(), record);
  }
  std::string line() { return std::string(lines.record().line); }
  std::string message() {
    Buffer out;
    append_characters(out, lines.record().message);
    return std::string(out.view());
  }
  uint32_t count(std::string_view rule) {
    uint32_t sum = 0;
    for (size_t i = 0; i < redactor.rules().all().size(); ++i) {
      if (redactor.rules().all()[i].name == rule) sum += redactor.counts()[i];
    }
    return sum;
  }

  testing::Lines lines;
  RecordRedactor redactor;
  bool any = false;
};

const char* kMost =
    "redact: [{detect: [jwt, bearer, aws_key, private_key, email, card, url_password, password, "
    "ipv4, ssn]}]";

}  // namespace

TEST_CASE("redaction: credentials of a JSON line, by default") {
  Redacted made("{}",
                R"({"msg":"hi","tok":")" + kToken + R"(","n":{"k":["AKIAIOSFODNN7EXAMPLE"]}})");
  CHECK(made.any);
  CHECK(made.line() == R"({"msg":"hi","tok":"***","n":{"k":["***"]}})");
  CHECK(made.lines.context() == R"({"msg":"hi","tok":"***","n":{"k":["***"]}})");
  CHECK(made.count("jwt") == 1);
  CHECK(made.count("aws_key") == 1);
}

TEST_CASE("redaction: nothing is touched where there is nothing") {
  std::string line = R"({"msg":"a\nb","mail":"ada@example.com"})";
  Redacted made("{}", line);
  CHECK(!made.any);
  CHECK(made.line() == line);
  CHECK(made.lines.record().json == made.lines.record().line.data());
}

TEST_CASE("redaction: escapes hide nothing, at any depth") {
  for (const std::string& line : {
           std::string(R"({"a":"ada\u0040example.com"})"),
           std::string(R"({"a":"AKIAIOSFODNN7EX\u0041MPLE"})"),
           std::string(R"({"a":"{\"b\":\"ada\\u0040example.com\"}"})"),
           std::string(R"({"a":"{\"b\":\"AKIAIOSFODNN7EX\\u0041MPLE\"}"})"),
           std::string(R"({"a":"{\"b\":\"{\\\"c\\\":\\\"AKIAIOSFODNN7EX\\\\u0041MPLE\\\"}\"}"})"),
           std::string(R"({"p\u0061ssword":"hunter2"})"),
           std::string(R"({"a":"{\"password\":\"hunter2\"}"})"),
           std::string(R"({"a":"https:\/\/u:hunter2@example.com\/"})"),
           std::string(R"({"ada@example.com":1})"),
           std::string(R"({"a":4111111111111111})"),
           std::string(R"({"ssn":"123 45 6789"})"),
           std::string(R"({"AKIAIOSFODNN7EX\\u0041MPLE":1})"),
           std::string(R"({"SecretAccessKey":"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"})"),
           std::string(R"({"authorization":"Bearer abcd"})"),
           std::string(R"({"a":["x",{"b":"line\nada@example.com"}]})"),
       }) {
    CAPTURE(line);
    Redacted made(kMost, line);
    CHECK(made.any);
    for (const char* secret :
         {"ada", "AKIA", "hunter2", "4111111111111111", "6789", "wJalr", "abcd"}) {
      CHECK(made.line().find(secret) == std::string::npos);
      CHECK(made.lines.context().find(secret) == std::string::npos);
    }
    bool masked = made.lines.context().find("***") != std::string::npos;
    bool withheld = made.lines.context().find("[withheld]") != std::string::npos;
    CHECK(masked != withheld);
    // It is JSON as before.
    testing::Lines again;
    WalkOutcome outcome;
    again.put_json(made.lines.context(), &outcome);
    CHECK(outcome == WalkOutcome::kObject);
    again.put_json(made.line(), &outcome);
    CHECK(outcome == WalkOutcome::kObject);
  }
}

TEST_CASE("redaction: the tokens are where things stand") {
  Redacted made(kMost,
                R"({"a":{"b":"ada@example.com","c":[1,"x@example.com",{}]},"d":true,"e":"z"})");
  const Batch& batch = made.lines.batch();
  const Record& record = made.lines.record();
  testing::Lines again;
  again.put_json(made.line());
  REQUIRE(again.batch().tokens.size() == record.token_count);
  for (uint32_t i = 0; i < record.token_count; ++i) {
    const Token& token = batch.tokens_of(record)[i];
    const Token& same = again.batch().tokens[i];
    CHECK(token.value == same.value);
    CHECK(token.value_size == same.value_size);
    CHECK(token.key == same.key);
    CHECK(token.key_size == same.key_size);
    CHECK(token.type == same.type);
    CHECK(token.flags == same.flags);
  }
}

TEST_CASE("redaction: two keys stay two") {
  Redacted made(kMost, R"({"ada@example.com":1,"bob@example.com":2})");
  CHECK(made.line() == R"({"***":1,"***_2":2})");
}

TEST_CASE("redaction: ids keep what looks like something else") {
  testing::Lines lines;
  RecordRedactor redactor(rules_of(kMost));
  Record& record = lines.put_json(R"({"request_id":"4111111111111111","card":"4111111111111111"})");
  const Token& token = lines.batch().tokens[1];
  record.request_id = Text(record.json + token.value + 1, token.value_size - 2, TextForm::kClean);
  CHECK(redactor.redact(lines.batch(), record));
  CHECK(record.line == R"({"request_id":"4111111111111111","card":"***"})");
  CHECK(record.request_id.bytes() == "4111111111111111");
}

TEST_CASE("redaction: a text line, its message and its fields") {
  testing::Lines lines;
  RecordRedactor redactor(rules_of(kMost));
  Record& record = lines.put("msg=\"mail ada@example.com\" password=hunter2 n=1");
  std::string_view line = record.line;
  auto part = [&](std::string_view what) {
    return Text(line.substr(line.find(what), what.size()), TextForm::kClean);
  };
  record.message = part("mail ada@example.com");
  lines.batch().fields.push_back({part("password"), part("hunter2")});
  lines.batch().fields.push_back({Text("n", TextForm::kClean), part("1"), JsonType::kNumber});
  record.field_count = 2;
  CHECK(redactor.redact(lines.batch(), record));
  CHECK(record.line == "msg=\"mail ***\" password=*** n=1");
  CHECK(record.message.bytes() == "mail ***");
  CHECK(lines.context() == R"({"password":"***","n":1})");
}

TEST_CASE("redaction: a line that has it in another form is withheld") {
  testing::Lines lines;
  RecordRedactor redactor(rules_of("{}"));
  std::string head = kToken.substr(0, 30), tail = kToken.substr(30);
  Record& record = lines.put("P " + head + "\nF " + tail);
  record.lines = 2;
  record.message = raw_text(lines.batch().arena.copy("got " + kToken));
  CHECK(redactor.redact(lines.batch(), record));
  CHECK(record.message.bytes() == "got ***");
  CHECK(record.line == "[withheld]");
  CHECK(record.marks.withheld == 1);
}

TEST_CASE("redaction: private keys over several lines, and over several records") {
  Redacted made(
      "{}", "boot\n-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAbc=\n-----END RSA PRIVATE KEY-----\nok",
      false);
  CHECK(made.line() == "boot\n***\nok");
  CHECK(made.message() == "boot\n***\nok");

  testing::Lines lines;
  RecordRedactor redactor(rules_of("{}"));
  for (const auto& [given, left] : std::initializer_list<std::pair<const char*, const char*>>{
           {"-----BEGIN PRIVATE KEY-----", "***"},
           {"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7", "***"},
           {"-----END PRIVATE KEY-----", "***"},
           {"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"},
           {"-----BEGIN PRIVATE KEY-----", "***"},
           {"listening on port 80", "listening on port 80"},
           {"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "***"},
           {"QIB=", "***"},
           {"done with it", "done with it"},
           {"MIIEvQIB", "MIIEvQIB"}}) {
    std::string_view line = given;
    CAPTURE(line);
    Record& record = lines.put(line);
    record.message = raw_text(record.line);
    redactor.redact(lines.batch(), record);
    CHECK(record.message.bytes() == left);
    CHECK(record.line == left);
  }
}

TEST_CASE("redaction: fields by their paths") {
  Redacted made(
      "redact: [{field: context.user.ssn}, {field: 'context.*.token', action: drop}, "
      "{field: '**.iban', keep: 2}]",
      R"({"user":{"ssn":"x1","n":2},"a":{"token":"y","b":{"iban":"DE4411"}},)"
      R"("s":{"token":[1]},"user.ssn":5})");
  CHECK(made.lines.context() ==
        R"({"user":{"ssn":"***","n":2},"a":{"b":{"iban":"***11"}},"user.ssn":"***"})");
  CHECK(made.line() == R"({"user":{"ssn":"***","n":2},"a":{"token":null,"b":{"iban":"***11"}},)"
                       R"("s":{"token":[null]},"user.ssn":"***"})");
  CHECK(made.count("context.user.ssn") == 2);
}

TEST_CASE("redaction: a field of the record's own is gone from the line, too") {
  testing::Lines lines;
  RecordRedactor redactor(rules_of("redact: [{field: message}, {field: context.x}]"));
  Record& record = lines.put_json(R"({"msg":"who did what","x":[{"y":1}]})");
  const Token& token = lines.batch().tokens[1];
  record.message = Text(record.json + token.value + 1, token.value_size - 2, TextForm::kClean);
  cut_field(lines.batch(), record, 1);
  CHECK(redactor.redact(lines.batch(), record));
  CHECK(record.message.bytes() == "***");
  CHECK(record.line == R"({"msg":"***","x":[{"y":"***"}]})");
  CHECK(lines.context() == R"({"x":[{"y":"***"}]})");
}

TEST_CASE("redaction: patterns, their groups, and too many of them") {
  const char* config =
      "redact: [{pattern: 'acct-(\\d+)', name: account, samples: [acct-1], counter_samples: [x]}]";
  Redacted made(config, R"({"a":"acct-17 and acct-18","b":"x"})");
  CHECK(made.line() == R"({"a":"acct-*** and acct-***","b":"x"})");
  CHECK(made.count("account") == 2);
  std::string many;
  for (size_t i = 0; i <= Finder::kMostMatches; ++i) many += "acct-1 ";
  Redacted withheld(config, "{\"a\":\"" + many + "\",\"b\":\"x\"}");
  CHECK(withheld.line() == R"({"a":"[withheld]","b":"x"})");
  CHECK(withheld.lines.record().marks.withheld == 1);
}

TEST_CASE("redaction: what a line that was cut off ends with") {
  testing::Lines lines;
  RecordRedactor redactor(rules_of(kMost));
  for (const auto& [given, left] : std::initializer_list<std::pair<const char*, const char*>>{
           {"some text AKIAIOSFO", "some text [withheld]"},
           {"card 4111 1111 11", "card [withheld]"},
           {"mail ada@exa", "mail [withheld]"},
           {"just words", "just words"}}) {
    std::string_view line = given;
    CAPTURE(line);
    Record& record = lines.put(line);
    record.message = raw_text(record.line);
    record.marks.truncated_bytes = 10;
    redactor.redact(lines.batch(), record);
    CHECK(record.line == left);
    CHECK(record.message.bytes() == left);
  }
}

TEST_CASE("redaction: no rules, no work; what is redacted stays as it is") {
  std::string line = "{\"a\":\"" + kToken + "\"}";
  CHECK(!Redacted("redact: []", line).any);
  Redacted once(kMost, R"({"password":"hunter2","u":"http://a:b@c/","e":"x@y.org"})");
  Redacted twice(kMost, once.line());
  CHECK(!twice.any);
}

}  // namespace waybill::redaction
