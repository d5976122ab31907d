// SPDX-License-Identifier: Apache-2.0
#include "config/syntax_fault.h"

#include <fmt/format.h>

namespace waybill::config {

namespace {

struct Wording {
  std::string_view theirs;  // the beginning of yaml-cpp 0.7's message
  std::string_view ours;
};

constexpr Wording kWordings[] = {
    {"end of map not found",
     "this line does not go on with the mapping above (check its "
     "indentation, and that every key is followed by a ':' and a blank)"},
    {"end of sequence not found",
     "this line does not go on with the list above (check its indentation)"},
    {"illegal EOF in scalar", "a quoted text is not closed before the end of the file"},
    {"illegal document indicator in scalar", "a quoted text is not closed before '---' or '...'"},
    {"illegal map value",
     "a ':' where no value can follow (put the text in quotes if the ':' "
     "belongs to it)"},
    {"illegal map key", "a '?' key where none can stand"},
    {"illegal block entry", "a '-' where no list item can stand (check the indentation)"},
    {"illegal flow end", "a closing bracket without its opening one"},
    {"illegal tab when looking for indentation", "a tab in the indentation (use blanks)"},
    {"unknown escape character",
     "an unknown escape in \"…\" (put the text in single quotes, or "
     "write \\\\ for a backslash)"},
    {"bad character found while scanning hex number", "an escape in \"…\" lacks its hex digits"},
    {"invalid unicode", "an escape in \"…\" stands for no character"},
    {"unknown token", "a character that cannot begin a value (put the text in quotes)"},
    {"unexpected character in block scalar", "only + - or a digit may follow | and >"},
    {"the referenced anchor is not defined",
     "an alias ('*name'), and aliases are not allowed here (write the value out)"},
    {"bad file", "nested far too deeply"},
    {"alias not found after *", "a '*' that begins no alias (put the text in quotes)"},
    {"anchor not found after &", "a '&' that begins no anchor (put the text in quotes)"},
};

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::string unclosed(bool is_list, const SyntaxPlace& place) {
  if (place.line.substr(0, place.offset + 1).find("${") != std::string_view::npos) {
    return "a variable inside {…} or […] needs quotes (write \"${NAME}\")";
  }
  std::string where = place.opened_at_line == 0 || place.opened_at_line == place.line_number
                          ? ""
                          : fmt::format(" of line {}", place.opened_at_line);
  return is_list ? fmt::format(
                       "the '['{} is not closed, or a ',' is missing between its items "
                       "(write [a, b])",
                       where)
                 : fmt::format(
                       "the '{{'{} is not closed, or a ',' is missing between its keys "
                       "(write {{a: 1, b: 2}})",
                       where);
}

std::string explained(std::string_view what, const SyntaxPlace& place) {
  const size_t first = place.line.find_first_not_of(" \t");
  if (place.line.substr(0, first).find('\t') != std::string_view::npos) {
    return "a tab in the indentation (use blanks)";
  }
  if (starts_with(what, "end of sequence flow")) return unclosed(true, place);
  if (starts_with(what, "end of map flow")) return unclosed(false, place);
  bool within_line = first != std::string_view::npos && place.offset > first;
  if (starts_with(what, "end of map not found") && within_line) {
    return "text behind a value that has ended (put the whole value in quotes, or close the "
           "quotes of an earlier one)";
  }
  for (const Wording& wording : kWordings) {
    if (starts_with(what, wording.theirs)) return std::string(wording.ours);
  }
  return std::string(what);
}

}  // namespace

std::string syntax_fault(std::string_view what, const SyntaxPlace& place) {
  return "not valid YAML: " + explained(what, place);
}

}  // namespace waybill::config
