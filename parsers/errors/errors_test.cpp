// SPDX-License-Identifier: Apache-2.0
// Errors as records have them: traces of every language, one-line forms, keys of JSON and pairs.
#include "parsers/errors/errors.h"

#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using namespace waybill;
using namespace waybill::parsers;
using namespace waybill::parsers::testing;

namespace {

struct Error {
  std::string kind, type, code, message, stack;
  bool operator==(const Error&) const = default;
};

doctest::String toString(const Error& e) {
  return (e.kind + " | " + e.type + " | " + e.code + " | " + e.message + " | " + e.stack).c_str();
}

Error error_of(Parsed& line) {
  const ErrorInfo* error = line->error;
  if (error == nullptr) return {};
  return {line.plain(error->kind), line.plain(error->type), line.plain(error->code),
          line.plain(error->message), line.plain(error->stack)};
}

Error error_of(std::string_view text) {
  Parsed line(text);
  return error_of(line);
}

constexpr std::string_view kHeader = "2026-01-02 03:04:05,678 ERROR [main] shop.Pay - it failed\n";

// The same trace behind a log message and, as far as the language prints it so, alone; and inside
// a JSON string.
void check_trace(std::string_view trace, const Error& meant) {
  CAPTURE(trace);
  Error whole = meant;
  if (whole.stack.empty()) whole.stack = trace;
  Parsed behind(std::string(kHeader) + std::string(trace));
  CHECK(error_of(behind) == whole);
  CHECK(behind->level == Level::kError);
  CHECK(behind.message() == "it failed\n" + std::string(trace));
  Parsed alone(trace);
  CHECK(error_of(alone) == whole);
  CHECK(alone->level >= Level::kError);
  CHECK(alone.message() == trace);
  Buffer json;
  json.append(R"({"level":"error","msg":"it failed","stacktrace":)");
  append_json_string(json, trace);
  json.append("}");
  Parsed inside(json.view());
  whole.stack = trace;
  CHECK(error_of(inside) == whole);
}

}  // namespace

TEST_CASE("errors: Java") {
  check_trace(
      "java.lang.IllegalStateException: the cart is empty\n\tat shop.Cart.pay(Cart.java:17)\n"
      "\tat shop.Main.main(Main.java:5)",
      {"app", "java.lang.IllegalStateException", "", "the cart is empty", ""});
  // What wraps something else is of its kind.
  check_trace(
      "shop.PayException: no answer\n\tat shop.Pay.ask(Pay.java:9)\n"
      "Caused by: java.io.IOException: gone\n\t... 3 more\n"
      "Caused by: java.net.ConnectException: refused\n\t... 7 more",
      {"network", "shop.PayException", "", "no answer", ""});
  check_trace("java.nio.file.NoSuchFileException: /srv/a\n\tat a.B.c(B.java:1)",
              {"fs", "java.nio.file.NoSuchFileException", "", "/srv/a", ""});
  check_trace("java.lang.NullPointerException\n\tat a.B.c(B.java:1)",
              {"app", "java.lang.NullPointerException", "", "", ""});
  check_trace("a.BException: two\nlines of it\n\tat a.B.c(B.java:1)",
              {"app", "a.BException", "", "two\nlines of it", ""});
  CHECK(error_of("Exception in thread \"pool-1 x\" java.lang.IllegalStateException: no\n"
                 "\tat a.B.c(B.java:1)")
            .type == "java.lang.IllegalStateException");
  CHECK(error_of("2026-01-02 03:04:05 ERROR gave up: a.b.QException: q\n\tat a.B.c(B.java:1)") ==
        Error{"app", "a.b.QException", "", "q", "a.b.QException: q\n\tat a.B.c(B.java:1)"});
}

TEST_CASE("errors: Python") {
  check_trace(
      "Traceback (most recent call last):\n  File \"/app/a.py\", line 3, in pay\n    card()\n"
      "shop.errors.CardError: declined",
      {"app", "shop.errors.CardError", "", "declined", ""});
  check_trace(
      "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g()\n"
      "KeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n"
      "Traceback (most recent call last):\n  File \"a.py\", line 5, in f\n    h()\n"
      "    ~^^\nConnectionRefusedError: [Errno 111] Connection refused",
      {"network", "ConnectionRefusedError", "111", "[Errno 111] Connection refused", ""});
  check_trace(
      "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n"
      "KeyboardInterrupt",
      {"app", "KeyboardInterrupt", "", "", ""});
  check_trace(
      "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 3\n"
      "  | ExceptionGroup: many (1 sub-exception)\n  +-+---------------- 1 ----------------\n"
      "    | ValueError: one\n    +------------------------------------",
      {"app", "ExceptionGroup", "", "many (1 sub-exception)", ""});
}

