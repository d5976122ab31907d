// SPDX-License-Identifier: Apache-2.0
// Kinds of errors, by tables: classes.inc, codes.inc, phrases.inc.
#pragma once

#include <cstdint>
#include <string_view>

namespace waybill::parsers::errors {

// What `error.kind` may be; kApp is any error of the application's own.
enum class Kind : uint8_t {
  kNone,
  kNetwork,
  kFs,
  kTimeout,
  kAuth,
  kDb,
  kApp,
  kByPath,  // within the tables: fs where a path is named, else auth
};

// "network" … "app"; "" for kNone.
std::string_view kind_name(Kind kind);
// Whether `name` is one of them.
bool is_kind(std::string_view name);

// Of an exception class as programs write it ("java.net.ConnectException", "*net.OpError",
// "PG::Error", "Errno::ENOENT", "App\Boom"): kNone for one that no table knows. `message` decides
// where it takes a path to tell.
Kind kind_of_class(std::string_view name, std::string_view message);
// Whether the tables know a class by its name, or, of "A::B" and "A\\B", by its namespace.
bool is_known_class(std::string_view name);
// Of an errno's name, a gRPC or HTTP status; kNone for any other code.
Kind kind_of_code(std::string_view code, std::string_view message);
// Of an SQLSTATE: five characters.
Kind kind_of_sqlstate(std::string_view state);

// The longest way into a text that phrases are looked for.
constexpr size_t kFarthest = 4096;

// Whether a word that begins with these two bytes and has this size may begin a phrase.
bool may_begin_phrase(char first, char second, size_t size);
// The phrase that begins at `at`, where a word begins; kNone when there is none.
Kind phrase_at(std::string_view text, size_t at);
// Of the first phrase in `text`.
Kind kind_of_words(std::string_view text);

constexpr bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace waybill::parsers::errors
