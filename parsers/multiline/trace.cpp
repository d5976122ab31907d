// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/trace.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/ascii.h"
#include "parsers/multiline/signs.h"

namespace waybill::parsers::multiline {

namespace {

constexpr uint8_t kMostHeadLines = 6;
constexpr size_t kLongestClass = 200;

bool has(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

// "12:" or "#12 " with what stands before and behind the number.
bool is_numbered(std::string_view text, std::string_view before, std::string_view behind) {
  if (!text.starts_with(before)) return false;
  size_t at = before.size();
  while (at < text.size() && is_digit(text[at])) ++at;
  return at > before.size() && text.substr(at).starts_with(behind);
}

// "... 12 more", "... 3 common frames omitted"
bool is_elision(std::string_view text) {
  if (!is_numbered(text, "... ", " ")) return false;
  return has(text, " more") || has(text, " omitted") || has(text, " elided");
}

// "app/models/x.rb:12:in `f'", with any opening quote.
bool is_ruby_frame(std::string_view text) {
  size_t at = text.find(".rb:");
  if (at == std::string_view::npos) return false;
  at += 4;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(at).starts_with(":in ");
}

// "at shop.Cart.check(Cart.java:7)", "at check (/app/x.js:1:2)", "at /app/x.js:1:2", "at A.B () [0]
// in x.cs:3": a call behind a name, or a place.
bool is_at_frame(std::string_view text) {
  if (text.starts_with("eval ")) text.remove_prefix(5);
  if (!text.starts_with("at ")) return false;
  text.remove_prefix(3);
  if (text.ends_with(" {")) text.remove_suffix(2);
  if (text.size() < 2) return false;
  char first = text[0];
  bool named = is_letter(first) || first == '_' || first == '$' || first == '<' || first == '/';
  size_t open = text.find('(');
  if (open != text.npos) {
    return named && open > 0 && (text.back() == ')' || has(text, ") in ") || has(text, ") ["));
  }
  size_t colon = text.rfind(':');
  bool digits =
      colon != text.npos && colon + 1 < text.size() &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1, text.end(), is_digit);
  return digits && text.find(' ') == text.npos && text.find_first_of("/.\\") != text.npos;
}

// "from app.rb:7:in `f'"
bool is_from_frame(std::string_view text) {
  size_t in = text.find(":in ");
  return text.starts_with("from ") && in != text.npos && is_digit(text[in - 1]);
}

// "---> System.IO.IOException: gone": a class, and not what `docker build` writes.
bool is_inner_exception(std::string_view text) {
  if (!text.starts_with("---> ")) return false;
  std::string_view name = text.substr(5, text.find(':') - 5);
  return has(name, ".") || name.ends_with("Exception") || name.ends_with("Error");
}

// A line of a trace by its letters, whatever the language. `text` stood behind blanks.
bool is_indented_frame(std::string_view text) {
  return is_at_frame(text) || is_elision(text) || text.starts_with("File \"") ||
         text.starts_with("Caused by: ") || text.starts_with("Suppressed: ") ||
         text.starts_with("--- End of ") || is_inner_exception(text) ||
         text.starts_with("nested exception is:") || is_from_frame(text) || is_ruby_frame(text) ||
         (is_numbered(text, "", ": ") && has(text, "::"));
}

// The same of a line that is not indented.
bool is_plain_frame(std::string_view text) {
  return text.starts_with("Caused by: ") || text.starts_with("Suppressed: ") || is_elision(text) ||
         text.starts_with("nested exception is:") || text.starts_with("--- End of stack trace") ||
         text == "Stack trace:" || text == "stack backtrace:" || is_inner_exception(text) ||
         text.starts_with("...additional frames elided");
}

// "goroutine 12 [running]:", "goroutine 1 gp=0x1 m=2 [select]:"
bool is_goroutine(std::string_view line) {
  return is_numbered(line, "goroutine ", " ") && line.back() == ':' && has(line, "[");
}

// "main.(*T).f(0x1, …)", "runtime.goexit()": a call, without a blank before its parenthesis.
bool is_go_call(std::string_view line) {
  size_t open = line.find('(');
  size_t blank = line.find(' ');
  return open != std::string_view::npos && open > 0 && line.back() == ')' &&
         (blank == std::string_view::npos || open < blank);
}

// "rax    0x0"
bool is_register(std::string_view line) {
  size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank > 7) return false;
  std::string_view value = without_indent(line.substr(blank));
  return value.starts_with("0x") && value.find(' ') == value.npos;
}

// "java.lang.IllegalStateException: …", "ValueError", "app.errors.Bad: …": a class by its letters.
bool is_class_line(std::string_view line) {
  size_t end = std::min(line.find_first_of(": "), line.size());
  if (end == 0 || end > kLongestClass || (end < line.size() && line[end] != ':')) return false;
  if (end + 1 < line.size() && line[end + 1] != ' ') return false;
  std::string_view name = line.substr(0, end);
  size_t dot = name.rfind('.');
  std::string_view last = dot == name.npos ? name : name.substr(dot + 1);
  if (last.empty() || !is_upper(last[0])) return false;
  bool named = std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '$' || c == '+' || c == '`';
  });
  bool error = last.ends_with("Exception") || last.ends_with("Error") ||
               last.ends_with("Throwable") || last.ends_with("Exit") ||
               last.ends_with("Interrupt") || last.ends_with("Warning");
  return named && (error || (dot != name.npos && end < line.size()));
}

