// SPDX-License-Identifier: Apache-2.0
// Schemas and what they judge. The first line of the input is a schema, the rest a value. A schema
// compiles or its fault has a place; both ways of judging agree; putting the schema into others
// changes the verdict as logic says; and a pattern matches as RE2 does.
#include <re2/re2.h>

#include <string>
#include <vector>

#include "contract/compile.h"
#include "contract/instance.h"
#include "contract/validator.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

using namespace waybill::contract;

Verdict judge(const Program& program, const Instance& instance) {
  static Validator validator;
  std::vector<Violation> violations;
  Verdict verdict = validator.judge(program, instance.value(), instance.size());
  FUZZ_CHECK(verdict == validator.explain(program, instance.value(), instance.size(), violations));
  FUZZ_CHECK(verdict == Verdict::kInvalid || violations.empty());
  FUZZ_CHECK(violations.size() <= Validator::kMostViolations);
  for (const Violation& violation : violations) {
    FUZZ_CHECK(is_utf8(violation.path) && is_utf8(violation.message));
    FUZZ_CHECK(!violation.keyword.empty() && !violation.message.empty());
  }
  if (verdict == Verdict::kLimit) FUZZ_CHECK(!validator.limit().empty());
  return verdict;
}

// Where references, names and drafts would mean something else inside another schema.
bool can_be_wrapped(const std::string& schema) {
  return schema.find('$') == schema.npos && schema.find("\\u") == schema.npos;
}

void wrapped(const std::string& schema, const Instance& instance, Verdict verdict,
             const CompileOptions& options) {
  struct {
    const char* before;
    const char* between;  // null: the schema stands there once
    const char* behind;
    bool same;
  } forms[] = {{"{\"allOf\":[", nullptr, "]}", true},
               {"{\"anyOf\":[", ",", "]}", true},
               {"{\"not\":", nullptr, "}", false},
               {"{\"if\":", nullptr, ",\"else\":false}", true},
               {"{\"if\":", nullptr, ",\"then\":false}", false},
               {"{\"oneOf\":[false,", nullptr, "]}", true}};
  // Of the draft that it was judged by.
  const char* old = "{\"definitions\":{},";
  auto bare = compile_text(schema, "x", "", options);
  FUZZ_CHECK(bare.has_value());
  for (const auto& form : forms) {
    std::string text =
        form.before + schema + (form.between != nullptr ? form.between + schema : "") + form.behind;
    auto program = compile_text(text, "x", "", options);
    if (!program) program = compile_text(old + text.substr(1), "x", "", options);
    if (!program) return;
    Verdict other = judge(**program, instance);
    if (verdict == Verdict::kLimit || other == Verdict::kLimit) return;
    FUZZ_CHECK((other == verdict) == form.same);
  }
}

void pattern(std::string_view text) {
  if (!is_utf8(text) || text.size() > 200) return;
  Translated translated = translate(text.substr(0, text.find('\n')));
  if (!translated.invalid.empty() || !translated.refused.empty()) return;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(4 << 20);
  RE2 re2(translated.re2, options);
  auto made = Pattern::make(text.substr(0, text.find('\n')));
  if (!re2.ok() || !made) return;
  for (std::string_view subject : {text, text.substr(text.find('\n') + 1), std::string_view()}) {
    if (!is_utf8(subject)) continue;
    bool expected = RE2::PartialMatch({subject.data(), subject.size()}, re2);
    FUZZ_CHECK((*made)->matches(subject) == expected);
  }
}

}  // namespace

void contract(std::string_view input) {
  pattern(input);
  size_t end = std::min(input.find('\n'), input.size());
  std::string schema(input.substr(0, end));
  CompileOptions options;
  options.assert_formats = true;
  auto program = compile_text(schema, "x.json", "", options);
  if (!program) {
    FUZZ_CHECK(program.error().what.starts_with("x.json:") || !is_utf8(schema));
    return;
  }
  Instance instance;
  if (end == input.size() || !instance.read(input.substr(end + 1)).empty()) return;
  Verdict verdict = judge(**program, instance);
  if (can_be_wrapped(schema)) wrapped(schema, instance, verdict, options);
}

}  // namespace waybill::fuzz
