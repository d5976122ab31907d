// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

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

}  // namespace
}  // namespace waybill::outputs::otlp
