// SPDX-License-Identifier: Apache-2.0
// Detector: one kind of secret that is known by its form. Data: where it may stand (windows, three
// bytes each, which one pass finds for all detectors), and a function that looks closer there.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace waybill::redaction {

// What stands at a window, if it is one.
struct Match {
  size_t begin = 0, end = 0;  // the secret, in bytes of the text
  // Of a text that is no match: so far nothing else can begin. What was looked at once is not
  // looked at again for the same detector, which keeps a scan linear.
  size_t examined = 0;
};

// `at` is where the window begins. A window that begins before the text (a number at its very
// beginning) has npos: `at + 1` is 0 then.
using Verify = bool (*)(std::string_view text, size_t at, Match& match);

// The bytes that may stand at each of three places; an empty class: any. The scanner looks for
// several windows together, and finds mixtures of them as well: a verifier has to tell whether it
// was meant.
struct Window {
  std::array<std::string_view, 3> places;
  bool number = false;  // the second byte begins a number: looked for at the text's beginning, too
};

struct Detector {
  std::string_view name;  // as in the config, and as metrics call the rule
  std::string_view prose;
  bool by_default;  // on where the config says nothing
  // Made of digits or the like, so that an id may look like it: not looked for in trace, span and
  // request ids.
  bool like_an_id;
  Verify verify;
  std::span<const Window> windows;
  // Texts that hold one, between {{ and }}, and texts that hold none; the tests run them.
  std::span<const std::string_view> samples, counter_samples;
};

// All of them, in the order of docs/redaction.md.
std::span<const Detector> detectors();
const Detector* find_detector(std::string_view name);  // null: there is none

// Whether what is called so holds a secret: "password", "db_password", "clientSecret", "api-key".
// `weak`: what is called so often is none ("token"), so that the value must look like one.
bool is_secret_name(std::string_view name, bool& weak);
// Whether the value of a field with such a name is worth redacting: not empty, no placeholder, not
// redacted already.
bool is_secret_value(std::string_view name, std::string_view value, bool weak);

// What stands in the place of a secret: "***" with or without a rest, or "hmac:" and 32 digits.
bool is_replacement(std::string_view value);

}  // namespace waybill::redaction