// "Exception in thread …", "…Error: …", "V8 errors stack trace": a trace may follow.
bool hints_at_exception(std::string_view line) {
  for (std::string_view word : {"Exception", "Error", "Throwable", "V8 errors stack trace"}) {
    for (size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
      size_t end = at + word.size();
      if (end == line.size() || line[end] == ':' || line[end] == ' ') return true;
    }
  }
  return has(line, "Unhandled exception");
}

// "/app/index.js:12"
bool is_script_place(std::string_view line) {
  if (line.find(' ') != line.npos) return false;
  for (std::string_view suffix : {".js:", ".ts:", ".mjs:", ".cjs:"}) {
    size_t at = line.find(suffix);
    if (at == line.npos) continue;
    return is_numbered(line.substr(at + suffix.size()), "", "");
  }
  return false;
}

// "SIGQUIT: quit"
bool is_signal(std::string_view line) {
  if (!line.starts_with("SIG")) return false;
  size_t at = 3;
  while (at < line.size() && is_upper(line[at])) ++at;
  return at > 3 && line.substr(at).starts_with(": ");
}

// "NoMethodError (undefined method …):"
bool is_rails_error(std::string_view line) { return line.ends_with("):") && has(line, "Error ("); }

bool is_traceback(std::string_view text) { return has(text, "Traceback (most recent call last)"); }

// "| ExceptionGroup: two of three (2 sub-exceptions)", without a traceback above it.
bool is_group_head(std::string_view text) {
  return text.starts_with("| ") && has(text, " sub-exception");
}

}  // namespace

bool is_frame(std::string_view text) {
  std::string_view inside = without_indent(text);
  if (inside.empty()) return false;
  return inside.size() < text.size() ? is_indented_frame(inside) : is_plain_frame(text);
}

Trace::Kind Trace::kind_of_traceback(std::string_view line) {
  return has(line, "Exception Group Traceback") ? Kind::kPythonGroup : Kind::kPython;
}

