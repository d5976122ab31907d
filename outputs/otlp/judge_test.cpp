// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>

#include "outputs/otlp/test_bench.h"

namespace waybill::outputs::otlp {
namespace {

using http::Outcome;
using test::One;

http::Verdict judge(int status, std::string_view body,
                    std::string_view type = "application/x-protobuf") {
  One one;
  one.prepare();
  for (int i = 0; i < 3; ++i) {
    one.records.make("x");
    one.records.append(*one.backend);
  }
  std::vector<uint32_t> picks = one.records.all();
  return one.backend->judge({status, body, type, {}}, {one.records.payload, picks, 1});
}

TEST_CASE("otlp: statuses") {
  struct Case {
    int status;
    Outcome outcome;
  };
  for (const Case& c :
       {Case{200, Outcome::kDelivered}, Case{204, Outcome::kDelivered},
        Case{202, Outcome::kDelivered}, Case{400, Outcome::kBisect},
        Case{401, Outcome::kMisconfigured}, Case{403, Outcome::kMisconfigured},
        Case{404, Outcome::kMisconfigured}, Case{408, Outcome::kBisect}, Case{413, Outcome::kSplit},
        Case{429, Outcome::kRetry}, Case{422, Outcome::kBisect}, Case{500, Outcome::kDoubtful},
        Case{501, Outcome::kDoubtful}, Case{502, Outcome::kRetry}, Case{503, Outcome::kRetry},
        Case{504, Outcome::kRetry}, Case{505, Outcome::kDoubtful}}) {
    CHECK_MESSAGE(judge(c.status, "").outcome == c.outcome, c.status);
  }
  CHECK(judge(500, "").patience == 1);  // the very same request must not be sent again
  CHECK(judge(500, "").refusals == 1);
  CHECK(judge(400, "Client sent an HTTP request to an HTTPS server.", "text/plain").outcome ==
        Outcome::kMisconfigured);
}

TEST_CASE("otlp: partial success") {
  // ExportLogsServiceResponse{partial_success{rejected_log_records: 2, error_message: "no"}}
  http::Verdict verdict = judge(200, from_hex("0a06 0802 1202 6e6f"));
  CHECK(verdict.outcome == Outcome::kPartial);
  CHECK(verdict.items.empty());
  CHECK(verdict.unnamed == 2);
  CHECK(verdict.reason == "no");
  // A warning alone.
  verdict = judge(200, from_hex("0a04 1202 6e6f"));
  CHECK(verdict.outcome == Outcome::kDelivered);
  CHECK(verdict.reason == "no");
  // Empty, unset, or no such message at all.
  for (std::string body : {from_hex(""), from_hex("0a00"), std::string("{}"), from_hex("0aff")}) {
    CHECK(judge(200, body).outcome == Outcome::kDelivered);
  }
}

TEST_CASE("otlp: what a refusal says") {
  // google.rpc.Status{code: 3, message: "bad"}
  CHECK(judge(400, from_hex("0803 1203 626164")).reason == "bad");
  CHECK(judge(400, "bad words", "text/plain").reason == "bad words");
  CHECK(judge(400, from_hex("12ff")).reason == "");
}

TEST_CASE("otlp: replies in JSON") {
  const char* json = "application/json";
  for (const char* count : {"\"2\"", "2"}) {
    http::Verdict verdict =
        judge(200,
              fmt::format(R"({{"partialSuccess":{{"rejectedLogRecords":{},"errorMessage":"no"}}}})",
                          count),
              json);
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(verdict.unnamed == 2);
    CHECK(verdict.reason == "no");
  }
  for (const char* body :
       {"{}", R"({"partialSuccess":{}})", "", "{", "[]", R"({"partialSuccess":7})"}) {
    CHECK(judge(200, body, json).outcome == Outcome::kDelivered);
  }
  CHECK(judge(400, R"({"code":3,"message":"bad"})", json).reason == "bad");
  CHECK(judge(400, "{bad", json).reason == "{bad");
}

http::Verdict judge_grpc(http::Response response, uint32_t records = 3, size_t size = 0) {
  One one;
  one.settings.protocol = Protocol::kGrpc;
  one.prepare();
  std::string line = R"({"msg":")" + std::string(size, 'x') + "\"}";
  for (uint32_t i = 0; i < records; ++i) {
    one.records.parse(line);
    one.records.append(*one.backend);
  }
  std::vector<uint32_t> picks = one.records.all();
  return one.backend->judge(response, {one.records.payload, picks, 1});
}

TEST_CASE("otlp: statuses of gRPC") {
  const std::array<Outcome, 18> expected = {
      Outcome::kDelivered,     Outcome::kRetry,    Outcome::kDoubtful, Outcome::kBisect,
      Outcome::kRetry,         Outcome::kBisect,   Outcome::kBisect,   Outcome::kMisconfigured,
      Outcome::kDoubtful,      Outcome::kBisect,   Outcome::kRetry,    Outcome::kRetry,
      Outcome::kMisconfigured, Outcome::kDoubtful, Outcome::kRetry,    Outcome::kRetry,
      Outcome::kMisconfigured, Outcome::kDoubtful};
  auto answer = [](int code) {
    http::Response response{code == 0 ? 200 : 599, "", "text/plain", {}};
    response.grpc = code;
    response.said = "gRPC status";
    return response;
  };
  for (int code = 0; code < 18; ++code) {
    CHECK_MESSAGE(judge_grpc(answer(code)).outcome == expected[static_cast<size_t>(code)], code);
  }
  // Only with a RetryInfo, be it of no time at all.
  http::Response busy = answer(8);
  busy.retry_after = Duration::zero();
  CHECK(judge_grpc(busy).outcome == Outcome::kRetry);
  for (const char* words :
       {"grpc: received message larger than max (5 vs. 4)",
        "gRPC message exceeds maximum size 4194304: 5000000",
        "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes"}) {
    for (int code : {8, 11}) {
      http::Response large = answer(code);
      large.body = words;
      CHECK(judge_grpc(large).outcome == Outcome::kSplit);
    }
  }
}

TEST_CASE("otlp: an answer without a status of gRPC is no word about records") {
  struct Case {
    int status;
    const char* said;
    Outcome outcome;
  };
  for (const Case& c :
       {Case{502, "HTTP 200 without a gRPC status", Outcome::kMisconfigured},
        Case{400, "", Outcome::kMisconfigured}, Case{415, "", Outcome::kMisconfigured},
        Case{401, "", Outcome::kMisconfigured}, Case{404, "", Outcome::kMisconfigured},
        Case{413, "", Outcome::kSplit}, Case{429, "", Outcome::kRetry},
        Case{502, "", Outcome::kRetry}, Case{503, "", Outcome::kRetry},
        Case{500, "", Outcome::kDoubtful}}) {
    http::Response response{c.status, "words", "text/plain", {}};
    response.said = c.said;
    CHECK_MESSAGE(judge_grpc(response).outcome == c.outcome, c.status);
  }
}

TEST_CASE("otlp: an upload that is cut short") {
  http::Response response;
  response.early = true;
  response.status = 500;
  http::Verdict verdict = judge_grpc(response);
  CHECK(verdict.outcome == Outcome::kDoubtful);
  CHECK(verdict.patience == 2);
  CHECK(verdict.drop == DropReason::kTooLarge);
  CHECK(judge_grpc(response, 5, 1 << 20).outcome == Outcome::kSplit);
  CHECK(judge_grpc(response, 1, 5 << 20).outcome == Outcome::kDoubtful);
}

}  // namespace
}  // namespace waybill::outputs::otlp
