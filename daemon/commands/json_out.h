// SPDX-License-Identifier: Apache-2.0
// JsonOut: one JSON document, indented, for what commands print for other programs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/arena.h"

namespace waybill::daemon::commands {

//   JsonOut out;
//   out.open('{').key("a").number(1).key("b").open('[').text("x").close(']').close('}');
class JsonOut {
 public:
  JsonOut& open(char bracket);
  JsonOut& close(char bracket);
  JsonOut& key(std::string_view name);
  // Any bytes: what is no UTF-8 (a file's name may be) becomes U+FFFD.
  JsonOut& text(std::string_view characters);
  JsonOut& number(uint64_t value);
  JsonOut& real(double value);

  // The document, with a line end. Everything is closed.
  std::string take();

 private:
  void begin_value();
  void new_line();

  std::string out_;
  Arena arena_;  // for text that had to be repaired
  size_t depth_ = 0;
  bool first_ = true;  // nothing in this bracket yet
  bool after_key_ = false;
};

// The text without line ends and what else means something to a terminal: escapes for them.
std::string on_one_line(std::string_view text);

// Flushes stdout. `status`, or exit_code::kUsage with a message when it cannot be written: what
// nobody can read is no verdict.
int written(int status);

}  // namespace waybill::daemon::commands
