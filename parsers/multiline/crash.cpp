// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/crash.h"

#include <algorithm>

#include "core/ascii.h"
#include "parsers/multiline/frames.h"
#include "parsers/multiline/signs.h"

namespace waybill::parsers::multiline {

namespace {

bool has(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

// "x.rb:3:in 'f': undefined (NoMethodError)"
bool is_ruby_error(std::string_view line) {
  if (!line.ends_with(')') || !is_ruby_frame(line)) return false;
  size_t open = line.rfind(" (");
  if (open == line.npos || open + 2 >= line.size() || !is_upper(line[open + 2])) return false;
  return std::all_of(line.begin() + static_cast<std::ptrdiff_t>(open) + 2, line.end() - 1,
                     [](char c) { return is_letter(c) || is_digit(c) || c == ':' || c == '_'; });
}

// "SIGQUIT: quit", as Go says it; not "SIGTERM: stopping".
bool is_signal_of_crash(std::string_view line) {
  for (std::string_view name : {"SIGQUIT", "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"}) {
    if (line.starts_with(name)) return is_signal(line);
  }
  return false;
}

// A place alone, of a whole path: Node.js writes it above the line that broke.
bool is_script_crash(std::string_view line) {
  bool path = line[0] == '/' || line.starts_with("file:///") || line.starts_with("node:internal/");
  return path && is_script_place(line);
}

bool is_php_error(std::string_view line) {
  for (std::string_view start :
       {"PHP Fatal error:", "PHP Warning:", "PHP Notice:", "PHP Parse error:", "PHP Deprecated:",
        "PHP Recoverable fatal error:", "PHP Catchable fatal error:"}) {
    if (line.starts_with(start)) return true;
  }
  return false;
}

bool begins_with_sign(std::string_view line) {
  switch (line[0]) {
    case 'T': return line.starts_with("Traceback (most recent call last)");
    case 'P': return is_php_error(line);
    case 'p': return line.starts_with("panic: ");
    case 't': return line.starts_with("thread '") && has(line, " panicked at ");
    case 'F': return line.starts_with("Fatal error: Uncaught ");
    case 'U':
      if (line.starts_with("Unhandled exception") || line.starts_with("Unhandled Exception")) {
        return true;
      }
      break;
    case 'E':
      if (line.starts_with("Exception in thread ") || line.starts_with("Exception ignored in: ")) {
        return true;
      }
      break;
    case '*': return line.starts_with("** (") && has(line, ") ");  // Elixir
    case '[': return is_node_error_head(line);
    default: break;
  }
  if (is_ruby_error(line)) return true;
  std::string_view name = error_class_of(line);
  return name.find('.') != name.npos;
}

}  // namespace

bool begins_crash(std::string_view line) {
  if (line.empty()) return false;
  switch (line[0]) {
    case 'f':
    case 'n':
      if (line.starts_with("fatal error: ") || is_script_crash(line)) return true;
      break;
    case '/':
      if (is_script_crash(line)) return true;
      break;
    case 't':
    case 'l':
    case '#':
    case '=':
    case '(':
      if (is_terminate(line) || is_jvm_report(line) || is_sanitizer_report(line)) return true;
      if (is_node_warning(line)) return true;
      break;
    case 'S':
      if (is_signal_of_crash(line)) return true;
      break;
    default: break;
  }
  return (has_signs(line) && begins_with_sign(line)) || is_python_warning(line);
}

bool is_terminate(std::string_view line) {
  return line.starts_with("terminate called after throwing an instance of ") ||
         line.starts_with("terminate called without an active exception") ||
         line.starts_with("libc++abi: terminating ");
}

bool is_jvm_report(std::string_view line) {
  return line.starts_with("# A fatal error has been detected by ") ||
         line.starts_with("# There is insufficient memory for the Java Runtime");
}

bool is_sanitizer_report(std::string_view line) {
  return is_numbered(line, "==", "==ERROR: ") && has(line, "Sanitizer: ");
}

bool ends_sanitizer_report(std::string_view line) { return is_numbered(line, "==", "==ABORTING"); }

bool is_below_summary(std::string_view line) {
  return line.starts_with("Shadow ") || line.starts_with("=>") || ends_sanitizer_report(line);
}

bool is_python_warning(std::string_view line) {
  size_t colon = line.find(": ");
  if (colon == line.npos || colon < 5 || !is_digit(line[colon - 1])) return false;
  size_t at = line.substr(0, colon).rfind(':');
  if (at == line.npos || !is_numbered(line.substr(at, colon - at), ":", "")) return false;
  std::string_view place = line.substr(0, at);
  if (!place.ends_with(".py") && !place.ends_with('>')) return false;
  std::string_view name = line.substr(colon + 2);
  name = name.substr(0, std::min(name.find(':'), name.size()));
  return name.ends_with("Warning") && name.find(' ') == name.npos;
}

bool is_node_warning(std::string_view line) {
  return is_numbered(line, "(node:", ") ") && has(line, "Warning: ");
}

bool is_node_hint(std::string_view line) { return line.starts_with("(Use `node --trace-"); }

bool is_node_error_head(std::string_view line) {
  if (!line.starts_with('[') || !line.ends_with("] {")) return false;
  std::string_view name = line.substr(1, std::min(line.find(": "), line.size()) - 1);
  bool error =
      name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Rejection");
  return error && name.find(' ') == name.npos;
}

}  // namespace waybill::parsers::multiline
