// SPDX-License-Identifier: Apache-2.0
// gRPC over HTTP/2, as far as a unary call needs it (grpc/grpc, doc/PROTOCOL-HTTP2.md): a message
// is one frame of five bytes and its content, and how the call went stands in the trailers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "core/clock.h"
#include "outputs/http/backend.h"
#include "outputs/http/http_settings.h"

namespace waybill::outputs::http::grpc {

// google.rpc.Code.
enum Code : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// What a server takes at least, unless somebody has told it otherwise: the content of a frame.
constexpr size_t kUsualLimit = 4 * 1024 * 1024;

// A frame: open_frame(), the message, packed or not, and close_frame() with what open_frame() gave.
size_t open_frame(Buffer& out);
void close_frame(Buffer& out, size_t opened, bool packed);

// The lines of a call's head, beside those that a backend adds: "TE: trailers" and the like.
// `timeout` is what the server is told.
std::vector<std::string> head_lines(Coding coding, Duration timeout);

// What an answer says in its head and its trailers; either may be missing.
struct Status {
  std::string code, message, details, encoding;

  void clear();
  // One line of a head, "Name: value\r\n"; what is none of gRPC's is left alone.
  void take(std::string_view line);
};

// What is told by the answer of a call.
struct Answer {
  std::string body;  // the message, unpacked; words for people where the call has failed
  std::string said;  // "gRPC UNAVAILABLE"; empty: the HTTP status says all
};

// Makes `response`, an HTTP answer with the body as it came, one that says the same without gRPC:
// Response::grpc, `status`, `retry_after` and `said` are set, and `body` is the message itself. Its
// views lead into `answer`, which outlives them.
void read_answer(const Status& status, Response& response, Answer& answer);

}  // namespace waybill::outputs::http::grpc
