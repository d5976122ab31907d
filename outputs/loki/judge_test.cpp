// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "outputs/loki/test_bench.h"

namespace waybill::outputs::loki {
namespace {

using http::Outcome;
using test::One;

struct Judged {
  One one;
  http::Verdict judge(int status, std::string_view body, uint32_t attempt = 1) {
    std::vector<uint32_t> picks = one.records.all();
    return one.backend->judge({status, body, "text/plain", {}},
                              {one.records.payload, picks, attempt});
  }
  // Entries of one second each from 1700000000 on, alternately INFO and WARN.
  explicit Judged(int entries = 4, size_t line = 10) {
    one.settings.line = Line::kMessage;
    one.prepare();
    std::string text(line, 'x');
    for (int i = 0; i < entries; ++i) {
      Record& record = one.records.make("x");
      record.message = clean(text);
      record.level = i % 2 == 0 ? Level::kInfo : Level::kWarn;
      record.time_ns = (1'700'000'000 + i) * int64_t{1'000'000'000} + 5;
      one.records.append(*one.backend);
    }
  }
};

std::vector<uint32_t> positions(const http::Verdict& verdict) {
  std::vector<uint32_t> all;
  for (const http::Item& item : verdict.items) {
    CHECK_FALSE(item.retry);
    all.push_back(item.position);
  }
  return all;
}

TEST_CASE("loki: statuses") {
  Judged judged;
  struct Case {
    int status;
    const char* body;
    Outcome outcome;
  };
  for (const Case& c : {
           Case{204, "", Outcome::kDelivered},
           Case{200, "", Outcome::kDelivered},
           Case{260, "blocked", Outcome::kRejected},
           Case{202, "", Outcome::kRejected},
           Case{401, "no org id", Outcome::kMisconfigured},
           Case{403, "", Outcome::kMisconfigured},
           Case{404, "404 page not found", Outcome::kMisconfigured},
           Case{413, "", Outcome::kSplit},
           Case{429, "Ingestion rate limit exceeded", Outcome::kRetry},
           Case{500, "empty ring", Outcome::kDoubtful},
           Case{502, "", Outcome::kRetry},
           Case{503, "", Outcome::kRetry},
           Case{400, "snappy: corrupt input", Outcome::kBisect},
           Case{400, "couldn't parse labels: 1:3: parse error", Outcome::kBisect},
           Case{400, "multiple org IDs present", Outcome::kMisconfigured},
           Case{400, "Client sent an HTTP request to an HTTPS server.", Outcome::kMisconfigured},
           Case{400, "ingestion blocked for user fake until 'x' with status code '400'",
                Outcome::kRejected},
       }) {
    CHECK_MESSAGE(judged.judge(c.status, c.body).outcome == c.outcome, c.status, " ",
                  std::string(c.body));
  }
  CHECK(judged.judge(260, "").drop == DropReason::kBlocked);
  CHECK_FALSE(judged.judge(260, "").reason.empty());
}

TEST_CASE("loki: a large request that is refused again and again is halved") {
  Judged large(10, 20'000);
  CHECK(large.judge(429, "", 2).outcome == Outcome::kRetry);
  CHECK(large.judge(429, "", 3).outcome == Outcome::kSplit);
  Judged small(10, 20);
  CHECK(small.judge(429, "", 30).outcome == Outcome::kRetry);
  Judged lone(1, 200'000);
  CHECK(lone.judge(429, "", 30).outcome == Outcome::kRetry);
}

TEST_CASE("loki: a 500 may be about an entry, but it is asked again first") {
  Judged judged;
  CHECK(judged.judge(500, "").patience == 3);
  CHECK(judged.judge(500, "").refusals == http::kMostRefusals);
}

TEST_CASE("loki: a 400 of the ingester names the entries by their time") {
  Judged judged;
  http::Verdict verdict = judged.judge(
      400,
      "entry with timestamp 2023-11-14 22:13:21.000000005 +0000 UTC ignored, reason: 'entry too "
      "far behind, oldest acceptable timestamp is: 2023-11-14T23:00:00Z',\n"
      "user 'fake', total ignored: 1 out of 2 for stream: {level=\"WARN\", "
      "service_name=\"checkout\"}");
  CHECK(verdict.outcome == Outcome::kPartial);
  CHECK(positions(verdict) == std::vector<uint32_t>{1});
  CHECK(verdict.items[0].reason.find("too far behind") != std::string::npos);
  CHECK(verdict.unnamed == 0);
}

TEST_CASE("loki: what a 400 counts and does not name is counted") {
  Judged judged;
  http::Verdict verdict =
      judged.judge(400, "user 'fake', total ignored: 2 out of 2 for stream: {level=\"INFO\"}");
  CHECK(verdict.outcome == Outcome::kPartial);
  CHECK(verdict.items.empty());
  CHECK(verdict.unnamed == 2);
  // Never more than were sent.
  CHECK(judged.judge(400, "total ignored: 99 out of 99 for stream: {}").unnamed == 4);
}

TEST_CASE("loki: a 400 of the distributor") {
  Judged judged;
  SUBCASE("one entry, alone") {
    http::Verdict verdict = judged.judge(
        400,
        "entry for stream '{level=\"INFO\", service_name=\"checkout\"}' has timestamp too old: "
        "2023-11-14T22:13:22Z, oldest acceptable timestamp is: 2026-01-01T00:00:00Z");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(positions(verdict) == std::vector<uint32_t>{2});
    CHECK(verdict.unnamed == 0);
  }
  SUBCASE("several, grouped") {
    http::Verdict verdict = judged.judge(
        400,
        "1 errors like: entry for stream '{level=\"WARN\", service_name=\"checkout\"}' has "
        "timestamp too old: 2023-11-14T22:13:21Z, oldest acceptable timestamp is: "
        "2026-01-01T00:00:00Z; 2 errors like: Max entry size '262144' bytes exceeded for "
        "stream '{level=\"INFO\", service_name=\"checkout\"}' while adding an entry with "
        "length '300000' bytes");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(positions(verdict) == std::vector<uint32_t>{1});
    CHECK(verdict.unnamed == 2);
  }
  SUBCASE("a whole stream") {
    http::Verdict verdict = judged.judge(
        400, "stream '{level=\"WARN\", service_name=\"checkout\"}' has label value too long: 'x'");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(positions(verdict) == std::vector<uint32_t>{1, 3});
    CHECK(verdict.unnamed == 0);
  }
  SUBCASE("a stream that Loki writes in other words") {
    http::Verdict verdict =
        judged.judge(400, "stream '{other=\"x\"}' has duplicate label name: 'other'");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(verdict.unnamed == 1);
  }
}

}  // namespace
}  // namespace waybill::outputs::loki
