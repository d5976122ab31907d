// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/json_scan.h"

#include "core/ascii.h"

namespace waybill::parsers::multiline {

namespace {

// Behind the string whose opening quote is at `at`; npos when it does not end.
size_t end_of_string(std::string_view line, size_t at) {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Outside of strings JSON has brackets, punctuation, numbers, and three words.
bool is_json(char c) {
  constexpr std::string_view others = " \t,:-+.";
  return (c >= '0' && c <= '9') || others.find(c) != others.npos;
}

// The word at `at`, or the exponent of a number, is passed over; false when JSON has no such word.
bool pass_word(std::string_view line, size_t& at) {
  size_t end = at;
  while (end < line.size() && is_letter(line[end])) ++end;
  std::string_view word = line.substr(at, end - at);
  bool exponent =
      (word == "e" || word == "E") && at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9';
  at = end - 1;
  return exponent || word == "true" || word == "false" || word == "null";
}

}  // namespace

// Whether a bracket may open here: a value follows a ':', or stands in an array.
bool JsonScan::may_begin() const {
  if (depth_ == 0 || before_ == ':') return true;
  return arrays_.test(depth_ - 1) && (before_ == '[' || before_ == ',');
}

// JSON has no line ends within strings, so a string ends where its line does, or it is none.
JsonScan::State JsonScan::feed(std::string_view line) {
  bool closed = false;
  for (size_t at = 0; at < line.size(); ++at) {
    char c = line[at];
    if (closed && c != ' ' && c != '\t') return State::kBroken;
    if (c == '"') {
      size_t end = end_of_string(line, at);
      if (end == std::string_view::npos) return State::kBroken;
      at = end - 1;
    } else if (c == '{' || c == '[') {
      if (depth_ == kDeepest || !may_begin()) return State::kBroken;
      arrays_.set(depth_++, c == '[');
    } else if (c == '}' || c == ']') {
      if (depth_ == 0 || arrays_.test(depth_ - 1) != (c == ']')) return State::kBroken;
      closed = --depth_ == 0;
    } else if (is_letter(c) ? !pass_word(line, at) : !is_json(c)) {
      return State::kBroken;
    }
    if (c != ' ' && c != '\t') before_ = c;
  }
  return closed ? State::kClosed : State::kOpen;
}

size_t end_of_first_object(std::string_view line) {
  uint32_t depth = 0;
  for (size_t at = 0; at < line.size(); ++at) {
    char c = line[at];
    if (c == '"') {
      at = end_of_string(line, at);
      if (at == std::string_view::npos) return at;
      --at;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return std::string_view::npos;
      if (--depth > 0) continue;
      size_t next = line.find_first_not_of(" \t,", at + 1);
      bool another = next != std::string_view::npos && line[next] == '{';
      return another ? at + 1 : std::string_view::npos;
    }
  }
  return std::string_view::npos;
}

}  // namespace waybill::parsers::multiline
