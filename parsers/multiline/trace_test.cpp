// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/trace.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace waybill::parsers::multiline;

namespace {

// The events that lines fall into, as how many lines each has.
std::vector<int> events_of(const std::vector<std::string_view>& lines, bool joins_plain = false) {
  std::vector<int> events;
  Trace trace;
  for (std::string_view line : lines) {
    Look look = look_at(line);
    bool joins =
        !events.empty() && (trace.continues(line, look) || (joins_plain && trace.joins_any(look)));
    if (joins) {
      ++events.back();
      continue;
    }
    trace.begin(line, look);
    events.push_back(1);
  }
  return events;
}

using Events = std::vector<int>;

}  // namespace

TEST_CASE("trace: Java") {
  CHECK(events_of({"Exception in thread \"main\" shop.CartError: empty",
                   "\tat shop.Cart.check(Cart.java:7)", "\tSuppressed: shop.Late: x",
                   "\t\tat shop.Late.run(Late.java:1)",
                   "Caused by: java.io.IOException: broken pipe", "\t... 12 more", "done"}) ==
        Events{6, 1});
  // Below a header, with the class on a line of its own; and two in a row.
  CHECK(
      events_of({"2026-01-02 03:04:05 ERROR c.s.Cart - failed", "shop.CartError: empty",
                 "\tat shop.Cart.check(Cart.java:7)", "2026-01-02 03:04:06 ERROR c.s.Cart - failed",
                 "shop.CartError: empty", "\tat shop.Cart.check(Cart.java:7)",
                 "2026-01-02 03:04:07 INFO c.s.Cart - went on"}) == Events{3, 3, 1});
}

TEST_CASE("trace: Python") {
  CHECK(events_of({"starting", "Traceback (most recent call last):",
                   "  File \"cart.py\", line 7, in check", "    total = 1 / count",
                   "            ~~^~~~~~~", "ZeroDivisionError: division by zero",
                   "During handling of the above exception, another exception occurred:",
                   "Traceback (most recent call last):", "  File \"cart.py\", line 9, in <module>",
                   "shop.CartError",
                   "Traceback (most recent call last):", "  File \"x.py\", line 1, in <module>",
                   "KeyError: 'x'", "goodbye"}) == Events{1, 9, 3, 1});
  // A group whose traceback nobody wrote.
  CHECK(
      events_of({"2026-01-02 03:04:05,678 INFO shop: up", "  | ExceptionGroup: x (1 sub-exception)",
                 "  +-+---------------- 1 ----------------", "    | ValueError: 1",
                 "    +------------------------------------", "goodbye"}) == Events{1, 4, 1});
  // logging.exception() writes it below the line with the time.
  CHECK(events_of({"2026-01-02 03:04:05,678 ERROR shop: it failed",
                   "Traceback (most recent call last):", "  File \"cart.py\", line 7, in check",
                   "KeyError: 'x'", "2026-01-02 03:04:05,679 INFO shop: next"}) == Events{4, 1});
  // But whatever happened to be written last is not where it belongs.
  CHECK(events_of({"2026-01-02 03:04:05,678 INFO shop: ready", "Traceback (most recent call last):",
                   "  File \"cart.py\", line 7, in check", "KeyError: 'x'"}) == Events{1, 3});
  CHECK(events_of({"  + Exception Group Traceback (most recent call last):",
                   "  |   File \"x.py\", line 1, in <module>",
                   "  | ExceptionGroup: two (2 sub-exceptions)",
                   "  +-+---------------- 1 ----------------", "    | ValueError: a",
                   "    +------------------------------------", "next"}) == Events{6, 1});
}

TEST_CASE("trace: Go") {
  CHECK(events_of({"panic: runtime error: index out of range [3] with length 3",
                   "[signal SIGSEGV: segmentation violation code=0x1]", "goroutine 1 [running]:",
                   "main.(*Cart).check(0xc000012345, {0x4, 0x5})", "\t/src/cart.go:7 +0x1d",
                   "main.main()", "\t/src/main.go:3 +0x1d", "created by main.serve in goroutine 7",
                   "\t/src/main.go:9 +0x25", "exit status 2", "restarting"}) == Events{10, 1});
  CHECK(events_of({"2026/01/02 03:04:05 http: panic serving 10.0.0.1:5: boom",
                   "goroutine 24 [running]:", "net/http.(*conn).serve.func1(0xc00007eaa0)",
                   "\t/go/src/net/http/server.go:1746 +0xd0", "2026/01/02 03:04:06 next"}) ==
        Events{4, 1});
}

