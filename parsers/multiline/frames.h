// SPDX-License-Identifier: Apache-2.0
// Frames: what lines of stack traces look like, each by its own letters. `text` stands behind the
// blanks of an indented line, `line` begins at the margin.
#pragma once

#include <string_view>

namespace waybill::parsers::multiline {

// Whether a text is a line of a stack trace by its own letters, whatever stands before it: an
// indented frame ("  at a.b.C(C.java:1)"), "Caused by: …", "... 3 more" and their like.
bool is_frame(std::string_view text);

// The same of a line that is indented, without its blanks, and of one that is not.
bool is_indented_frame(std::string_view text);
bool is_plain_frame(std::string_view line);

// `before`, digits and `behind`: "#12 ".
bool is_numbered(std::string_view text, std::string_view before, std::string_view behind);

// "Traceback (most recent call last)", wherever it stands.
bool is_traceback(std::string_view text);
// "| ExceptionGroup: two of three (2 sub-exceptions)", without a traceback above it.
bool is_group_head(std::string_view text);
// "File "cart.py", line 7": a syntax error has no more above it.
bool is_python_place(std::string_view text);
// What Python writes of a thread or a finaliser that failed, above the traceback.
bool is_python_notice(std::string_view line);
// What SQLAlchemy and psycopg write below an exception.
bool is_sql_note(std::string_view line);

// "goroutine 12 [running]:", "goroutine 1 gp=0x1 m=2 [select]:"
bool is_goroutine(std::string_view line);
// "main.(*T).f(0x1, …)", "runtime.goexit()": a call, without a blank before its parenthesis.
bool is_go_call(std::string_view line);
// "main.main", "net/http.(*conn).serve", "shop.(*Cart[...]).add": as zap and pkg/errors write them.
bool is_go_function(std::string_view line);
// One that is no host, file or version either: in package main or runtime, of a method, or behind a
// path.
bool is_sure_go_function(std::string_view line);
// "rax    0x0"
bool is_register(std::string_view line);
// "SIGQUIT: quit"
bool is_signal(std::string_view line);

// "app/models/x.rb:12:in `f'", with any opening quote.
bool is_ruby_frame(std::string_view text);
// "NoMethodError (undefined method …):"
bool is_rails_error(std::string_view line);
// "/app/index.js:12", "node:internal/modules/cjs/loader:936"
bool is_script_place(std::string_view line);

// "java.lang.IllegalStateException: …", "ValueError", "app.errors.Bad: …": a class by its letters.
bool is_class_line(std::string_view line);
// The class that such a line begins with, if it ends as those of errors do; else "". A code may
// stand behind it: "SqlException (0x80131904): …".
std::string_view error_class_of(std::string_view line);
// "Exception in thread …", "…Error: …", "V8 errors stack trace": a trace may follow.
bool hints_at_exception(std::string_view line);
// "…Error: …", "…Exception" at the end: rather an exception's own line than one that speaks of one.
bool names_exception(std::string_view line);

// The two lines of java.util.logging's SimpleFormatter: "Jan 02, 2026 3:04:05 AM shop.Cart check",
// and "SEVERE: out of stock".
bool is_jul_head(std::string_view line);
bool is_jul_message(std::string_view line);
// "=ERROR REPORT==== 16-Jun-2016::10:59:58 ===", which Erlang writes above its reports.
bool is_erlang_head(std::string_view line);
// The first line of .NET's console logger: "fail: Shop.Cart[13]". The message stands below it.
bool is_dotnet_head(std::string_view line);

}  // namespace waybill::parsers::multiline