TEST_CASE("errors: Go") {
  check_trace(
      "panic: runtime error: index out of range [3] with length 2\n\ngoroutine 1 [running]:\n"
      "main.main()\n\t/app/main.go:7 +0x1d",
      {"app", "panic", "", "runtime error: index out of range [3] with length 2", ""});
  check_trace(
      "panic: main.CardError{Code:\"PAY-17\", Order:4}\n\ngoroutine 7 [running]:\nmain.pay()\n"
      "\t/app/pay.go:9 +0x1d",
      {"app", "main.CardError", "PAY-17", "main.CardError{Code:\"PAY-17\", Order:4}", ""});
  check_trace(
      "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:\nmain.x()",
      {"app", "fatal error", "", "all goroutines are asleep - deadlock!", ""});
  CHECK(error_of("2026/01/02 03:04:05 http: panic serving 10.0.0.1:80: it broke\n"
                 "goroutine 9 [running]:\nmain.x()\n\t/a.go:1") ==
        Error{"app", "panic", "", "it broke",
              "panic serving 10.0.0.1:80: it broke\ngoroutine 9 [running]:\nmain.x()\n\t/a.go:1"});
  CHECK(error_of("panic: nil map") == Error{"app", "panic", "", "nil map", ""});
  // zap's console writes the stack alone.
  CHECK(
      error_of("2026-01-02T03:04:05.678Z\terror\tpay/pay.go:9\tdeclined\nmain.pay\n\t/app/pay.go:9"
               "\nmain.main\n\t/app/main.go:7")
          .stack == "main.pay\n\t/app/pay.go:9\nmain.main\n\t/app/main.go:7");
}

TEST_CASE("errors: Node.js") {
  std::string_view node =
      "/app/pay.js:12\n    throw new TypeError('x')\n    ^\n\nTypeError: x is no function\n"
      "    at pay (/app/pay.js:12:11)\n    at node:internal/main:22:47\n\nNode.js v20.1.0";
  Parsed line(node);
  CHECK(error_of(line) == Error{"app", "TypeError", "", "x is no function",
                                std::string(node.substr(node.find("TypeError: ")))});
  CHECK(line.message() == node);
  check_trace(
      "Error: connect ECONNREFUSED 10.0.0.1:80\n    at TCPConnectWrap.x [as y] (node:net:1:2) {\n"
      "  errno: -111,\n  code: 'ECONNREFUSED',\n  syscall: 'connect'\n}",
      {"network", "Error", "ECONNREFUSED", "connect ECONNREFUSED 10.0.0.1:80", ""});
  check_trace("RangeError [ERR_OUT_OF_RANGE]: too far\n    at f (/a.js:1:2)",
              {"app", "RangeError", "ERR_OUT_OF_RANGE", "too far", ""});
}

TEST_CASE("errors: .NET") {
  check_trace(
      "Unhandled exception. System.InvalidOperationException: no card\n"
      "   at Shop.Pay.Run() in /src/Pay.cs:line 9",
      {"app", "System.InvalidOperationException", "", "no card", ""});
  check_trace(
      "Shop.PayException: no answer\n ---> System.Net.Sockets.SocketException (111): refused\n"
      "   at Shop.Net.Open()\n   --- End of inner exception stack trace ---\n   at Shop.Pay.Run()",
      {"network", "Shop.PayException", "", "no answer", ""});
  check_trace(
      "System.UnauthorizedAccessException: Access to the path '/srv/a' is denied.\n"
      "   at System.IO.File.Open()",
      {"fs", "System.UnauthorizedAccessException", "", "Access to the path '/srv/a' is denied.",
       ""});
}

