// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/grpc.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "outputs/http/gzip.h"
#include "outputs/zstd.h"

namespace waybill::outputs::http::grpc {
namespace {

using namespace std::chrono_literals;

std::string framed(std::string_view message, bool packed) {
  Buffer out;
  out.append("before");
  size_t opened = open_frame(out);
  out.append(message);
  close_frame(out, opened, packed);
  return std::string(out.view().substr(6));
}

Response http(int status, std::string_view body, std::string_view type = "application/grpc") {
  return {status, body, type, {}};
}

TEST_CASE("grpc: a frame") {
  CHECK(framed("", false) == std::string("\0\0\0\0\0", 5));
  CHECK(framed("abc", true) == std::string("\1\0\0\0\3abc", 8));
  std::string large = framed(std::string(0x123456, 'x'), false);
  CHECK(large.substr(0, 5) == std::string("\0\0\x12\x34\x56", 5));
}

TEST_CASE("grpc: the head of a call") {
  std::vector<std::string> lines = head_lines(Coding::kGzip, 600s);
  auto has = [&](const char* line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  CHECK(has("TE: trailers"));
  CHECK(has("grpc-timeout: 600000m"));
  CHECK(has("grpc-encoding: gzip"));
  lines = head_lines(Coding::kNone, 100ms);
  CHECK(has("grpc-timeout: 100m"));
  CHECK(lines.size() == 3);
}

TEST_CASE("grpc: an answer that went well is its message") {
  Status status;
  status.take("content-type: application/grpc\r\n");
  status.take("grpc-encoding: gzip\r\n");
  status.take("grpc-status: 0\r\n");
  status.take("grpc-message: \r\n");
  Buffer packed;
  append_gzip(packed, "hello");
  std::string zstd;
  if (load_zstd()) {
    Buffer out;
    append_zstd(out, "hello", 1);
    zstd = out.view();
  }
  for (const std::string& body : {framed("hello", false), framed(packed.view(), true)}) {
    Response response = http(200, body);
    Answer answer;
    read_answer(status, response, answer);
    CHECK(response.status == 200);
    CHECK(response.grpc == kOk);
    CHECK(response.body == "hello");
    CHECK(response.content_type == "application/x-protobuf");
    CHECK(response.said.empty());
  }
  // What cannot be read is no reason to send again.
  for (const std::string& body :
       {std::string(), framed("junk", true), framed("hello", false).substr(0, 7)}) {
    Response response = http(200, body);
    Answer answer;
    read_answer(status, response, answer);
    CHECK(response.status == 200);
    CHECK(response.body == "");
  }
  status.take("grpc-encoding: zstd\r\n");
  std::string body = framed(zstd, true);
  Response response = http(200, body);
  Answer answer;
  read_answer(status, response, answer);
  CHECK(response.body == (zstd.empty() ? "" : "hello"));
}

TEST_CASE("grpc: statuses in the words of HTTP") {
  struct Case {
    const char* code;
    int status;
    const char* said;
  };
  for (const Case& c :
       {Case{"1", 499, "gRPC CANCELLED"}, Case{"3", 400, "gRPC INVALID_ARGUMENT"},
        Case{"4", 504, "gRPC DEADLINE_EXCEEDED"}, Case{"7", 403, "gRPC PERMISSION_DENIED"},
        Case{"8", 429, "gRPC RESOURCE_EXHAUSTED"}, Case{"14", 503, "gRPC UNAVAILABLE"},
        Case{"16", 401, "gRPC UNAUTHENTICATED"}, Case{"17", 500, "gRPC status 17"},
        Case{"x", 500, "gRPC UNKNOWN"}, Case{"-1", 500, "gRPC UNKNOWN"}}) {
    Status status;
    status.take(std::string("grpc-status: ") + c.code + "\r\n");
    status.take("grpc-message:  100%25 gr%C3%B6%c3%9fer%0A%zz%4\r\n");
    Response response = http(200, "");
    Answer answer;
    read_answer(status, response, answer);
    CHECK_MESSAGE(response.status == c.status, c.code);
    CHECK(response.said == c.said);
    CHECK(response.body == "100% größer\n%zz%4");
    CHECK_FALSE(response.retry_after);
  }
}

TEST_CASE("grpc: RetryInfo") {
  auto delay = [](const char* details) {
    Status status;
    status.take("grpc-status: 8\r\n");
    status.take(std::string("grpc-status-details-bin: ") + details + "\r\n");
    Response response = http(200, "");
    Answer answer;
    read_answer(status, response, answer);
    return std::pair(response.retry_after, std::string(response.body));
  };
  // google.rpc.Status{code: 8, message: "later", details: RetryInfo{retry_delay: 1.5 s}}
  const char* padded =
      "CAgSBWxhdGVyGjYKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRyeUluZm8SCgoICAEQgMq17gE=";
  CHECK(delay(padded).first == 1500ms);
  CHECK(delay(padded).second == "later");
  CHECK(delay("CAgaLAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIA").first == 0s);
  CHECK_FALSE(delay("CAg").first);
  CHECK_FALSE(delay("!!").first);
  CHECK_FALSE(delay("CAgaLAo").first);  // cut short
}

TEST_CASE("grpc: what speaks none") {
  Status none;
  Answer answer;
  Response response = http(200, "<html>", "text/html");
  read_answer(none, response, answer);
  CHECK(response.status == 502);
  CHECK(response.grpc == -1);
  CHECK(response.said == "HTTP 200 without a gRPC status");
  CHECK(response.body.find("is the port right?") != std::string::npos);
  response = http(200, "");
  read_answer(none, response, answer);
  CHECK(response.body.find("trailers") != std::string::npos);
  response = http(503, "upstream", "text/plain");
  read_answer(none, response, answer);
  CHECK(response.status == 503);
  CHECK(response.body == "upstream");
  CHECK(response.said.empty());
}

TEST_CASE("gunzip: all of it or nothing") {
  Buffer packed;
  std::string plain(100'000, 'x');
  append_gzip(packed, plain);
  CHECK(gunzip(packed.view(), 100'000) == plain);
  CHECK_FALSE(gunzip(packed.view(), 99'999));
  CHECK_FALSE(gunzip(packed.view().substr(0, packed.size() - 9), 100'000));
  CHECK_FALSE(gunzip("junk", 100));
  CHECK_FALSE(gunzip("", 100));
}

}  // namespace
}  // namespace waybill::outputs::http::grpc
