// SPDX-License-Identifier: Apache-2.0
// `waybill schema validate`, `check` and `show`.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "contract/compile.h"
#include "contract/instance.h"
#include "contract/validator.h"
#include "core/buffer.h"
#include "core/json_text.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/contract_schema.h"
#include "daemon/commands/json_out.h"

namespace waybill::daemon::commands {

namespace {

using namespace contract;

class Judge {
 public:
  Judge(SharedProgram program, bool all) : program_(std::move(program)), all_(all) {}

  // `place`: what each line that is printed begins with.
  void judge(std::string_view text, std::string_view place) {
    place_ = place;
    std::string why = instance_.read(text);
    if (!why.empty()) return say("", "json", why);
    Value value = instance_.value();
    switch (validator_.explain(*program_, value, instance_.size(), violations_)) {
      case Verdict::kValid: fmt::print("{}valid\n", place_); return;
      case Verdict::kLimit: return say("", "limit", validator_.limit());
      case Verdict::kInvalid: break;
    }
    for (const Violation& violation : violations_) {
      say(violation.path, violation.keyword, violation.message);
      if (!all_) break;
    }
  }
  bool clean() const { return clean_; }

 private:
  void say(std::string_view path, std::string_view keyword, std::string_view message) {
    clean_ = false;
    fmt::print("{}invalid {} {} {}\n", place_, pointer(path), keyword, on_one_line(message));
  }
  // One word, whatever the keys in it: as the inside of a JSON string (RFC 6901, 5), blanks
  // escaped, too.
  static std::string pointer(std::string_view path) {
    Buffer out;
    append_escaped(out, path);
    std::string word;
    for (char c : out.view()) word += c == ' ' ? "\\u0020" : std::string(1, c);
    return on_one_line(word);
  }

  SharedProgram program_;
  bool all_;
  std::string place_;
  bool clean_ = true;
  Instance instance_;
  Validator validator_;
  std::vector<Violation> violations_;
};

// False: it cannot be read.
bool judge_file(Judge& judge, const std::string& path, bool lines, bool placed) {
  std::unique_ptr<FILE, int (*)(FILE*)> opened(
      path == "-" ? nullptr : std::fopen(path.c_str(), "re"), [](FILE* f) { return fclose(f); });
  FILE* in = path == "-" ? stdin : opened.get();
  if (in == nullptr) {
    fmt::print(stderr, "waybill: {}\n", errno_error(path, errno).what);
    return false;
  }
  std::string name = path == "-" ? "stdin" : on_one_line(path);
  std::string text;
  if (!lines) {
    char block[1 << 16];
    while (size_t got = std::fread(block, 1, sizeof block, in)) text.append(block, got);
    if (std::ferror(in) == 0) judge.judge(text, placed ? name + ": " : "");
  } else {
    char* line = nullptr;
    size_t room = 0;
    uint64_t number = 0;
    for (ssize_t size; (size = getline(&line, &room, in)) > 0;) {
      ++number;
      text.assign(line, static_cast<size_t>(size));
      if (text.find_first_not_of(" \t\r\n") == text.npos) continue;
      judge.judge(text, placed ? fmt::format("{}:{}: ", name, number) : "");
    }
    std::free(line);
  }
  if (std::ferror(in) == 0) return true;
  fmt::print(stderr, "waybill: {}\n", errno_error(path, errno).what);
  return false;
}

}  // namespace

bool compile_options(const CommandLine& line, CompileOptions& options) {
  options.assert_formats = line.format_assert;
  bool right = true;
  for (const std::string& text : line.mappings) {
    auto mapping = parse_mapping(text);
    if (mapping) {
      options.mappings.push_back(std::move(*mapping));
    } else {
      fmt::print(stderr, "waybill: --map {}\n", mapping.error().what);
      right = false;
    }
  }
  return right;
}

int schema_validate(const CommandLine& line) {
  CompileOptions options;
  if (!compile_options(line, options)) return exit_code::kUsage;
  auto program = compile_file(line.schema_file, options);
  if (!program) {
    fmt::print(stderr, "waybill: {}\n", program.error().what);
    return exit_code::kUsage;
  }
  Judge judge(std::move(*program), line.all);
  // Several lines of one instance among those of others.
  bool placed = line.all && (line.lines || line.files.size() > 1);
  for (const std::string& path : line.files) {
    if (!judge_file(judge, path, line.lines, placed)) return exit_code::kUsage;
  }
  constexpr int kViolations = 1;
  return written(judge.clean() ? exit_code::kOk : kViolations);
}

int schema_check(const CommandLine& line) {
  CompileOptions options;
  if (!compile_options(line, options)) return exit_code::kUsage;
  bool right = true;
  for (const std::string& path : line.files) {
    auto faults = check_schema(path, options);
    for (const std::string& fault : faults) fmt::print(stderr, "{}\n", fault);
    if (faults.empty()) fmt::print("{}: ok\n", path);
    right &= faults.empty();
  }
  constexpr int kFaults = 1;
  return written(right ? exit_code::kOk : kFaults);
}

int schema_show() {
  std::fwrite(builtin_schema().data(), 1, builtin_schema().size(), stdout);
  return std::fflush(stdout) == 0 ? exit_code::kOk : exit_code::kCannotStart;
}

}  // namespace waybill::daemon::commands
