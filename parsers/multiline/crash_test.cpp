// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/crash.h"

#include <doctest/doctest.h>

#include <string_view>

using namespace waybill::parsers::multiline;

TEST_CASE("trace: lines that a crash begins with") {
  for (std::string_view line :
       {"Traceback (most recent call last):",
        "panic: no cart",
        "fatal error: all goroutines are asleep - deadlock!",
        "SIGQUIT: quit",
        "Exception in thread \"main\" shop.CartError: empty",
        "Exception in thread Thread-1 (run):",
        "Unhandled exception. Shop.CartException: empty",
        "thread 'main' panicked at src/cart.rs:7:19:",
        "thread 'w' (71) panicked at src/a.rs:1:2:",
        "PHP Fatal error:  Uncaught CartError: empty in /app/cart.php:7",
        "PHP Warning:  Undefined variable $x in /cart.php on line 3",
        "/app/cart.rb:7:in 'Shop#check': undefined method 'y' for nil (NoMethodError)",
        "cart.rb:7:in `check': refused (Errno::ECONNREFUSED)",
        "/app/server.js:12",
        "node:internal/process/promises:288",
        "java.lang.OutOfMemoryError: Java heap space",
        "System.Net.Sockets.SocketException (111): Connection refused",
        "** (RuntimeError) empty",
        "terminate called after throwing an instance of 'std::runtime_error'",
        "==71==ERROR: AddressSanitizer: heap-use-after-free on address 0x60",
        "# A fatal error has been detected by the Java Runtime Environment:",
        "(node:71) UnhandledPromiseRejectionWarning: Error: empty",
        "(node:71) [DEP0005] DeprecationWarning: Buffer() is deprecated",
        "/usr/lib/python3/urllib3/connectionpool.py:1013: InsecureRequestWarning: unverified",
        "<string>:1: DeprecationWarning: old",
        "[TypeError: empty] {",
        "[UnhandledPromiseRejection: This error originated] {"}) {
    CAPTURE(line);
    CHECK(begins_crash(line));
  }
}

TEST_CASE("trace: lines that go on with a message") {
  for (std::string_view line : {"",
                                "from cart",
                                "select 1",
                                "the Error: said",
                                "Errors: 0",
                                "Exceptions are fine",
                                "retry after java.io.IOException: gone",
                                "ValueError: bad",
                                "shop.Cart: 7",
                                "server.js:12",
                                "/app/server.js",
                                "/app/server.js:12 was read",
                                "a panic: no",
                                "thread 'main' is up",
                                "# comment",
                                "==71== Memcheck",
                                "(node) on",
                                "(node:71) up",
                                "at x.py:7: fine",
                                "x.py:7: note",
                                "12: Warning",
                                "Unhandled is what it was",
                                "[TypeError] x",
                                "[note: x] {",
                                "PHP 8.2 is up",
                                "SIGTERM: stopping",
                                "cart.rb:7:in `check'",
                                "** bold **"}) {
    CAPTURE(line);
    CHECK_FALSE(begins_crash(line));
  }
}