Trace::Kind Trace::kind_of_first() const {
  std::string_view line = without_colours(first_);
  // What stands at the front, or in a line without blanks, is told without looking any further.
  if (line.starts_with("fatal error: ") || is_signal(line) || is_goroutine(line)) return Kind::kGo;
  if (line.starts_with("# Time: ") || line.starts_with("# User@Host: ")) return Kind::kSlowQuery;
  if (is_script_place(line)) return Kind::kNodeHead;
  if (!has_signs(line)) return Kind::kNone;
  if (is_traceback(line)) return kind_of_traceback(line);
  if (is_group_head(without_indent(line))) return Kind::kPythonGroup;
  if (has(line, "panicked at ")) {
    // Before Rust 1.73 the message stood between "panicked at" and the place.
    return line.ends_with(':') ? Kind::kRustMessage : Kind::kRust;
  }
  if (line.starts_with("The application panicked")) return Kind::kRust;
  if (has(line, "panic: ") || has(line, "http: panic serving ")) return Kind::kGo;
  if (line.ends_with("Unhandled exception:")) return Kind::kDartHead;
  if (has(line, "PHP Fatal error") || has(line, "PHP Warning") || has(line, "PHP Notice") ||
      has(line, "PHP Parse error") || has(line, "Uncaught ")) {
    return Kind::kPhp;
  }
  if (is_rails_error(line) || is_ruby_frame(line)) return Kind::kRuby;
  return hints_at_exception(line) ? Kind::kHinted : Kind::kNone;
}

void Trace::judge() {
  if (judged_) return;
  judged_ = true;
  kind_ = kind_of_first();
  head_lines_ = 0;
  user_seen_ = first_.starts_with("# User@Host: ");
  bool header = look_ == Look::kTimed || look_ == Look::kFresh;
  trouble_ = header && speaks_of_trouble(first_);
}

void Trace::settle() {
  judge();
  first_ = {};
}

bool Trace::expects_more() {
  if (look_ == Look::kWhole || look_ == Look::kBlank) return false;
  judge();
  return kind_ != Kind::kNone || trouble_;
}

bool Trace::continues(std::string_view line, Look look, bool joins_plain) {
  if (look_ == Look::kWhole || look_ == Look::kBlank) return false;
  if (look == Look::kWhole || look == Look::kTimed) return false;
  judge();
  if (look == Look::kJsonBegin) return joins_plain && look_ == Look::kTimed;
  if (look == Look::kBlank) return kind_ > Kind::kHinted;
  line = without_colours(line);
  if (kind_ == Kind::kSlowQuery) return !line.starts_with("# Time: ") && !user_begins(line);
  if (look == Look::kFresh) return false;
  if (look == Look::kIndented) return continues_indented(without_indent(line), trouble_);
  if (continues_plain(line)) return true;
  // What a bracket closes was opened before.
  bool closes = line[0] == '}' || line[0] == ']' || line[0] == ')';
  return look_ == Look::kTimed && (joins_plain || closes);
}

std::string_view Trace::joined_by(Look last) const {
  switch (kind_) {
    case Kind::kNone:
    case Kind::kHinted: break;
    case Kind::kFrames: return "stack frames, as Java, Node.js and .NET write them";
    case Kind::kPython:
    case Kind::kPythonGroup:
    case Kind::kPythonEnd:
    case Kind::kPythonChained: return "a Python traceback";
    case Kind::kGo: return "a Go panic";
    case Kind::kRustMessage:
    case Kind::kRust: return "a Rust panic";
    case Kind::kPhp: return "a PHP stack trace";
    case Kind::kRuby: return "a Ruby backtrace";
    case Kind::kDartHead:
    case Kind::kDart: return "a Dart stack trace";
    case Kind::kNodeHead:
    case Kind::kNodeProperties: return "a Node.js stack trace";
    case Kind::kSlowQuery: return "an entry of a slow query log";
  }
  if (last == Look::kIndented) return "indented lines below the one that begins the record";
  if (look_ == Look::kTimed) return "lines without a time below one that has it";
  return "lines of one stack trace";
}

// Servers before 5.7 write the time only when it has changed.
bool Trace::user_begins(std::string_view line) {
  if (!line.starts_with("# User@Host: ")) return false;
  return std::exchange(user_seen_, true);
}

bool Trace::continues_indented(std::string_view text, bool trouble) {
  bool begins = is_traceback(text) || is_group_head(text);
  if (begins && look_ == Look::kTimed && !trouble && kind_ <= Kind::kHinted) return false;
  if (is_indented_frame(text)) {
    see_frame(text);
    return true;
  }
  if (kind_ == Kind::kPythonChained && is_traceback(text)) kind_ = kind_of_traceback(text);
  // Rails begins each of its own with a blank.
  if (kind_ == Kind::kRuby && is_rails_error(text)) return false;
  if (kind_ == Kind::kRustMessage) kind_ = Kind::kRust;
  // Below a header everything that is indented belongs to it; below other text, in traces alone.
  return look_ == Look::kTimed || look_ == Look::kFresh || kind_ > Kind::kHinted;
}

