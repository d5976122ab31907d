// SPDX-License-Identifier: Apache-2.0
// Exceptions in text: "Class: message" in a line, and traces over several.
#pragma once

#include <string_view>

namespace waybill::parsers::errors {

// What a text says of an exception; views into it, empty where it says nothing.
struct Exception {
  std::string_view type;  // the class; of Go "panic", "fatal error" or the type said, Rust "panic"
  std::string_view message;  // without the class
  std::string_view code;     // as Node.js prints `code: '…'`, Go `Code:…` inside a struct
  std::string_view stack;    // from the exception's first line to the end of the text
};

// The class name at `at`: "java.io.IOException", "*net.OpError", "Errno::ENOENT", "App\Boom"; ""
// where there is no name at all. Whether it names an exception is_class() says.
std::string_view name_at(std::string_view text, size_t at);
// Whether a name is an exception's: by its ending, or known by the tables.
bool is_class(std::string_view name);
// Whether it is no more than the ending: "Error", "Exception". Prose has those, too.
bool is_bare(std::string_view name);

// Behind a class JBoss names the service that threw it: "StartException in service a.b: message".
inline constexpr std::string_view kInService = " in service ";

// "Class: message", "Class [CODE]: message", "Class (0x8000): message", "Class (message):",
// "Class[message]", or the class alone, at the front of `text`, behind a blank or what runtimes put
// in front ("Exception in thread "main" …", "Unhandled exception. …", "PHP Fatal error:  Uncaught
// …"). The message goes on to the end of `text`. `bare`: is_bare() names count.
bool read_front(std::string_view text, bool bare, Exception& found);

// A trace in a text of several lines, as Java, Python, Go, Node.js, .NET, Ruby, Rust, PHP and Dart
// print it, with or without a log message in front; of Go and Rust the first line alone is enough.
// False: there is none. Linear in the text.
bool find_trace(std::string_view text, Exception& found);

}  // namespace waybill::parsers::errors