TEST_CASE("trace: Node and .NET") {
  CHECK(events_of({"/app/cart.js:7", "    throw new TypeError('no cart');", "    ^",
                   "TypeError: no cart", "    at check (/app/cart.js:7:11)",
                   "    at Object.<anonymous> (/app/index.js:1:1) {", "  code: 'ENOCART'", "}",
                   "Node.js v20.20.2", "bye"}) == Events{9, 1});
  CHECK(events_of({"Unhandled exception. Shop.CartException: empty",
                   " ---> System.IO.IOException: gone",
                   "   at Shop.Disk.Read() in /src/Disk.cs:line 3",
                   "   --- End of inner exception stack trace ---",
                   "   at Shop.Cart.Check() in /src/Cart.cs:line 7", "fine"}) == Events{5, 1});
}

TEST_CASE("trace: Ruby, PHP, Rust, Dart") {
  CHECK(events_of({"cart.rb:7:in `check': empty cart (CartError)", "\tfrom cart.rb:12:in `<main>'",
                   "fine"}) == Events{2, 1});
  CHECK(events_of({"NoMethodError (undefined method `x' for nil:NilClass):",
                   "  app/models/cart.rb:7:in `check'", "lib/x.rb:1:in `y'", "fine"}) ==
        Events{3, 1});
  CHECK(events_of({"PHP Fatal error:  Uncaught CartError: empty in /app/cart.php:7",
                   "Stack trace:", "#0 /app/index.php(3): check()", "#1 {main}",
                   "  thrown in /app/cart.php on line 7", "fine"}) == Events{5, 1});
  CHECK(events_of(
            {"thread 'main' (71) panicked at src/cart.rs:7:19:", "assertion `left == right` failed",
             "  left: 10", " right: 5", "stack backtrace:", "   0: rust_begin_unwind",
             "             at /rustc/library/std/src/panicking.rs:1:5",
             "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
             "fine"}) == Events{8, 1});
  CHECK(events_of({"Unhandled exception:", "Bad state: no cart",
                   "#0      check (file:///app/cart.dart:7:3)", "<asynchronous suspension>",
                   "#1      main (file:///app/main.dart:1:3)", "fine"}) == Events{5, 1});
}

TEST_CASE("trace: text below a line with a time") {
  CHECK(events_of({"2026-01-02 03:04:05 INFO the settings are", "  colour: red", "  size: 7",
                   "ready"}) == Events{3, 1});
  // Without a time nobody knows.
  CHECK(events_of({"the settings are", "  colour: red", "  size: 7"}) == Events{1, 1, 1});
  // Streams in which every event begins with a time.
  CHECK(events_of({"2026-01-02 03:04:05 INFO the query is", "select 1", "from x",
                   "2026-01-02 03:04:05 INFO next", R"({"whole":1})", "plain"},
                  true) == Events{3, 1, 1, 1});
  CHECK(events_of({"2026-01-02 03:04:05 INFO list [", "]"}) == Events{2});
}

TEST_CASE("trace: MySQL's slow queries") {
  CHECK(events_of({"# Time: 2026-01-02T03:04:05.678901Z",
                   "# User@Host: root[root] @ localhost []  Id:     7",
                   "# Query_time: 2.000  Lock_time: 0.000 Rows_sent: 1  Rows_examined: 0",
                   "SET timestamp=1767323045;", "SELECT sleep(2);",
                   "# User@Host: root[root] @ localhost []  Id:     8", "SELECT 1;",
                   "# Time: 2026-01-02T03:04:06.678901Z",
                   "# User@Host: root[root] @ localhost []  Id:     7"}) == Events{5, 2, 2});
}

TEST_CASE("trace: what is worth waiting for") {
  auto waits = [](std::string_view line) {
    Trace trace;
    trace.begin(line, look_at(line));
    return trace.expects_more();
  };
  CHECK(waits("Traceback (most recent call last):"));
  CHECK(waits("java.lang.IllegalStateException: x"));
  CHECK(waits("2026-01-02 03:04:05 ERROR x"));
  CHECK_FALSE(waits("2026-01-02 03:04:05 INFO x"));
  CHECK_FALSE(waits("hello"));
  CHECK_FALSE(waits(R"({"level":"error"})"));
  CHECK_FALSE(waits("level=error msg=x time=1"));
}

