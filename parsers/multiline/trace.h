// SPDX-License-Identifier: Apache-2.0
// Trace: whether a line goes on with the event before it. A state machine over whole lines, for the
// stack traces of the usual languages and for text below a line with a time.
//
// The rules for traces follow those that Google's exception detectors and Fluent Bit use; none is a
// regular expression, and none looks back.
#pragma once

#include <cstdint>
#include <string_view>

#include "parsers/multiline/look.h"

namespace waybill::parsers::multiline {

class Trace {
 public:
  // A new event, whose first line this is. Cheap: `line` is only looked at when somebody asks, so
  // it must stay until settle() or the next begin().
  void begin(std::string_view line, Look look) {
    first_ = line;
    look_ = look;
    judged_ = false;
  }

  // Whether `line` belongs to it by its own letters; then the state has moved on.
  bool continues(std::string_view line, Look look);
  // Whether another line that looks so belongs to it in a stream whose events all begin with a
  // time.
  bool joins_any(Look look) const {
    return look_ == Look::kTimed && (look == Look::kPlain || look == Look::kJsonBegin);
  }

  // Whether it has a header that speaks of no trouble: a crash below it is none of its own.
  bool is_calm();

  // Whether it speaks of an exception whose message may have more lines: they belong to it if its
  // frames come behind them. take_message(): they do, behind so many lines.
  bool may_have_message();
  void take_message(size_t lines) { message_lines_ = lines; }

  // Whether its next line has to be waited for: its kind of event usually has one.
  bool expects_more();

  // Judges the first line, which need not stay any longer.
  void settle();

  Look look() const { return look_; }
  // In words, what put together the lines of which the last one looked so.
  std::string_view joined_by(Look last) const;

 private:
  enum class Kind : uint8_t {
    kNone,           // no sign of a trace so far
    kHinted,         // speaks of an exception
    kFrames,         // Java, Node, .NET: frames have been seen
    kPython,         // frames
    kPythonGroup,    // frames with a margin before them
    kPythonEnd,      // behind the exception's own line
    kPythonChained,  // another traceback has to come
    kGo,
    kGoStack,      // functions without their arguments
    kRustMessage,  // the message has to come
    kRust,
    kPhp,
    kRuby,
    kDartHead,  // up to the first frame
    kDart,
    kNodeHead,  // the place in the source, its line, and a mark below it
    kNodeProperties,
    kSlowQuery,
    kJulHead,     // the level and the message have to come
    kDotnetHead,  // the message has to come, indented
    kElixir,
    kErlang,     // a report: any line
    kNative,     // C++ terminates, Python or Node.js warns: indented lines
    kJvm,        // a report of the Java Runtime's: lines that begin with '#'
    kSanitizer,  // a report of its, up to the line that ends it
  };

  void judge();
  Kind kind_of_first() const;
  static Kind kind_of_report(std::string_view line);
  static Kind kind_of_traceback(std::string_view line);
  bool continues_indented(std::string_view text, bool trouble);
  bool continues_plain(std::string_view line);
  bool continues_jul(std::string_view line);
  bool continues_python(std::string_view line);
  bool continues_sanitizer(std::string_view line);
  bool begins_below_header(std::string_view line);
  bool user_begins(std::string_view line);
  void see_frame(std::string_view text);

  std::string_view first_;
  Look look_ = Look::kPlain;
  bool judged_ = false;
  bool trouble_ = false;  // its header speaks of it
  Kind kind_ = Kind::kNone;
  uint8_t head_lines_ = 0;     // of kDartHead and kNodeHead; of a message
  bool names_itself_ = false;  // it begins with the exception that it speaks of
  size_t message_lines_ = 0;   // that have to come before the frames
  bool at_seen_ = false;       // of kFrames: a frame; of kGoStack: the last line was a place
  bool in_message_ = false;    // of kFrames: a cause's message may go on, as its frames come
  bool user_seen_ = false;     // of kSlowQuery
  bool summary_seen_ = false;  // of kSanitizer
};

}  // namespace waybill::parsers::multiline