void Trace::see_frame(std::string_view text) {
  if (kind_ <= Kind::kHinted || kind_ == Kind::kNodeHead) kind_ = Kind::kFrames;
  if (text.starts_with("File \"") && kind_ == Kind::kFrames) kind_ = Kind::kPython;
  if (kind_ == Kind::kFrames && text.ends_with(" {")) kind_ = Kind::kNodeProperties;
}

bool Trace::continues_plain(std::string_view line) {
  if (is_plain_frame(line)) {
    if (line == "Stack trace:") kind_ = Kind::kPhp;
    if (kind_ <= Kind::kHinted) kind_ = Kind::kFrames;
    return true;
  }
  switch (kind_) {
    case Kind::kNone:
    case Kind::kHinted:
    case Kind::kSlowQuery: return begins_below_header(line);
    case Kind::kFrames: return line.starts_with("Node.js v");
    case Kind::kPython:
    case Kind::kPythonGroup:
    case Kind::kPythonEnd:
    case Kind::kPythonChained: return continues_python(line);
    case Kind::kGo:
      return is_goroutine(line) || is_go_call(line) || line.starts_with("created by ") ||
             line.starts_with("[signal ") || line.starts_with("exit status ") ||
             line.starts_with("PC=") || line == "runtime stack:" || is_register(line);
    case Kind::kRustMessage: kind_ = Kind::kRust; return true;
    case Kind::kRust:
      return line.starts_with("note: ") || line.starts_with("Message:") ||
             line.starts_with("Location:") || line.starts_with("Backtrace ") ||
             line.starts_with("Run with ");
    case Kind::kPhp: return is_numbered(line, "#", " ") || line.starts_with("PHP Stack trace:");
    case Kind::kRuby: return is_ruby_frame(line);
    case Kind::kDartHead:
      if (is_numbered(line, "#", " ")) kind_ = Kind::kDart;
      return kind_ == Kind::kDart || ++head_lines_ <= kMostHeadLines;
    case Kind::kDart: return is_numbered(line, "#", " ") || line == "<asynchronous suspension>";
    case Kind::kNodeHead: return ++head_lines_ <= kMostHeadLines;
    case Kind::kNodeProperties:
      if (line == "}") kind_ = Kind::kFrames;
      return kind_ == Kind::kFrames;
  }
  return false;
}

bool Trace::continues_python(std::string_view line) {
  if (line.starts_with("During handling of the above exception") ||
      line.starts_with("The above exception was the direct cause")) {
    kind_ = Kind::kPythonChained;
    return true;
  }
  if (kind_ == Kind::kPythonChained) {
    if (!is_traceback(line)) return false;
    kind_ = kind_of_traceback(line);
    return true;
  }
  if (kind_ == Kind::kPythonEnd || kind_ == Kind::kPythonGroup) return false;
  // The exception itself: a name, dotted perhaps, that ends at a ':' or with the line.
  size_t end = std::min(line.find(':'), line.size());
  bool name = end > 0 && (is_letter(line[0]) || line[0] == '_') &&
              line.substr(0, end).find_first_of(" \t(") == std::string_view::npos;
  if (!name) return false;
  kind_ = Kind::kPythonEnd;
  return true;
}

// A trace of its own line below a header that speaks of trouble: logging.exception(), log4j's %ex.
bool Trace::begins_below_header(std::string_view line) {
  bool header = look_ == Look::kTimed || look_ == Look::kFresh;
  if (!header || !trouble_) return false;
  if (is_traceback(line)) {
    kind_ = Kind::kPython;
  } else if (is_goroutine(line)) {
    kind_ = Kind::kGo;
  } else if (is_class_line(line)) {
    kind_ = Kind::kFrames;
  } else {
    return false;
  }
  return true;
}

}  // namespace waybill::parsers::multiline