TEST_CASE("trace: exceptions whose message has several lines") {
  CHECK(events_of({"java.lang.IllegalStateException: no stock", "\tat shop.Cart.check(Cart.java:7)",
                   "Caused by: shop.StoreError: refused:", "try again later",
                   "\tat shop.Store.ask(Store.java:9)", "done"}) == Events{5, 1});
  // Three lines are the most; and without frames above there is no message to go on with.
  CHECK(events_of({"java.lang.IllegalStateException: no stock", "\tat shop.Cart.check(Cart.java:7)",
                   "Caused by: shop.StoreError: refused:", "a", "b", "c", "d"}) == Events{6, 1});
  CHECK(events_of({"2026-01-02 03:04:05 ERROR failed", "ValueError: bad", "restarted", "ready"}) ==
        Events{2, 1, 1});
  CHECK(events_of({"2026-01-02 03:04:05 INFO ok", "Caused by: a user", "restarted"}) ==
        Events{2, 1});
  CHECK(events_of({"org.apache.spark.SparkException: Job aborted",
                   "Driver stacktrace:", "\tat a.B.c(B.java:1)", "done"}) == Events{3, 1});
}

TEST_CASE("trace: Python's notices, syntax errors and what databases add") {
  for (std::string_view notice : {"Exception in thread Thread-1 (run):",
                                  "Exception ignored in: <function Cart.__del__ at 0x7f>"}) {
    CHECK(events_of({notice,
                     "Traceback (most recent call last):", "  File \"cart.py\", line 7, in run",
                     "ValueError: x", "done"}) == Events{4, 1});
    CHECK(events_of({notice, "done"}) == Events{1, 1});
  }
  CHECK(events_of({"  File \"cart.py\", line 3", "    def check(", "             ^",
                   "SyntaxError: '(' was never closed", "done"}) == Events{4, 1});
  CHECK(events_of({"Traceback (most recent call last):", "  File \"cart.py\", line 7, in run",
                   "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) gone",
                   "DETAIL:  x", "[SQL: SELECT 1]",
                   "(Background on this error at: https://sqlalche.me/e/20/e3q8)", "done"}) ==
        Events{6, 1});
}

TEST_CASE("trace: Go's functions without their arguments") {
  CHECK(events_of({"2026-01-02T03:04:05.678Z\tERROR\tcart/server.go:42\tit broke", "main.main",
                   "\t/src/cart/main.go:7", "net/http.(*conn).serve",
                   "\t/usr/local/go/src/net/http/server.go:1995", "done"}) == Events{5, 1});
  // Hosts, files and versions are none.
  for (std::string_view line : {"db1.example.com", "main.go", "README.md", "v1.2.3", "nginx/1.18.0",
                                "example.com/index.html", "example.org/about", "shop.cart"}) {
    CAPTURE(line);
    CHECK(events_of({"2026-01-02 03:04:05 WARN slow:", line, line}) == Events{1, 1, 1});
  }
  // Each stands above its place.
  CHECK(events_of({"2026-01-02 03:04:05 ERROR it broke", "main.main", "\t/src/cart/main.go:7",
                   "main.(*Cart).add", "shop.cart"}) == Events{4, 1});
  // Below what is no trouble, such a line stands for itself.
  CHECK(events_of({"2026-01-02T03:04:05.678Z\tINFO\tcart/server.go:42\tup", "main.main"}) ==
        Events{1, 1});
}

TEST_CASE("trace: PHP's next one, Monolog's, Ruby's, Elixir's, and causes in Rust") {
  CHECK(events_of({"PHP Fatal error:  Uncaught RuntimeException: a in /cart.php:3",
                   "Stack trace:", "#0 /cart.php(7): check()", "#1 {main}",
                   "Next RuntimeException: b in /cart.php:5", "Stack trace:", "#0 {main}",
                   "  thrown in /cart.php on line 5", "done"}) == Events{8, 1});
  CHECK(events_of({"PHP Warning:  x in /cart.php on line 3",
                   "PHP Stack trace:", "PHP   1. {main}() /cart.php:0", "done"}) == Events{3, 1});
  CHECK(events_of({"[2026-01-02 03:04:05] production.ERROR: x {\"exception\":\"[object]",
                   "[stacktrace]", "#0 /cart.php(7): check()", "#1 {main}", "\"} ", "done"}) ==
        Events{5, 1});
  CHECK(events_of({"E, [2026-01-02T03:04:05.678901 #71] ERROR -- : CartError: empty",
                   "/app/cart.rb:3:in `check'", "/app/cart.rb:7:in `run'", "done"}) ==
        Events{3, 1});
  CHECK(events_of({"Traceback (most recent call last):", "\t1: from /app/cart.rb:7:in 'run'",
                   "/app/cart.rb:3:in 'check': empty (CartError)", "done"}) == Events{3, 1});
  CHECK(events_of({"03:04:05.678 [error] GenServer Cart terminating", "** (RuntimeError) empty",
                   "    (shop 1.0.0) lib/cart.ex:7: Cart.check/1", "done"}) == Events{3, 1});
  CHECK(events_of({"Error: cannot start", "Caused by:", "    0: no configuration",
                   "    1: No such file or directory", "done"}) == Events{4, 1});
}

