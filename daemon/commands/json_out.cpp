// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/json_out.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "core/buffer.h"
#include "core/json_text.h"
#include "core/result.h"
#include "daemon/cli.h"
#include "outputs/printable.h"
#include "parsers/common/repair.h"

namespace waybill::daemon::commands {

void JsonOut::new_line() {
  out_ += '\n';
  out_.append(depth_ * 2, ' ');
}

void JsonOut::begin_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) out_ += ',';
  if (depth_ > 0) new_line();
  first_ = false;
}

JsonOut& JsonOut::open(char bracket) {
  begin_value();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonOut& JsonOut::close(char bracket) {
  --depth_;
  if (!first_) new_line();
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonOut& JsonOut::key(std::string_view name) {
  text(name);
  out_ += ": ";
  after_key_ = true;
  return *this;
}

JsonOut& JsonOut::text(std::string_view characters) {
  begin_value();
  Buffer string;
  arena_.clear();
  append_json_string(
      string, parsers::is_utf8(characters) ? characters : parsers::repair_utf8(characters, arena_));
  out_ += string.view();
  return *this;
}

JsonOut& JsonOut::number(uint64_t value) {
  begin_value();
  out_ += fmt::format("{}", value);
  return *this;
}

JsonOut& JsonOut::real(double value) {
  begin_value();
  out_ += fmt::format("{:.6g}", value);
  return *this;
}

std::string JsonOut::take() {
  out_ += '\n';
  return std::move(out_);
}

std::string on_one_line(std::string_view text) {
  Buffer out;
  outputs::append_printable(out, text);
  return std::string(out.view());
}

int written(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  fmt::print(stderr, "waybill: {}\n", errno_error("standard output", errno).what);
  return exit_code::kUsage;
}

}  // namespace waybill::daemon::commands
