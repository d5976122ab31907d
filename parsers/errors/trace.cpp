// SPDX-License-Identifier: Apache-2.0
// find_trace(): each language by what only its traces have.
#include <algorithm>

#include "core/ascii.h"
#include "parsers/errors/exception.h"
#include "parsers/errors/kinds.h"
#include "parsers/errors/reports.h"

namespace waybill::parsers::errors {

namespace {

constexpr std::string_view kTraceback = "Traceback (most recent call last):";

std::string_view line_at(std::string_view text, size_t at) {
  size_t end = std::min(text.find('\n', at), text.size());
  if (end > at && text[end - 1] == '\r') --end;
  return text.substr(at, end - at);
}

// Where the line behind the one at `at` begins; the text's size when there is none.
size_t next_line(std::string_view text, size_t at) {
  size_t end = text.find('\n', at);
  return end == text.npos ? text.size() : end + 1;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

std::string_view up_to(std::string_view text, std::string_view mark) {
  return text.substr(0, std::min(text.find(mark), text.size()));
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// ---- Python: the exception stands behind the last frame ----

// AWS Lambda writes the exception above its traceback, and none below.
void python_above(std::string_view text, size_t begin, Exception& found) {
  std::string_view above = text.substr(0, begin);
  while (!above.empty() && static_cast<unsigned char>(above.back()) <= ' ') above.remove_suffix(1);
  size_t at = above.rfind('\n') + 1;  // npos + 1 is 0
  if (above.substr(at).starts_with("[ERROR] ")) at += 8;
  Exception front;
  if (!read_front(above.substr(at), true, front)) return;
  found.type = front.type;
  found.message = front.message;
  found.stack = text.substr(at);
}

bool python(std::string_view text, size_t begin, Exception& found) {
  bool group = line_at(text, begin).find("Exception Group") != text.npos;
  size_t at = group ? begin : text.rfind(kTraceback);
  if (at == text.npos || at < begin) at = begin;
  found.stack = text.substr(begin);
  for (at = next_line(text, at); at < text.size(); at = next_line(text, at)) {
    std::string_view line = line_at(text, at);
    size_t margin = group && line.starts_with("  | ") ? 4 : 0;
    if (line.size() <= margin || is_blank(line[margin])) continue;
    std::string_view name = name_at(line, margin);
    if (name.empty()) return true;
    size_t end = margin + name.size();
    if (end < line.size() && line[end] != ':') return true;
    found.type = name;
    std::string_view rest = group ? line.substr(end) : text.substr(at + end);
    if (rest.starts_with(':')) found.message = trimmed(rest.substr(1));
    return true;
  }
  if (!group) python_above(text, begin, found);
  return true;
}

// ---- Go ----

// The type that a panic's value says: "main.MyErr{…}", "&app.Error{…}", "(*main.E) 0xc0000…".
std::string_view go_type(std::string_view value) {
  if (value.starts_with('(')) {
    std::string_view name = name_at(value, 1);
    bool closed = value.substr(1 + name.size()).starts_with(')');
    return closed && contains(name, ".") ? name : std::string_view();
  }
  std::string_view name = name_at(value, 0);
  bool literal = value.substr(name.size()).starts_with('{');
  return literal && contains(name, ".") ? name : std::string_view();
}

// "Code:17", "Code:\"PAY-17\"" inside a struct that is printed.
std::string_view go_code(std::string_view value) {
  size_t at = value.find("Code:");
  if (at == value.npos) return {};
  value = trimmed(value.substr(at + 5));
  if (value.starts_with('"'))
    return value.substr(1, std::min(value.find('"', 1), value.size()) - 1);
  return value.substr(0, std::min(value.find_first_of(" ,}"), value.size()));
}

bool go(std::string_view text, size_t begin, size_t value_at, std::string_view type,
        Exception& found) {
  std::string_view value = text.substr(value_at);
  size_t end = std::min({value.find("\ngoroutine "), value.find("\n[signal "),
                         value.find("\nruntime stack:"), value.size()});
  bool whole = end < value.size();
  value = trimmed(value.substr(0, end));
  if (size_t recovered = value.find(" [recovered]"); recovered != value.npos) {
    value = value.substr(0, recovered);
  }
  std::string_view said = go_type(value);
  found.type = said.empty() ? type : said;
  if (!said.empty()) found.code = go_code(value);
  found.message = value;
  if (whole) found.stack = text.substr(begin);
  return true;
}

// ---- Rust ----

bool rust(std::string_view text, size_t begin, size_t panicked, Exception& found) {
  found.type = "panic";
  std::string_view rest = text.substr(panicked + std::string_view("panicked at ").size());
  if (rest.starts_with('\'')) {  // up to 1.72: panicked at 'message', src/main.rs:2:5
    size_t close = rest.find("', ");
    if (close == rest.npos) return false;
    found.message = rest.substr(1, close - 1);
  } else {
    size_t end = rest.find('\n');
    if (end == rest.npos) return false;
    rest = rest.substr(end + 1);
    found.message = trimmed(up_to(up_to(rest, "\nnote: "), "\nstack backtrace:"));
  }
  found.stack = text.substr(begin);
  return true;
}

// ---- those whose frames stand behind the exception ----

// "    at f (/app/x.js:1:2)", "\tat a.b.C.d(C.java:1)", "   at A.B() in C.cs:line 1".
bool is_at_frame(std::string_view line) {
  if (line.empty() || !is_blank(line.front())) return false;
  line = trimmed(line);
  if (line.starts_with("eval at ")) return true;
  if (!line.starts_with("at ")) return false;
  size_t colon = line.rfind(':');
  bool position = colon != line.npos && colon + 1 < line.size() && is_digit(line[colon + 1]);
  return position || contains(line, "(") || contains(line, "<anonymous>");
}

// "#0 /app/a.php(3): f()", "#0 {main}", "#0      main (file:///x.dart:3:5)".
bool is_numbered_frame(std::string_view line) {
  size_t at = 1;
  while (at < line.size() && is_digit(line[at])) ++at;
  return line.starts_with('#') && at > 1 && at < line.size() && is_blank(line[at]);
}

// "\tfrom a.rb:2:in 'f'", "a.rb:2:in `f'"; not the first line, which has the message behind it.
bool is_ruby_frame(std::string_view line) {
  size_t in = line.find(":in ");
  if (in == line.npos || in == 0 || !is_digit(line[in - 1]) || in + 4 >= line.size()) return false;
  return (line[in + 4] == '`' || line[in + 4] == '\'') && !contains(line.substr(in), "': ");
}

// "\t/app/main.go:12 +0x1d", below the function's name.
bool is_go_frame(std::string_view line) { return line.starts_with('\t') && contains(line, ".go:"); }

// "    at src/main.rs:12", where an event of Rust's tracing was made: frames are numbered above it.
bool is_rust_place(std::string_view before, std::string_view line) {
  if (!contains(line, ".rs:") || !trimmed(line).starts_with("at ")) return false;
  before = trimmed(before);
  size_t digits = 0;
  while (digits < before.size() && is_digit(before[digits])) ++digits;
  return digits == 0 || !before.substr(digits).starts_with(": ");
}

bool is_frame(std::string_view line) {
  if (line.empty()) return false;
  return is_at_frame(line) || is_numbered_frame(line) || is_go_frame(line) || is_ruby_frame(line);
}

// "a.rb:1:in `f': message (Class)", "message (Class)".
bool ruby_front(std::string_view line, Exception& found) {
  if (!line.ends_with(')')) return false;
  size_t open = line.rfind(" (");
  if (open == line.npos) return false;
  std::string_view name = name_at(line, open + 2);
  if (!is_class(name) || open + 2 + name.size() + 1 != line.size()) return false;
  found.type = name;
  std::string_view message = line.substr(0, open);
  size_t in = message.find(":in ");
  size_t quote = in == message.npos ? in : message.find("': ", in);
  found.message = quote == message.npos ? message : message.substr(quote + 3);
  return true;
}

// "it failed: Error: bad": no more than the ending, which counts above frames alone.
size_t bare_inside(std::string_view line) {
  for (std::string_view name : {" Error: ", " Exception: "}) {
    size_t at = line.find(name);
    if (at != line.npos) return at + 1;
  }
  return line.npos;
}

// The class in the middle of a line: "it failed: java.io.IOException: bad".
size_t class_inside(std::string_view line) {
  for (size_t at = 0; at < line.size();) {
    std::string_view name = name_at(line, at);
    if (name.empty()) {
      ++at;
      continue;
    }
    size_t end = at + name.size();
    bool ends = end == line.size() || line[end] == ':' ||
                line.substr(end).starts_with(kInService);  // JBoss
    if (ends && is_class(name) && !is_bare(name)) return at;
    at = end;
  }
  return line.npos;
}

// Takes what is no message off it: what .NET and Java say of causes, PHP's place.
std::string_view only_message(std::string_view message) {
  for (std::string_view mark : {"\n ---> ", " ---> ", "\nCaused by: ", "\nStack trace:"}) {
    size_t at = message.find(mark);
    if (at == message.npos) continue;
    message = message.substr(0, at);
    if (mark != "\nStack trace:") continue;
    size_t in = message.rfind(" in /");
    if (in != message.npos) message = message.substr(0, in);
  }
  return trimmed(message);
}

// The first frame stands at `frame`; the exception is in front of it.
bool before_frames(std::string_view text, size_t frame, Exception& found) {
  std::string_view front = text.substr(0, frame);
  for (size_t at = 0; at < front.size(); at = next_line(front, at)) {
    std::string_view line = line_at(front, at);
    if (!read_front(line, true, found)) continue;
    if (line.find("):") == line.npos || !contains(line, " (")) {
      Exception again;  // its message may go on over several lines
      if (read_front(front.substr(at), true, again)) found.message = again.message;
    }
    found.message = only_message(found.message);
    found.stack = text.substr(at);
    if (found.code.empty()) found.code = node_code(text.substr(frame));
    return true;
  }
  size_t last = 0;  // the lines in front, once more, for a class inside of them
  for (size_t at = 0; at < front.size(); at = next_line(front, at)) {
    std::string_view line = line_at(front, at);
    if (!trimmed(line).empty()) last = at;
    if (ruby_front(line, found)) {
      found.stack = text.substr(at);
      return true;
    }
    size_t inside = class_inside(line);
    if (inside == line.npos) continue;
    read_front(front.substr(at + inside), true, found);
    found.message = only_message(found.message);
    found.stack = text.substr(at + inside);
    return true;
  }
  for (size_t at = 0; at < front.size(); at = next_line(front, at)) {
    size_t inside = bare_inside(line_at(front, at));
    if (inside == front.npos || !read_front(front.substr(at + inside), true, found)) continue;
    found.message = only_message(found.message);
    found.stack = text.substr(at + inside);
    return true;
  }
  // Frames alone, as zap writes them: Go has the function's name above its place.
  found.stack = text.substr(is_go_frame(line_at(text, frame)) ? last : frame);
  return true;
}

// ---- by the line ----

// Laravel, Monolog: "[object] (Class(code: 7): message at /app/a.php:3)".
bool monolog(std::string_view text, size_t at, Exception& found) {
  std::string_view rest = text.substr(at + std::string_view("[object] (").size());
  std::string_view name = name_at(rest, 0);
  size_t message = rest.find("): ");
  if (!is_class(name) || !rest.substr(name.size()).starts_with("(code: ") || message > 512) {
    return false;
  }
  found.type = name;
  std::string_view code = rest.substr(name.size() + 7, message - name.size() - 7);
  if (code != "0") found.code = code;
  rest.remove_prefix(message + 3);
  size_t place = std::min(rest.find(" at /"), rest.find('\n'));
  found.message = trimmed(rest.substr(0, std::min(place, rest.size())));
  found.stack = text.substr(at + std::string_view("[object] (").size());
  return true;
}

// What a line says without a look at the others. `rest` is the text from there on.
bool by_first_words(std::string_view text, size_t at, std::string_view line, Exception& found) {
  if (find_report(text, at, line, found)) return true;
  if (contains(line, "Exception Group Traceback (most recent")) return python(text, at, found);
  if (size_t trace = line.find(kTraceback); trace != line.npos) {
    return python(text, at + trace, found);
  }
  if (line.starts_with("  File \"") && contains(line, ", line ")) return python(text, at, found);
  if (line.starts_with("panic: ")) return go(text, at, at + 7, "panic", found);
  if (line.starts_with("fatal error: ")) return go(text, at, at + 13, "fatal error", found);
  if (size_t serving = line.find("panic serving "); serving != line.npos) {
    size_t value = line.find(": ", serving);
    if (value != line.npos) return go(text, at + serving, at + value + 2, "panic", found);
  }
  if (size_t thread = line.find("thread '"); thread != line.npos) {
    size_t panicked = line.find(" panicked at ", thread);
    if (panicked != line.npos) return rust(text, at + thread, at + panicked + 1, found);
  }
  if (size_t object = line.find("[object] ("); object != line.npos) {
    return monolog(text, at + object, found);
  }
  // What main() of Rust returns, by anyhow.
  if (line.starts_with("Error: ") &&
      text.substr(at + line.size()).starts_with("\n\nCaused by:\n")) {
    found.message = line.substr(7);
    found.stack = text.substr(at);
    return true;
  }
  return false;
}

}  // namespace

bool find_trace(std::string_view text, Exception& found) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  if (text.find('\n') == text.npos) {
    bool front = text.starts_with("panic: ") || text.starts_with("fatal error: ") ||
                 text.starts_with("thread '") || text.starts_with("terminate called ");
    return front && by_first_words(text, 0, text, found);
  }
  std::string_view before;
  bool dump = false;  // of what threads do: no error
  for (size_t at = 0; at < text.size(); at = next_line(text, at)) {
    std::string_view line = line_at(text, at);
    if (by_first_words(text, at, line, found)) return true;
    dump = contains(line, "java.lang.Thread.State: ") ||
           (dump && !line.empty() && is_blank(line.front()));
    bool frame = at > 0 && !dump && is_frame(line);
    if (frame && !is_rust_place(before, line)) return before_frames(text, at, found);
    before = line;
  }
  return false;
}

}  // namespace waybill::parsers::errors
