// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/grpc.h"

#include <fmt/format.h>

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/percent.h"
#include "delivery/backoff.h"
#include "outputs/http/gzip.h"
#include "outputs/zstd.h"

namespace waybill::outputs::http::grpc {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr size_t kFrameHead = 5;  // whether it is packed, and its size, big-endian

// The name of a code and the HTTP status that means the same, for all that goes by those: whether
// another endpoint is tried, what somebody is told to look at.
struct Meaning {
  std::string_view name;
  int status;
};
constexpr std::array<Meaning, 17> kMeanings = {{
    {"OK", 200},
    {"CANCELLED", 499},
    {"UNKNOWN", 500},
    {"INVALID_ARGUMENT", 400},
    {"DEADLINE_EXCEEDED", 504},
    {"NOT_FOUND", 400},
    {"ALREADY_EXISTS", 409},
    {"PERMISSION_DENIED", 403},
    {"RESOURCE_EXHAUSTED", 429},
    {"FAILED_PRECONDITION", 400},
    {"ABORTED", 409},
    {"OUT_OF_RANGE", 400},
    {"UNIMPLEMENTED", 404},
    {"INTERNAL", 500},
    {"UNAVAILABLE", 503},
    {"DATA_LOSS", 500},
    {"UNAUTHENTICATED", 401},
}};

// Of a "-bin" header, with padding or without. Empty for anything else.
std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (char c : text) {
    size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

// google.protobuf.Duration { int64 seconds = 1; int32 nanos = 2; }
Duration read_duration(pbf_reader fields) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  while (fields.next()) {
    if (fields.tag_and_type() == tag_and_type(1, pbf_wire_type::varint)) {
      seconds = fields.get_int64();
    } else if (fields.tag_and_type() == tag_and_type(2, pbf_wire_type::varint)) {
      nanos = fields.get_int32();
    } else {
      fields.skip();
    }
  }
  using delivery::Backoff;
  constexpr int64_t most =
      std::chrono::duration_cast<std::chrono::seconds>(Backoff::kRetryAfterCap).count();
  Duration delay = std::chrono::seconds(std::clamp<int64_t>(seconds, 0, most));
  delay += std::chrono::nanoseconds(std::clamp<int64_t>(nanos, 0, 999'999'999));
  return std::min<Duration>(delay, Backoff::kRetryAfterCap);
}

// google.rpc.Status { int32 code = 1; string message = 2; repeated Any details = 3; } with
// Any { string type_url = 1; bytes value = 2; } and RetryInfo { Duration retry_delay = 1; }
struct Details {
  std::string message;
  std::optional<Duration> retry_delay;
};

std::optional<Duration> read_retry_info(pbf_reader any) {
  std::string type;
  std::string value;
  while (any.next()) {
    if (any.tag_and_type() == tag_and_type(1, pbf_wire_type::length_delimited)) {
      type = any.get_string();
    } else if (any.tag_and_type() == tag_and_type(2, pbf_wire_type::length_delimited)) {
      value = any.get_string();
    } else {
      any.skip();
    }
  }
  if (!type.ends_with("google.rpc.RetryInfo")) return std::nullopt;
  Duration delay{};  // without one it says no more than that trying again is right
  pbf_reader info(value.data(), value.size());
  while (info.next()) {
    if (info.tag_and_type() == tag_and_type(1, pbf_wire_type::length_delimited)) {
      delay = read_duration(info.get_message());
    } else {
      info.skip();
    }
  }
  return delay;
}

Details read_details(const std::string& bytes) {
  Details details;
  try {
    pbf_reader status(bytes.data(), bytes.size());
    while (status.next()) {
      if (status.tag_and_type() == tag_and_type(2, pbf_wire_type::length_delimited)) {
        details.message = status.get_string();
      } else if (status.tag_and_type() == tag_and_type(3, pbf_wire_type::length_delimited)) {
        auto delay = read_retry_info(status.get_message());
        if (delay) details.retry_delay = delay;
      } else {
        status.skip();
      }
    }
  } catch (const protozero::exception&) {
    // What could be read of it holds.
  }
  return details;
}

// The content of the first frame. Empty when there is none, or when it cannot be unpacked: the
// status says already that all went well.
std::string read_message(std::string_view body, std::string_view encoding) {
  if (body.size() < kFrameHead) return {};
  size_t size = 0;
  for (size_t i = 1; i < kFrameHead; ++i) size = size << 8 | static_cast<unsigned char>(body[i]);
  bool packed = body[0] != 0;
  body.remove_prefix(kFrameHead);
  if (size > body.size()) return {};
  body = body.substr(0, size);
  if (!packed) return std::string(body);
  std::optional<std::string> plain;
  if (encoding == "gzip") plain = gunzip(body, kMaxReply);
  if (encoding == "zstd") plain = unpack_zstd(body, kMaxReply);
  return plain ? *std::move(plain) : std::string();
}

constexpr std::string_view kText = "text/plain";

// An answer of something that speaks HTTP and no gRPC, or of what has lost its trailers.
void read_stranger(Response& response, Answer& answer) {
  if (response.status >= 300) {
    // The words of a proxy.
    answer.body = response.body;
    response.body = answer.body;
    return;
  }
  answer.said = fmt::format("HTTP {} without a gRPC status", response.status);
  answer.body = response.content_type.starts_with("application/grpc")
                    ? "does a proxy in between take trailers away?"
                    : "what answers there is no gRPC server: is the port right?";
  response.status = 502;  // what a proxy would say of such an answer
  response.body = answer.body;
  response.content_type = kText;
}

}  // namespace