TEST_CASE("errors: Ruby") {
  check_trace("pay.rb:3:in `pay': declined (CardError)\n\tfrom pay.rb:9:in `<main>'",
              {"app", "CardError", "", "declined", ""});
  check_trace("pay.rb:3:in 'Shop#pay': no (Errno::ECONNREFUSED)\n\tfrom pay.rb:9:in '<main>'",
              {"network", "Errno::ECONNREFUSED", "", "no", ""});
  CHECK(
      error_of("2026-01-02 03:04:05 ERROR shop - x\nActiveRecord::RecordNotFound (no such cart):\n"
               "\napp/pay.rb:3:in `pay'") ==
      Error{"db", "ActiveRecord::RecordNotFound", "", "no such cart",
            "ActiveRecord::RecordNotFound (no such cart):\n\napp/pay.rb:3:in `pay'"});
}

TEST_CASE("errors: Rust") {
  check_trace("thread 'main' panicked at src/main.rs:2:5:\nno card\nnote: run with x",
              {"app", "panic", "", "no card", ""});
  check_trace(
      "thread 'main' (71) panicked at src/main.rs:2:5:\ncannot open: Os { code: 2, kind: "
      "NotFound, message: \"No such file or directory\" }\nstack backtrace:\n   0: a::b",
      {"fs", "panic", "",
       "cannot open: Os { code: 2, kind: NotFound, message: \"No such file or directory\" }", ""});
  check_trace("thread 'w' panicked at 'no card', src/main.rs:2:5",
              {"app", "panic", "", "no card", ""});
  check_trace(
      "Error: cannot read the config\n\nCaused by:\n    No such file or directory (os error 2)",
      {"", "", "", "cannot read the config", ""});
}

TEST_CASE("errors: PHP and Dart") {
  check_trace(
      "PHP Fatal error:  Uncaught RuntimeException: declined in /app/pay.php:3\nStack trace:\n"
      "#0 /app/a.php(9): pay()\n#1 {main}\n  thrown in /app/pay.php on line 3",
      {"app", "RuntimeException", "", "declined", ""});
  CHECK(error_of("[2026-01-02 03:04:05] shop.ERROR: no {\"exception\":\"[object] (App\\\\Card"
                 "Exception(code: 17): declined at /app/pay.php:3)\n[stacktrace]\n#0 {main}\n\"}")
            .code == "17");
  std::string_view dart =
      "Unhandled exception:\nFormatException: bad digit\n#0      main (file:///a.dart:3:5)";
  CHECK(error_of(dart) == Error{"app", "FormatException", "", "bad digit",
                                std::string(dart.substr(dart.find("Format")))});
}

