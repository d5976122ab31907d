// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/signs.h"

#include <doctest/doctest.h>

#include <string>

using waybill::parsers::multiline::has_signs;

TEST_CASE("signs of a trace: each word is seen wherever it stands") {
  for (std::string word :
       {"Traceback (most recent call last):", "| ExceptionGroup: two (2 sub-exceptions)",
        "panicked at src/main.rs:2:3:", "panic: gone", "http: panic serving 203.0.113.9",
        "PHP Fatal error:  gone", "Uncaught ", "NoMethodError (gone):", "app.rb:7:in `f'",
        "java.io.IOException", "ValueError", "Throwable", "V8 errors stack trace",
        "Unhandled exception"}) {
    for (size_t before = 0; before < 40; ++before) {
      for (size_t behind : {0u, 1u, 2u, 15u, 16u, 17u, 40u}) {
        CAPTURE(word);
        CHECK(has_signs(std::string(before, 'y') + word + std::string(behind, 'y')));
      }
    }
  }
}

TEST_CASE("signs of a trace: ordinary lines have none") {
  for (std::string_view line :
       {"", "T", "x", "2026-01-02 03:04:05 INFO shop.orders: took 7 ms, status=200 path=/cart",
        "GET /api/v2/search?q=a%20b HTTP/1.1", "the service is up and listens on port 8080"}) {
    CAPTURE(line);
    CHECK_FALSE(has_signs(line));
  }
}
