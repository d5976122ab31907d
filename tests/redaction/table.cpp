// SPDX-License-Identifier: Apache-2.0
// redaction_table [--cases] [COUNT]: what the detectors make of the corpus, as a table; with
// --cases the corpus itself, a line of JSON for each case.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "core/json_text.h"
#include "tests/redaction/corpus.h"

namespace {

namespace corpus = waybill::redaction::corpus;

void print_cases(const std::vector<corpus::Case>& cases) {
  waybill::Buffer out;
  for (const corpus::Case& one : cases) {
    out.clear();
    out.append("{\"detector\":");
    waybill::append_json_string(out, one.detector);
    out.append(",\"text\":");
    waybill::append_json_string(out, one.text);
    out.append(",\"secret\":");
    waybill::append_json_string(out, one.secret);
    fmt::print("{}}}\n", out.view());
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 1000;
  bool cases = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--cases") {
      cases = true;
      continue;
    }
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    if (error != std::errc{} || end != word.data() + word.size() || count == 0) {
      fmt::print(stderr, "usage: redaction_table [--cases] [COUNT]\n");
      return 2;
    }
  }
  std::vector<corpus::Case> all = corpus::make(count);
  if (cases) {
    print_cases(all);
    return 0;
  }
  std::vector<corpus::Score> scores = corpus::judge(all);
  fmt::print("{}", corpus::table(scores));
  for (const corpus::Score& score : scores) {
    for (const std::string& example : score.examples) {
      fmt::print(stderr, "{}: {}\n", score.detector, example);
    }
  }
  return 0;
}