size_t open_frame(Buffer& out) {
  size_t opened = out.size();
  out.reserve(kFrameHead);
  out.advance(kFrameHead);
  return opened;
}

void close_frame(Buffer& out, size_t opened, bool packed) {
  size_t size = out.size() - opened - kFrameHead;
  char* head = out.data() + opened;
  *head = packed ? 1 : 0;
  for (size_t i = 1; i < kFrameHead; ++i) {
    head[i] = static_cast<char>(size >> (8 * (kFrameHead - 1 - i)) & 0xFF);
  }
}

std::vector<std::string> head_lines(Coding coding, Duration timeout) {
  // Eight digits at most; the longest time-out that can be configured has six of milliseconds.
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  std::vector<std::string> lines = {"TE: trailers", "grpc-accept-encoding: identity,gzip",
                                    fmt::format("grpc-timeout: {}m", ms)};
  if (coding == Coding::kGzip) lines.push_back("grpc-encoding: gzip");
  if (coding == Coding::kZstd) lines.push_back("grpc-encoding: zstd");
  return lines;
}

void Status::clear() {
  code.clear();
  message.clear();
  details.clear();
  encoding.clear();
}

void Status::take(std::string_view line) {
  // HTTP/2 knows names in lower case alone.
  if (!line.starts_with("grpc-")) return;
  size_t colon = std::min(line.find(':'), line.size());
  std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  constexpr std::string_view kBlanks = " \t\r\n";
  size_t begin = std::min(value.find_first_not_of(kBlanks), value.size());
  value = value.substr(begin, value.find_last_not_of(kBlanks) + 1 - begin);
  if (name == "grpc-status") code = value;
  if (name == "grpc-message") message = value;
  if (name == "grpc-status-details-bin") details = value;
  if (name == "grpc-encoding") encoding = value;
}

void read_answer(const Status& status, Response& response, Answer& answer) {
  answer = {};
  if (status.code.empty()) {
    read_stranger(response, answer);
    response.said = answer.said;
    return;
  }
  int code = kUnknown;
  const char* end = status.code.data() + status.code.size();
  if (std::from_chars(status.code.data(), end, code).ptr != end || code < 0) code = kUnknown;
  response.grpc = code;
  if (code == kOk) {
    answer.body = read_message(response.body, status.encoding);
    response.status = 200;
    response.body = answer.body;
    response.content_type = "application/x-protobuf";
    return;
  }
  bool known = static_cast<size_t>(code) < kMeanings.size();
  const Meaning& meaning = kMeanings[static_cast<size_t>(known ? code : kUnknown)];
  answer.said = known ? fmt::format("gRPC {}", meaning.name) : fmt::format("gRPC status {}", code);
  Details details = read_details(from_base64(status.details));
  answer.body = percent_decoded_loosely(status.message);
  if (answer.body.empty()) answer.body = std::move(details.message);
  response.status = meaning.status;
  response.body = answer.body;
  response.content_type = kText;
  response.said = answer.said;
  if (details.retry_delay) response.retry_after = details.retry_delay;
}

}  // namespace waybill::outputs::http::grpc