TEST_CASE("trace: the two lines of java.util.logging, and of .NET's console") {
  CHECK(events_of({"Jan 02, 2026 3:04:05 AM shop.Cart check", "SEVERE: out of stock",
                   "shop.StockError: none", "\tat shop.Cart.check(Cart.java:7)",
                   "Jan 02, 2026 3:04:06 AM shop.Cart check", "INFO: went on", "done"}) ==
        Events{4, 2, 1});
  CHECK(events_of({"Jan 02, 2026 3:04:05 AM it was", "SEVERE: on its own"}) == Events{1, 1});
  CHECK(events_of({"fail: Shop.Cart[13]", "      it broke", "      twice", "info: Shop.Cart[0]",
                   "      went on", "done"}) == Events{3, 2, 1});
}

TEST_CASE("trace: .NET's classes with a number behind them") {
  for (std::string_view line :
       {"System.Data.SqlClient.SqlException (0x80131904): Timeout expired.",
        "System.Net.Sockets.SocketException (111): Connection refused",
        "Npgsql.PostgresException (0x80004005): 42P01: relation does not exist"}) {
    CAPTURE(line);
    CHECK(events_of({"2026-01-02 03:04:05,789 [Main] ERROR Shop.Program - failed", line,
                     "   at Shop.Cart.Check()", "done"}) == Events{3, 1});
  }
  CHECK(events_of({"2026-01-02 03:04:05 ERROR failed", "SqlException (see below): x"}) ==
        Events{1, 1});
}

TEST_CASE("trace: reports of native code, and warnings") {
  CHECK(events_of({"terminate called after throwing an instance of 'std::runtime_error'",
                   "  what():  empty", "done"}) == Events{2, 1});
  CHECK(events_of({"# A fatal error has been detected by the Java Runtime Environment:", "#",
                   "#  SIGSEGV (0xb) at pc=0x00007f", "#", "done"}) == Events{4, 1});
  CHECK(events_of({"==71==ERROR: AddressSanitizer: heap-use-after-free", "READ of size 4",
                   "    #0 0x1 in main /x.c:3", "freed by thread T0 here:", "    #0 0x2 in free",
                   "SUMMARY: AddressSanitizer: heap-use-after-free", "==71==ABORTING", "done"}) ==
        Events{7, 1});
  CHECK(events_of({"==71==ERROR: LeakSanitizer: detected memory leaks", "Direct leak of 8 byte(s)",
                   "SUMMARY: AddressSanitizer: 8 byte(s) leaked in 1 allocation(s).", "done"}) ==
        Events{3, 1});
  CHECK(events_of({"/lib/pool.py:7: InsecureRequestWarning: x", "  warnings.warn(", "done"}) ==
        Events{2, 1});
  CHECK(events_of({"(node:71) UnhandledPromiseRejectionWarning: Error: empty",
                   "    at f (/app/x.js:1:2)", "(Use `node --trace-warnings ...` to show where)",
                   "done"}) == Events{3, 1});
  CHECK(events_of({"[Error: empty] {", "  code: 'ENOCART'", "}", "done"}) == Events{3, 1});
  CHECK(events_of({"** (RuntimeError) empty", "    (shop 1.0.0) lib/cart.ex:7: f/1", "done"}) ==
        Events{2, 1});
}

TEST_CASE("trace: Erlang's reports") {
  CHECK(
      events_of({"=ERROR REPORT==== 2-Jan-2026::03:04:05 ===", "** Generic server foo terminating",
                 "** Reason for termination == ", "** {badmatch,x}",
                 "=INFO REPORT==== 2-Jan-2026::03:04:06 ===", "    application: cart"}) ==
      Events{4, 2});
  CHECK(events_of({"=== REPORT ===", "one"}) == Events{1, 1});
}

TEST_CASE("trace: headers of structlog, Nest and zap's numbers") {
  CHECK(events_of({"2026-01-02T03:04:05.678901Z [error    ] failed",
                   "Traceback (most recent call last):", "  File \"x.py\", line 1, in f",
                   "ValueError: x", "done"}) == Events{4, 1});
  CHECK(events_of({"[Nest] 71  - 01/02/2026, 3:04:05 AM   ERROR [ExceptionsHandler] x",
                   "TypeError: x", "    at CartController.get (/app/cart.js:1:2)",
                   "[Nest] 71  - 01/02/2026, 3:04:06 AM     LOG [Cart] up"}) == Events{3, 1});
  CHECK(events_of({"1.7673230451234567e+09\tERROR\tsetup\tproblem\t{}", "main.main",
                   "\t/workspace/main.go:112", "1.7673230461234567e+09\tINFO\tup"}) ==
        Events{3, 1});
}
