// SPDX-License-Identifier: Apache-2.0
// What all fuzz targets share. A target is a function of bytes that holds what they do to an
// oracle; entry.cpp makes a libFuzzer program of each, replay_test.cpp runs the kept corpus of all
// of them with the unit tests.
#pragma once

#include <string_view>

namespace waybill::fuzz {

// Ends the run with what did not hold: abort() under libFuzzer, a failed test under replay.
[[noreturn]] void fail(const char* what, const char* file, int line);

void json_walker(std::string_view input);
void lines(std::string_view input);
void config(std::string_view input);
void line_carry(std::string_view input);
void stream_framer(std::string_view input);
void times(std::string_view input);
void gzip_file(std::string_view input);
void contract(std::string_view input);
void redaction(std::string_view input);

// ---- oracle.cpp ----

// Whether `text` is one JSON value by RFC 8259, byte for byte, UTF-8 included. Knows nothing of
// our own code or simdjson's DOM. `depth` becomes how deep its containers nest (0: none).
bool is_json(std::string_view text, int& depth);
bool is_utf8(std::string_view text);

}  // namespace waybill::fuzz

#define FUZZ_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::waybill::fuzz::fail(#condition, __FILE__, __LINE__))
