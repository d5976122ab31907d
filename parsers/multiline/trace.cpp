// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/trace.h"

#include <algorithm>
#include <utility>

#include "core/ascii.h"
#include "parsers/multiline/crash.h"
#include "parsers/multiline/frames.h"
#include "parsers/multiline/signs.h"

namespace waybill::parsers::multiline {

namespace {

constexpr uint8_t kMostHeadLines = 6;
constexpr uint8_t kMostMessageLines = 3;  // behind the first, above frames

bool has(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

}  // namespace

Trace::Kind Trace::kind_of_traceback(std::string_view line) {
  return has(line, "Exception Group Traceback") ? Kind::kPythonGroup : Kind::kPython;
}

Trace::Kind Trace::kind_of_first() const {
  std::string_view line = without_colours(first_);
  // What stands at the front, or in a line without blanks, is told without looking any further.
  if (line.starts_with("fatal error: ") || is_signal(line) || is_goroutine(line)) return Kind::kGo;
  if (line.starts_with("# Time: ") || line.starts_with("# User@Host: ")) return Kind::kSlowQuery;
  if (is_script_place(line)) return Kind::kNodeHead;
  if (look_ == Look::kTimed && is_jul_head(line)) return Kind::kJulHead;
  if (look_ == Look::kTimed && is_erlang_head(line)) return Kind::kErlang;
  if (look_ == Look::kFresh && is_dotnet_head(line)) return Kind::kDotnetHead;
  if (look_ == Look::kPlain) {
    Kind report = kind_of_report(line);
    if (report != Kind::kNone) return report;
  }
  // A syntax error has no frames above it.
  if (look_ == Look::kIndented && is_python_place(without_indent(line))) return Kind::kPython;
  if (!has_signs(line)) return Kind::kNone;
  if (is_python_notice(line)) return Kind::kPythonChained;
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

Trace::Kind Trace::kind_of_report(std::string_view line) {
  if (is_terminate(line) || is_python_warning(line) || is_node_warning(line)) return Kind::kNative;
  if (is_jvm_report(line)) return Kind::kJvm;
  if (is_sanitizer_report(line)) return Kind::kSanitizer;
  if (line.starts_with("** (")) return Kind::kElixir;
  return is_node_error_head(line) ? Kind::kNodeProperties : Kind::kNone;
}

void Trace::judge() {
  if (judged_) return;
  judged_ = true;
  kind_ = kind_of_first();
  head_lines_ = 0;
  message_lines_ = 0;
  names_itself_ =
      kind_ == Kind::kHinted &&
      (is_class_line(first_) || first_.starts_with("Exception in thread ") ||
       first_.starts_with("Unhandled exception") || first_.starts_with("Unhandled Exception"));
  at_seen_ = in_message_ = summary_seen_ = false;
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

bool Trace::is_calm() {
  if (look_ != Look::kTimed && look_ != Look::kFresh) return false;
  judge();
  return !trouble_;
}

bool Trace::may_have_message() {
  if (look_ == Look::kWhole || look_ == Look::kBlank) return false;
  judge();
  return kind_ == Kind::kHinted && (trouble_ || names_itself_);
}

bool Trace::continues(std::string_view line, Look look) {
  if (look_ == Look::kWhole || look_ == Look::kBlank) return false;
  if (look == Look::kWhole || look == Look::kTimed || look == Look::kJsonBegin) return false;
  judge();
  if (message_lines_ > 0) {
    --message_lines_;
    return true;
  }
  if (look == Look::kBlank) return kind_ > Kind::kHinted;
  line = without_colours(line);
  if (kind_ == Kind::kJulHead) return continues_jul(line);
  if (kind_ == Kind::kSlowQuery) return !line.starts_with("# Time: ") && !user_begins(line);
  if (look == Look::kFresh) return false;
  if (look == Look::kIndented) return continues_indented(without_indent(line), trouble_);
  if (continues_plain(line)) return true;
  // What a bracket closes was opened before.
  bool closes = line[0] == '}' || line[0] == ']' || line[0] == ')';
  return look_ == Look::kTimed && closes;
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
    case Kind::kGoStack: return "a Go stack trace";
    case Kind::kRustMessage:
    case Kind::kRust: return "a Rust panic, or an error and its causes";
    case Kind::kPhp: return "a PHP stack trace";
    case Kind::kRuby: return "a Ruby backtrace";
    case Kind::kDartHead:
    case Kind::kDart: return "a Dart stack trace";
    case Kind::kNodeHead:
    case Kind::kNodeProperties: return "a Node.js stack trace";
    case Kind::kSlowQuery: return "an entry of a slow query log";
    case Kind::kJulHead: return "the two lines that java.util.logging writes";
    case Kind::kDotnetHead: return "the lines that .NET's console logger writes";
    case Kind::kElixir: return "an Elixir stack trace";
    case Kind::kErlang: return "a report of Erlang's";
    case Kind::kNative: return "indented lines below a warning, or what C++ says when it ends";
    case Kind::kJvm: return "a report of the Java Runtime Environment";
    case Kind::kSanitizer: return "a report of a sanitizer";
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
  if (kind_ == Kind::kGoStack) at_seen_ = has(text, ".go:");
  // Rails begins each of its own with a blank.
  if (kind_ == Kind::kRuby && is_rails_error(text)) return false;
  if (kind_ == Kind::kRustMessage) kind_ = Kind::kRust;
  // Below a header everything that is indented belongs to it; below other text, in traces alone.
  return look_ == Look::kTimed || look_ == Look::kFresh || kind_ > Kind::kHinted;
}

// Its second line, which speaks of trouble instead of the first.
bool Trace::continues_jul(std::string_view line) {
  if (!is_jul_message(line)) return false;
  trouble_ = line.starts_with("SEVERE") || line.starts_with("WARNING");
  kind_ = Kind::kHinted;
  return true;
}

void Trace::see_frame(std::string_view text) {
  in_message_ = at_seen_ && text.starts_with("Caused by: ");
  at_seen_ |= text.starts_with("at ");
  head_lines_ = 0;
  if (kind_ <= Kind::kHinted || kind_ == Kind::kNodeHead) kind_ = Kind::kFrames;
  if (text.starts_with("File \"") && kind_ == Kind::kFrames) kind_ = Kind::kPython;
  if (kind_ == Kind::kFrames && text.ends_with(" {")) kind_ = Kind::kNodeProperties;
}

bool Trace::continues_plain(std::string_view line) {
  if (is_plain_frame(line)) {
    if (line == "Stack trace:") kind_ = Kind::kPhp;
    see_frame(line);
    return true;
  }
  switch (kind_) {
    case Kind::kHinted:
      if (line == "Caused by:") {  // anyhow, eyre
        kind_ = Kind::kRust;
        return true;
      }
      return begins_below_header(line);
    case Kind::kNone:
    case Kind::kSlowQuery: return begins_below_header(line);
    case Kind::kFrames:
      if (in_message_) return ++head_lines_ <= kMostMessageLines;
      return line.starts_with("Node.js v") || line.starts_with("ClientConnectionId:") ||
             line.starts_with("Error Number:");
    case Kind::kPython:
    case Kind::kPythonGroup:
    case Kind::kPythonEnd:
    case Kind::kPythonChained: return continues_python(line);
    case Kind::kGo:
      return is_goroutine(line) || is_go_call(line) || line.starts_with("created by ") ||
             line.starts_with("[signal ") || line.starts_with("exit status ") ||
             line.starts_with("PC=") || line == "runtime stack:" || is_register(line);
    case Kind::kGoStack: return std::exchange(at_seen_, false) && is_go_function(line);
    case Kind::kRustMessage: kind_ = Kind::kRust; return true;
    case Kind::kRust:
      return line.starts_with("note: ") || line.starts_with("Message:") ||
             line.starts_with("Location:") || line.starts_with("Backtrace ") ||
             line.starts_with("Run with ") || line == "Stack backtrace:";
    case Kind::kPhp:
      return is_numbered(line, "#", " ") || line.starts_with("PHP Stack trace:") ||
             line.starts_with("PHP   ") || line == "[stacktrace]" || line.starts_with("\"}") ||
             (line.starts_with("Next ") && has(line, " in "));
    case Kind::kRuby: return is_ruby_frame(line);
    case Kind::kDartHead:
      if (is_numbered(line, "#", " ")) kind_ = Kind::kDart;
      return kind_ == Kind::kDart || ++head_lines_ <= kMostHeadLines;
    case Kind::kDart: return is_numbered(line, "#", " ") || line == "<asynchronous suspension>";
    case Kind::kNodeHead: return ++head_lines_ <= kMostHeadLines;
    case Kind::kNodeProperties:
      if (line == "}") kind_ = Kind::kFrames;
      return kind_ == Kind::kFrames;
    case Kind::kElixir: return line.starts_with("Last message") || line.starts_with("State: ");
    case Kind::kErlang: return true;
    case Kind::kNative: return is_node_hint(line);
    case Kind::kJvm: return line[0] == '#';
    case Kind::kSanitizer: return continues_sanitizer(line);
    case Kind::kJulHead:
    case Kind::kDotnetHead: break;
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
  if (kind_ == Kind::kPythonEnd) return is_sql_note(line);
  if (kind_ == Kind::kPythonGroup) return false;
  if (is_ruby_frame(line)) {
    // Ruby 2.5 to 2.7 begin so on a terminal, and end with the place of the error.
    kind_ = Kind::kRuby;
    return true;
  }
  // The exception itself: a name, dotted perhaps, that ends at a ':' or with the line.
  size_t end = std::min(line.find(':'), line.size());
  bool name = end > 0 && (is_letter(line[0]) || line[0] == '_') &&
              line.substr(0, end).find_first_of(" \t(") == std::string_view::npos;
  if (!name) return false;
  kind_ = Kind::kPythonEnd;
  return true;
}

bool Trace::continues_sanitizer(std::string_view line) {
  if (summary_seen_ && !is_below_summary(line)) return false;
  summary_seen_ |= line.starts_with("SUMMARY: ");
  if (ends_sanitizer_report(line)) kind_ = Kind::kFrames;
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
  } else if (line.starts_with("** (")) {
    kind_ = Kind::kElixir;
  } else if (is_ruby_frame(line)) {
    kind_ = Kind::kRuby;
  } else if (line == "[stacktrace]") {  // Monolog
    kind_ = Kind::kPhp;
  } else if (is_sure_go_function(line)) {
    kind_ = Kind::kGoStack;
  } else {
    return false;
  }
  return true;
}

}  // namespace waybill::parsers::multiline