TEST_CASE("errors: in one line") {
  struct Case {
    std::string_view line;
    Error meant;
  };
  const Case cases[] = {
      {"ERROR java.net.ConnectException: Connection refused",
       {"network", "java.net.ConnectException", "", "Connection refused", ""}},
      {"WARN gave up: java.net.SocketTimeoutException: no answer",
       {"timeout", "java.net.SocketTimeoutException", "", "no answer", ""}},
      {"ERROR caught java.io.EOFException while reading",
       {"app", "java.io.EOFException", "", "", ""}},
      {"error: dial tcp 10.0.0.1:80: connect: connection refused",
       {"network", "", "", "dial tcp 10.0.0.1:80: connect: connection refused", ""}},
      {"ERROR dial: *net.OpError: no route", {"network", "*net.OpError", "", "no route", ""}},
      {"ERROR cannot save: *fs.PathError: x", {"fs", "*fs.PathError", "", "x", ""}},
      {"ERROR cannot save: [Errno 13] Permission denied: '/srv/x'",
       {"fs", "", "13", "[Errno 13] Permission denied: '/srv/x'", ""}},
      {"ERROR publickey: permission denied", {"auth", "", "", "", ""}},
      {"ERROR connect ECONNREFUSED 127.0.0.1:6379", {"network", "", "ECONNREFUSED", "", ""}},
      {"ERROR write failed: no space left on device", {"fs", "", "", "", ""}},
      {"ERROR GET http://a/b: context deadline exceeded", {"timeout", "", "", "", ""}},
      {"ERROR read tcp 10.0.0.1:5: i/o timeout", {"timeout", "", "", "", ""}},
      {"ERROR rpc error: code = Unauthenticated desc = no token",
       {"auth", "", "Unauthenticated", "no token", ""}},
      {"ERROR insert: duplicate key value (SQLSTATE 23505)", {"db", "", "23505", "", ""}},
      {"ERROR answer: 401 Unauthorized", {"auth", "", "", "", ""}},
      {"WARN the cart is empty", {}},
      {"ERROR Error: the cart is empty", {}},
      {"INFO java.net.ConnectException: said, not meant", {}},
      {"INFO connection refused by policy", {}},
      {"the cart is empty", {}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    CHECK(error_of(each.line) == each.meant);
  }
  Parsed bare("shop.CardException: declined");
  CHECK(error_of(bare) == Error{"app", "shop.CardException", "", "declined", ""});
  CHECK(bare->level == Level::kError);
  CHECK(bare.message() == "shop.CardException: declined");
}

TEST_CASE("errors: pairs") {
  CHECK(error_of("level=error msg=no err=\"dial tcp: connection refused\"") ==
        Error{"network", "", "", "dial tcp: connection refused", ""});
  CHECK(error_of("level=warn msg=no exception=\"shop.CardException: declined\"") ==
        Error{"app", "shop.CardException", "", "shop.CardException: declined", ""});
  CHECK(error_of("2026-01-02 03:04:05 INFO tried again error=timeout") ==
        Error{"timeout", "", "", "timeout", ""});
  CHECK(error_of("level=info msg=done err=nil n=1") == Error{});
  CHECK(error_of("level=info msg=no error=declined error.code=PAY-17") ==
        Error{"app", "", "PAY-17", "declined", ""});
}

TEST_CASE("errors: a pair without quotes, up to the next one") {
  const std::string front = "2026-01-02T03:04:05.678901Z ERROR my_app::db: query failed ";
  Error refused{"network", "", "111", "connection refused (os error 111)", ""};
  CHECK(error_of(front + "error=connection refused (os error 111)") == refused);
  CHECK(error_of(front + "err=connection refused (os error 111) retry=3 path=\"/x\"") == refused);
  CHECK(error_of(front + "error=a.b.CException: no x=1") ==
        Error{"app", "a.b.CException", "", "a.b.CException: no", ""});
  CHECK(error_of(front + "error=timeout").message == "timeout");
  CHECK(error_of(front + "error=:, , n=1").message == ":");
  CHECK(error_of(front + "error=timeout, tried again").message == "timeout");
  CHECK(error_of(front + "depth=0, error=bad signature: CN=x").message == "bad signature");
  CHECK(error_of(front + "error=\"timed out\" on x").message == "timed out");
  CHECK(error_of(front + "exception=no x").message == "no");
}

TEST_CASE("errors: what is above frames is an error, if anything is") {
  const std::string frames = "\n    at f (/app/x.js:1:2)";
  for (std::string_view front :
       {"Failed to connect: ", " \u2a2f ", "[nitro] [unhandledRejection] ",
        "error: Uncaught (in promise) ", "(node:1) UnhandledPromiseRejectionWarning: "}) {
    CAPTURE(front);
    std::string stack = "Error: boom" + frames;
    CHECK(error_of(std::string(front) + stack) == Error{"app", "Error", "", "boom", stack});
  }
  CHECK(error_of("   java.lang.Thread.State: TIMED_WAITING (sleeping)\n"
                 "\tat java.lang.Thread.sleep(Native Method)") == Error{});
  CHECK(error_of("  2026-01-02T03:04:05.678901Z  INFO shop::server: started, port: 8080\n"
                 "    at src/server.rs:12") == Error{});
  CHECK(error_of("2026-01-02T03:04:05.678901Z ERROR shop: failed, error: connection refused\n"
                 "    at src/server.rs:12\n    in shop::handle with id: 3") ==
        Error{"network", "", "", "connection refused", ""});
}

TEST_CASE("errors: reports of runtimes") {
  check_trace(
      "terminate called after throwing an instance of 'std::runtime_error'\n  what():  boom",
      {"app", "std::runtime_error", "", "boom", ""});
  check_trace("==71==ERROR: AddressSanitizer: heap-use-after-free on 0x60\nREAD of size 4",
              {"app", "AddressSanitizer", "", "heap-use-after-free on 0x60", ""});
  check_trace(
      "# A fatal error has been detected by the Java Runtime Environment:\n#\n"
      "#  SIGSEGV (0xb) at pc=0x00007f\n#",
      {"app", "SIGSEGV", "", "SIGSEGV (0xb) at pc=0x00007f", ""});
  check_trace(
      "** (RuntimeError) boom\n    (shop 1.0.0) lib/cart.ex:7: Cart.check/1\n"
      "Last message: :check",
      {"app", "RuntimeError", "", "boom", ""});
  check_trace(
      "[UnhandledPromiseRejection: This error originated] {\n"
      "  code: 'ERR_UNHANDLED_REJECTION'\n}",
      {"app", "UnhandledPromiseRejection", "ERR_UNHANDLED_REJECTION", "This error originated", ""});
  CHECK(error_of("[ERROR] ValueError: bad\nTraceback (most recent call last):\n"
                 "  File \"/var/task/x.py\", line 3, in h\n    raise ValueError(\"bad\")")
            .type == "ValueError");
}

TEST_CASE("errors: .NET's numbers, JBoss' services, Monolog's backslashes") {
  check_trace("MergeMappingException[no [x] of it]\n\tat a.B.c(B.java:1)",
              {"app", "MergeMappingException", "", "no [x] of it", ""});
  check_trace("System.Data.SqlClient.SqlException (0x80131904): Timeout expired.\n   at A.B()",
              {"db", "System.Data.SqlClient.SqlException", "0x80131904", "Timeout expired.", ""});
  check_trace(
      "org.jboss.msc.service.StartException in service a.b: WFLYSRV0153: no\n"
      "\tat a.B.c(B.java:1)",
      {"app", "org.jboss.msc.service.StartException", "", "WFLYSRV0153: no", ""});
  CHECK(
      error_of("2026-01-02 03:04:05 ERROR MSC000001: Failed: a.b.StartException in service c.d: no")
          .type == "a.b.StartException");
  CHECK(error_of("[2026-01-02 03:04:05] shop.ERROR: no {\"exception\":\"[object] (App\\\\Card"
                 "Exception(code: 17): declined at /app/pay.php:3)\n[stacktrace]\n#0 {main}\n\"}")
            .type == "App\\CardException");
}

TEST_CASE("errors: JSON keys") {
  struct Case {
    std::string_view line;
    Error meant;
  };
  const Case cases[] = {
      {R"_({"msg":"x","error":{"type":"*net.OpError","message":"dial"}})_",
       {"network", "*net.OpError", "", "dial", ""}},
      {R"_({"msg":"x","error":{"message":"declined","code":"CARD_17"}})_",
       {"app", "", "CARD_17", "declined", ""}},
      {R"_({"msg":"x","err":{"type":"Error","message":"m","code":"ENOENT","stack":"s"}})_",
       {"fs", "Error", "ENOENT", "m", "s"}},
      {R"_({"@t":"2026-01-02T03:04:05Z","@m":"x","@x":"System.TimeoutException: late\n  )_"
       R"_( at A.B()"})_",
       {"timeout", "System.TimeoutException", "", "late",
        "System.TimeoutException: late\n   at A.B()"}},
      {R"_({"message":"x","stack_trace":"a.BException: b\n\tat a.B.c(B.java:1)\n"})_",
       {"app", "a.BException", "", "b", "a.BException: b\n\tat a.B.c(B.java:1)\n"}},
      {R"_({"message":"x","exc_info":"Traceback (most recent call last):\n  File \"a\", )_"
       R"_(line 1\nE.F: g"})_",
       {"app", "E.F", "", "g", "Traceback (most recent call last):\n  File \"a\", line 1\nE.F: g"}},
      {R"_({"msg":"x","error":{"kind":"TypeError","message":"m"}})_",
       {"app", "TypeError", "", "m", ""}},
      {R"_({"msg":"x","error":{"kind":"db","message":"m"}})_", {"db", "", "", "m", ""}},
      {R"_({"msg":"x","error":"a.b.CException: m"})_",
       {"app", "a.b.CException", "", "a.b.CException: m", ""}},
      {R"_({"msg":"x","error":"EOF"})_", {"", "", "", "EOF", ""}},
      {R"_({"level":"error","msg":"failed\njava.io.IOException: gone\n\tat a.B(C.java:1)"})_",
       {"app", "java.io.IOException", "", "gone", "java.io.IOException: gone\n\tat a.B(C.java:1)"}},
      {R"_({"level":"info","msg":"two\nlines"})_", {}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    CHECK(error_of(each.line) == each.meant);
  }
}
