// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/objects.h"

#include <algorithm>
#include <string>

#include "parsers/multiline/frames.h"
#include "parsers/multiline/look.h"
#include "parsers/multiline/trace.h"

namespace waybill::parsers::multiline {

namespace {

constexpr size_t kMostLine = size_t{64} * 1024;  // of a line, that is looked at
constexpr size_t kMostText = 300;                // of a value

// The first line of the string whose inside begins at `at`, its escapes taken off; `at` ends behind
// what was read.
std::string first_line(std::string_view line, size_t& at) {
  std::string text;
  for (; at < line.size() && line[at] != '"' && text.size() < kMostText; ++at) {
    char c = line[at];
    if (c == '\\' && at + 1 < line.size()) {
      c = line[++at];
      if (c == 'n' || c == 'r') return text;
      if (c == 't') c = '\t';
    }
    text += c;
  }
  return text;
}

// "shop.CartError: empty": a class with its package, as above a trace.
bool begins_with_class(std::string_view text) {
  std::string_view name = text.substr(0, text.find_first_of(": "));
  bool error = name.ends_with("Error") || name.ends_with("Throwable");
  return error && name.find('.') != name.npos;
}

ObjectSign sign_of(std::string_view text) {
  if (is_frame(text)) return ObjectSign::kFrame;
  Trace trace;
  trace.begin(text, Look::kPlain);
  if (!trace.expects_more()) return ObjectSign::kNone;
  for (std::string_view word : {"Exception", "Traceback", "panic"}) {
    if (text.find(word) != text.npos) return ObjectSign::kHeader;
  }
  return begins_with_class(text) ? ObjectSign::kHeader : ObjectSign::kHint;
}

}  // namespace

ObjectSign sign_of_object(std::string_view line) {
  line = line.substr(0, kMostLine);
  ObjectSign sign = ObjectSign::kNone;
  for (size_t at = line.find(':'); at != line.npos; at = line.find(':', at)) {
    at = std::min(line.find_first_not_of(" \t", at + 1), line.size());
    if (at == line.size() || line[at] != '"') continue;
    sign = std::max(sign, sign_of(first_line(line, ++at)));
    if (sign == ObjectSign::kFrame) break;
  }
  return sign;
}

}  // namespace waybill::parsers::multiline
