// SPDX-License-Identifier: Apache-2.0
#include "parsers/errors/reports.h"

#include <algorithm>

#include "core/ascii.h"
#include "parsers/errors/kinds.h"

namespace waybill::parsers::errors {

namespace {

std::string_view first_line(std::string_view text) {
  return text.substr(0, std::min(text.find('\n'), text.size()));
}

// "terminate called after throwing an instance of 'std::runtime_error'\n  what():  message"
bool terminate(std::string_view text, std::string_view line, Exception& found) {
  constexpr std::string_view front = "terminate called ";
  constexpr std::string_view thrown = "after throwing an instance of '";
  if (!line.starts_with(front)) return false;
  std::string_view rest = line.substr(front.size());
  if (rest.starts_with(thrown)) {
    rest.remove_prefix(thrown.size());
    found.type = rest.substr(0, std::min(rest.rfind('\''), rest.size()));
    size_t what = text.find("\n  what():  ");
    if (what != text.npos) found.message = text.substr(what + 12);
  } else if (rest == "without an active exception") {
    found.message = line;
  } else {
    return false;
  }
  found.stack = text;
  return true;
}

// "==71==ERROR: AddressSanitizer: heap-use-after-free on address …"
bool sanitizer(std::string_view text, std::string_view line, Exception& found) {
  size_t at = 2;
  while (at < line.size() && is_digit(line[at])) ++at;
  constexpr std::string_view mark = "==ERROR: ";
  if (at == 2 || !line.starts_with("==") || !line.substr(at).starts_with(mark)) return false;
  std::string_view rest = line.substr(at + mark.size());
  std::string_view name = name_at(rest, 0);
  if (!name.ends_with("Sanitizer") || !rest.substr(name.size()).starts_with(": ")) return false;
  found.type = name;
  found.message = rest.substr(name.size() + 2);
  found.stack = text;
  return true;
}

// "# A fatal error has been detected by the Java Runtime Environment:\n#\n#  SIGSEGV (0xb) at …"
bool java_runtime(std::string_view text, std::string_view line, Exception& found) {
  if (!line.starts_with("# A fatal error has been detected by ")) return false;
  found.stack = text;
  size_t at = text.find("\n#  ");
  if (at == text.npos) return true;
  found.message = first_line(text.substr(at + 4));
  std::string_view name = name_at(found.message, 0);
  bool code = found.message.substr(name.size()).starts_with(" (0x");
  if (code) found.type = name;
  return true;
}

// "** (RuntimeError) message\n    (shop 1.0.0) lib/cart.ex:7: …"
bool elixir(std::string_view text, std::string_view line, Exception& found) {
  if (!line.starts_with("** (")) return false;
  std::string_view name = name_at(line, 4);
  std::string_view rest = text.substr(4 + name.size());
  if (name.empty() || !is_upper(name.front()) || !rest.starts_with(") ")) return false;
  rest.remove_prefix(2);
  found.type = name;
  found.message =
      rest.substr(0, std::min({rest.find("\n    ("), rest.find("\nLast message"), rest.size()}));
  found.stack = text;
  return true;
}

// "[TypeError: message] {\n  code: 'ENOCART'\n}"
bool node_without_frames(std::string_view text, std::string_view line, Exception& found) {
  constexpr std::string_view end = "] {";
  if (!line.ends_with(end)) return false;
  for (size_t at = line.find('['); at != line.npos; at = line.find('[', at + 1)) {
    std::string_view name = name_at(line, at + 1);
    bool error = is_class(name) || name == "UnhandledPromiseRejection";
    std::string_view rest = line.substr(at + 1 + name.size());
    if (!error || !rest.starts_with(": ")) continue;
    found.type = name;
    found.message = rest.substr(2, rest.size() - 2 - end.size());
    found.code = node_code(text);
    found.stack = text.substr(at);
    return true;
  }
  return false;
}

}  // namespace

std::string_view node_code(std::string_view text) {
  size_t at = text.find(" code: '");
  if (at == text.npos) return {};
  text.remove_prefix(at + 8);
  std::string_view code = text.substr(0, std::min(text.find('\''), text.size()));
  return std::all_of(code.begin(), code.end(), is_word_byte) ? code : std::string_view();
}

bool find_report(std::string_view text, size_t at, std::string_view line, Exception& found) {
  if (line.empty()) return false;
  text.remove_prefix(at);
  switch (line.front()) {
    case 't': return terminate(text, line, found);
    case '=': return sanitizer(text, line, found);
    case '#': return java_runtime(text, line, found);
    case '*': return elixir(text, line, found);
    default: return line.back() == '{' && node_without_frames(text, line, found);
  }
}

}  // namespace waybill::parsers::errors
