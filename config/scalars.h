// SPDX-License-Identifier: Apache-2.0
// Strict typing of scalars: what a text means where a certain type is wanted, or why it does not.
// Inside config/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::config {

struct Scalar {
  std::string_view text;
  bool quoted = false;  // in quotes, and not from a variable: text and nothing else
  bool bare = false;    // without quotes, and not from a variable: text only if it looks like text
  std::string shown;    // for messages
};

// Either a value, or the rest of a sentence: "'12 parsecs' is not a size (write for example …)".
template <typename T>
struct Reading {
  std::optional<T> value;
  std::string fault;
};

Reading<bool> read_boolean(const Scalar& scalar);     // true, false (also True, TRUE)
Reading<int64_t> read_integer(const Scalar& scalar);  // decimal, signed
Reading<double> read_number(const Scalar& scalar);    // decimal, finite
Reading<std::string> read_string(const Scalar& scalar);
// "300ms", "1.5s", "1h30m"; ns us ms s m h d. Nanoseconds. A bare 0 needs no unit.
Reading<int64_t> read_duration(const Scalar& scalar);
// "64KiB", "10MB", 4096, "1.5GiB"; B kB/KB MB GB TB KiB MiB GiB TiB. Bytes.
Reading<int64_t> read_bytes(const Scalar& scalar);

// Whether YAML would take the bare text for a number or a boolean (YAML 1.2.2 section 10.3.2).
bool looks_like_number(std::string_view text);
bool looks_like_boolean(std::string_view text);
// 0755 or 0o17: YAML 1.1 and 1.2 disagree on it, so nobody can know what was meant.
bool looks_octal(std::string_view text);

// What inputs, outputs and patterns may be called: 1 to 64 of A-Z a-z 0-9 _ -
bool is_name(std::string_view text);

// `text` in single quotes for a message: cut at 60 bytes, control characters shown as escapes.
std::string quoted_for_message(std::string_view text);

}  // namespace waybill::config
