// SPDX-License-Identifier: Apache-2.0
#include "parsers/errors/exception.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "parsers/errors/kinds.h"

namespace waybill::parsers::errors {

namespace {

constexpr size_t kLongestName = 256;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view trimmed_end(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

constexpr std::array<std::string_view, 8> kEndings = {
    "Exception", "Error", "Throwable", "Failure", "Fault", "Interrupt", "Exit", "Panic"};

// What runtimes say in front of an exception that nobody has caught.
std::string_view behind_announcement(std::string_view text) {
  constexpr std::array<std::string_view, 8> announcements = {
      "Unhandled exception. ", "Unhandled Exception: ", "Unhandled exception: ", "Caused by: ",
      "PHP Fatal error:  ",    "PHP Fatal error: ",     "Fatal error: ",         "Uncaught "};
  if (text.starts_with('E') && text.starts_with("Exception in thread \"")) {
    size_t quote = text.find("\" ", 21);
    if (quote != text.npos && quote < text.find('\n')) return text.substr(quote + 2);
  }
  if (text.empty() || (text[0] != 'U' && text[0] != 'C' && text[0] != 'P' && text[0] != 'F')) {
    return text;
  }
  for (std::string_view announcement : announcements) {
    if (text.starts_with(announcement)) text.remove_prefix(announcement.size());
  }
  return text;
}

// "[CODE]" behind a class (Node.js); taken off `rest`.
std::string_view take_code(std::string_view& rest) {
  if (!rest.starts_with(" [")) return {};
  size_t close = rest.find(']');
  if (close == rest.npos || close > 64) return {};
  std::string_view code = rest.substr(2, close - 2);
  for (char c : code) {
    if (!is_word_byte(c)) return {};
  }
  rest.remove_prefix(close + 1);
  return code;
}

}  // namespace

std::string_view name_at(std::string_view text, size_t at) {
  text = text.substr(at, kLongestName);
  size_t i = 0;
  while (i < text.size() && (text[i] == '*' || text[i] == '&' || text[i] == '\\')) ++i;
  if (i > 1 || i == text.size() || !is_letter(text[i])) return {};
  constexpr std::string_view joints = ".$\\/+";
  auto letter_at = [&](size_t k) { return k < text.size() && is_letter(text[k]); };
  while (i < text.size()) {
    if (is_word_byte(text[i]) || (joints.find(text[i]) != joints.npos && letter_at(i + 1))) {
      ++i;
    } else if ((text.substr(i, 2) == "::" || text.substr(i, 2) == "\\\\") && letter_at(i + 2)) {
      i += 2;  // of PHP in JSON, too
    } else {
      break;
    }
  }
  return text.substr(0, i);
}

bool is_bare(std::string_view name) {
  for (std::string_view ending : kEndings) {
    if (name == ending) return true;
  }
  return false;
}

bool is_class(std::string_view name) {
  if (name.empty()) return false;
  bool pointer = (name.front() == '*' || name.front() == '&') && name.find('.') != name.npos;
  if (pointer) return true;
  size_t joint = name.find_last_of(".:\\/$+");
  std::string_view last = joint == name.npos ? name : name.substr(joint + 1);
  if (last.empty()) return false;
  bool capital = last.front() >= 'A' && last.front() <= 'Z';
  for (size_t i = 0; capital && i < kEndings.size(); ++i) {
    if (last.ends_with(kEndings[i])) return true;
  }
  return is_known_class(name);
}

bool read_front(std::string_view text, bool bare, Exception& found) {
  text = behind_announcement(without_blanks(text));
  std::string_view name = name_at(text, 0);
  std::string_view rest = text.substr(name.size());
  // Most lines begin with a word that another one follows.
  bool service = rest.starts_with(kInService);
  bool prose = rest.size() > 1 && rest[0] == ' ' && rest[1] != '[' && rest[1] != '(' && !service;
  if (prose || !is_class(name) || (!bare && is_bare(name))) return false;
  // JBoss; and old Elasticsearch: "Class[message]".
  if (service) rest.remove_prefix(std::min(rest.find(": "), rest.size()));
  std::string_view code = take_code(rest);
  bool alone = rest.empty() || rest.front() == '\n' || rest.front() == '\r';
  if (rest.starts_with(" (")) {
    size_t close = rest.find("):");
    if (close == rest.npos || rest.find('\n') < close) return false;
    std::string_view inside = rest.substr(2, close - 2);
    std::string_view behind = rest.substr(close + 2);
    if (behind.empty() || behind.front() == '\n' || behind.front() == '\r') {
      found.message = inside;  // Rails: "Class (message):"
    } else if (is_blank(behind.front()) &&
               std::all_of(inside.begin(), inside.end(), is_word_byte)) {
      code = inside;  // .NET: "Class (0x80004005): message"
      found.message = trimmed_end(without_blanks(behind));
    } else {
      return false;
    }
  } else if (rest.starts_with('[') && rest.ends_with(']')) {
    found.message = rest.substr(1, rest.size() - 2);
  } else if (alone) {
    found.message = {};
  } else if (rest.front() == ':' && (rest.size() == 1 || is_blank(rest[1]) || rest[1] == '\n')) {
    found.message = trimmed_end(without_blanks(rest.substr(1)));
  } else {
    return false;
  }
  found.type = name;
  if (!code.empty()) found.code = code;
  return true;
}

}  // namespace waybill::parsers::errors
