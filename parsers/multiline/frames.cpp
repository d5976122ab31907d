// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/frames.h"

#include <algorithm>
#include <cstddef>

#include "core/ascii.h"
#include "parsers/multiline/look.h"

namespace waybill::parsers::multiline {

namespace {

constexpr size_t kLongestClass = 200;
constexpr size_t kLongestFunction = 300;
constexpr size_t kLongestNumber = 16;

bool has(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

// "... 12 more", "... 3 common frames omitted"
bool is_elision(std::string_view text) {
  if (!is_numbered(text, "... ", " ")) return false;
  return has(text, " more") || has(text, " omitted") || has(text, " elided");
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

// The size of " (0x80131904)" or " (111)" at the front of `text`, as .NET writes an error's number
// between its class and the colon; else 0.
size_t number_in_brackets(std::string_view text) {
  if (!text.starts_with(" (")) return 0;
  size_t close = text.substr(0, kLongestNumber).find(')');
  if (close == text.npos || close == 2) return 0;
  bool number = std::all_of(text.begin() + 2, text.begin() + static_cast<std::ptrdiff_t>(close),
                            [](char c) { return is_digit(c) || is_letter(c); });
  return number && text.substr(close + 1).starts_with(": ") ? close + 1 : 0;
}

// The name that may be a class at the front of a line, if nothing but a colon follows; else "".
std::string_view class_of(std::string_view line) {
  size_t end = std::min(line.find_first_of(": "), line.size());
  if (end == 0 || end > kLongestClass) return {};
  std::string_view rest = line.substr(end);
  rest.remove_prefix(number_in_brackets(rest));
  if (!rest.empty() && (rest[0] != ':' || (rest.size() > 1 && rest[1] != ' '))) return {};
  std::string_view name = line.substr(0, end);
  size_t last = name.rfind('.') + 1;  // npos + 1 is 0
  if (last == name.size() || !is_upper(name[last])) return {};
  bool named = std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("._$+`").find(c) != std::string_view::npos;
  });
  return named ? name : std::string_view();
}

bool ends_as_error(std::string_view name) {
  for (std::string_view ending :
       {"Exception", "Error", "Throwable", "Exit", "Interrupt", "Warning"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

// Whether a word ends as errors' classes do, and the line or a colon behind it; or, if `blank`,
// one.
bool has_error_word(std::string_view line, bool blank) {
  for (std::string_view word : {"Exception", "Error", "Throwable", "V8 errors stack trace"}) {
    for (size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
      size_t end = at + word.size();
      if (end == line.size() || line[end] == ':' || (blank && line[end] == ' ')) return true;
    }
  }
  return false;
}

}  // namespace

bool is_numbered(std::string_view text, std::string_view before, std::string_view behind) {
  if (!text.starts_with(before)) return false;
  size_t at = before.size();
  while (at < text.size() && is_digit(text[at])) ++at;
  return at > before.size() && text.substr(at).starts_with(behind);
}

bool is_ruby_frame(std::string_view text) {
  size_t at = text.find(".rb:");
  if (at == std::string_view::npos) return false;
  at += 4;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(at).starts_with(":in ");
}

bool is_indented_frame(std::string_view text) {
  return is_at_frame(text) || is_elision(text) || text.starts_with("File \"") ||
         text.starts_with("Caused by: ") || text.starts_with("Suppressed: ") ||
         text.starts_with("--- End of ") || is_inner_exception(text) ||
         text.starts_with("nested exception is:") || is_from_frame(text) || is_ruby_frame(text) ||
         (is_numbered(text, "", ": ") && has(text, "::"));
}

bool is_plain_frame(std::string_view text) {
  return text.starts_with("Caused by: ") || text.starts_with("Suppressed: ") || is_elision(text) ||
         text.starts_with("nested exception is:") || text.starts_with("--- End of stack trace") ||
         text == "Stack trace:" || text == "stack backtrace:" || is_inner_exception(text) ||
         text.starts_with("...additional frames elided") || text == "Driver stacktrace:";
}

bool is_goroutine(std::string_view line) {
  return is_numbered(line, "goroutine ", " ") && line.back() == ':' && has(line, "[");
}

bool is_go_call(std::string_view line) {
  size_t open = line.find('(');
  size_t blank = line.find(' ');
  return open != std::string_view::npos && open > 0 && line.back() == ')' &&
         (blank == std::string_view::npos || open < blank);
}

bool is_go_function(std::string_view line) {
  if (line.empty() || line.size() > kLongestFunction) return false;
  size_t name = line.rfind('/') + 1;  // of the package's last part; npos + 1 is 0
  size_t dot = line.find('.', name);
  if (dot == line.npos || dot == name || dot + 1 == line.size()) return false;
  if (!is_letter(line[0]) && line[0] != '_') return false;
  return std::all_of(line.begin(), line.end(), [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("._-/(*)[]~%").find(c) != std::string_view::npos;
  });
}

bool is_sure_go_function(std::string_view line) {
  if (!is_go_function(line)) return false;
  std::string_view part = line.substr(line.rfind('/') + 1);
  if (!is_letter(part[0])) return false;
  std::string_view last = part.substr(part.rfind('.') + 1);
  for (std::string_view ending :
       {"go",  "py",  "rs",  "js",   "ts",  "c",   "cc",   "cpp",  "h",   "java",
        "rb",  "php", "sh",  "html", "css", "txt", "md",   "yaml", "yml", "json",
        "log", "xml", "csv", "conf", "cfg", "ini", "toml", "gz",   "zip", "png",
        "jpg", "svg", "sql", "so",   "com", "org", "net",  "io"}) {
    if (last == ending) return false;
  }
  return part.size() < line.size() || part.starts_with("main.") || part.starts_with("runtime.") ||
         has(part, ".(*");
}

bool is_register(std::string_view line) {
  size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank > 7) return false;
  std::string_view value = without_indent(line.substr(blank));
  return value.starts_with("0x") && value.find(' ') == value.npos;
}

bool is_class_line(std::string_view line) {
  std::string_view name = class_of(line);
  if (name.empty()) return false;
  return ends_as_error(name) || (name.find('.') != name.npos && name.size() < line.size());
}

std::string_view error_class_of(std::string_view line) {
  std::string_view name = class_of(line);
  return ends_as_error(name) ? name : std::string_view();
}

bool hints_at_exception(std::string_view line) {
  return has_error_word(line, true) || has(line, "Unhandled exception");
}

bool names_exception(std::string_view line) { return has_error_word(line, false); }

bool is_script_place(std::string_view line) {
  if (line.find(' ') != line.npos) return false;
  if (line.starts_with("node:internal/")) return is_numbered(line.substr(line.rfind(':')), ":", "");
  for (std::string_view suffix : {".js:", ".ts:", ".mjs:", ".cjs:"}) {
    size_t at = line.find(suffix);
    if (at == line.npos) continue;
    return is_numbered(line.substr(at + suffix.size()), "", "");
  }
  return false;
}

bool is_signal(std::string_view line) {
  if (!line.starts_with("SIG")) return false;
  size_t at = 3;
  while (at < line.size() && is_upper(line[at])) ++at;
  return at > 3 && line.substr(at).starts_with(": ");
}

bool is_rails_error(std::string_view line) { return line.ends_with("):") && has(line, "Error ("); }

bool is_traceback(std::string_view text) { return has(text, "Traceback (most recent call last)"); }

bool is_group_head(std::string_view text) {
  return text.starts_with("| ") && has(text, " sub-exception");
}

bool is_python_place(std::string_view text) {
  return text.starts_with("File \"") && has(text, "\", line ");
}

bool is_python_notice(std::string_view line) {
  // Java's has the thread's name in quotes, and the exception behind it.
  if (line.starts_with("Exception in thread ")) {
    return line.back() == ':' && line.find('"') == line.npos;
  }
  return line.starts_with("Exception ignored in: ");
}

bool is_sql_note(std::string_view line) {
  for (std::string_view start : {"[SQL: ", "[parameters: ", "(Background on this error at: ",
                                 "DETAIL:  ", "DETAIL: ", "HINT:  ", "HINT: ", "CONTEXT:  "}) {
    if (line.starts_with(start)) return true;
  }
  return is_numbered(line, "LINE ", ": ");
}

bool is_jul_head(std::string_view line) {
  // "Jan 02, 2026 3:04:05 AM "
  if (line.size() < 24 || line[6] != ',') return false;
  std::string_view front = line.substr(0, 28);
  size_t half = std::min(front.find(" AM "), front.find(" PM "));
  if (half == front.npos) return false;
  std::string_view place = line.substr(half + 4);
  size_t blank = place.find(' ');
  return blank != place.npos && blank > 0 && place.find(' ', blank + 1) == place.npos &&
         place.substr(0, blank).find('.') != place.npos && blank + 1 < place.size();
}

bool is_jul_message(std::string_view line) {
  for (std::string_view level :
       {"SEVERE: ", "WARNING: ", "INFO: ", "CONFIG: ", "FINE: ", "FINER: ", "FINEST: "}) {
    if (line.starts_with(level)) return true;
  }
  return false;
}

bool is_erlang_head(std::string_view line) {
  size_t mark = line.substr(0, 40).find(" REPORT==== ");
  return line.starts_with('=') && mark != line.npos && mark > 1 && line.ends_with(" ===");
}

bool is_dotnet_head(std::string_view line) {
  if (line.size() < 10 || line.substr(4, 2) != ": " || line.back() != ']') return false;
  size_t open = line.find('[', 7);
  if (open == line.npos) return false;
  for (std::string_view level : {"trce", "dbug", "info", "warn", "fail", "crit"}) {
    if (!line.starts_with(level)) continue;
    std::string_view id = line.substr(open + 1, line.size() - open - 2);
    return !id.empty() && line.find(' ', 6) == line.npos &&
           (id[0] == '-' || std::all_of(id.begin(), id.end(), is_digit));
  }
  return false;
}

bool is_frame(std::string_view text) {
  std::string_view inside = without_indent(text);
  if (inside.empty()) return false;
  return inside.size() < text.size() ? is_indented_frame(inside) : is_plain_frame(text);
}

}  // namespace waybill::parsers::multiline
