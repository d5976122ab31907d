// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/sender.h"

#include <doctest/doctest.h>

#include "outputs/http/test_bench.h"

namespace waybill::outputs::http {
namespace {

using namespace std::chrono_literals;
using delivery::test::eventually;
using delivery::test::TempFolder;
using test::Answer;
using test::Fixture;
using test::range;
using test::Received;
using test::Stored;
using test::TestServer;

TEST_CASE_FIXTURE(Fixture, "http: payloads arrive in order, on one connection, with our headers") {
  TestServer server([](const Received&, size_t) { return Answer{204, {}, {}}; });
  settings.headers = {{"X-Team", "blue"}, {"X-Empty", ""}};
  settings.auth.token = "s3cret";
  start({server.url() + "/push?a=b"});
  for (int i = 0; i < 5; ++i) push(i * 10, 3);
  CHECK(settles());
  std::vector<Received> all = server.received();
  REQUIRE(all.size() == 5);
  for (int i = 0; i < 5; ++i) {
    std::string n = std::to_string(i * 10 + 1);
    CHECK(all[static_cast<size_t>(i)].body.find("\n" + n + "\n") != std::string::npos);
  }
  CHECK(all[0].head.rfind("POST /push?a=b HTTP/1.1\r\n", 0) == 0);
  CHECK(all[0].has("Content-Type: text/plain"));
  CHECK(all[0].has("X-Team: blue"));
  CHECK(all[0].has("X-Empty:"));
  CHECK(all[0].has("Authorization: Bearer s3cret"));
  CHECK(all[0].has("User-Agent: waybill/" WAYBILL_VERSION));
  CHECK(all[0].head.find("Expect") == std::string::npos);
  CHECK(server.connections() == 1);
  CHECK(counts().delivered == 15);
  CHECK(counts().balanced());
  CHECK(eventually([&] { return done == 5; }));
  OutputSnapshot snapshot = ledger.snapshot();
  CHECK(snapshot.requests == 5);
  CHECK(snapshot.retries == 0);
  CHECK(log.text().empty());
}

TEST_CASE_FIXTURE(Fixture, "http: 503 is retried until it passes, told once and ended once") {
  TestServer server([](const Received&, size_t number) {
    return number < 3 ? Answer{503, "try later\n", {}} : Answer{};
  });
  start({server.url()});
  push(0, 2);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kRetrying; }));
  CHECK(settles());
  CHECK(counts().delivered == 2);
  CHECK(server.requests() == 4);
  CHECK(backend->last_attempt == 4);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kOk; }));
  output->stop();
  CHECK(ledger.snapshot().retries == 3);
  CHECK(log.count("output lines: Lines answers HTTP 503: try later (retrying)") == 1);
  CHECK(log.count("delivering again after") == 1);
  std::vector<Received> all = server.received();
  CHECK(all[0].body == all[3].body);  // byte-identical
}

TEST_CASE_FIXTURE(Fixture, "http: Retry-After is waited out") {
  TestServer server([](const Received&, size_t number) {
    return number == 0 ? Answer{429, "", "Retry-After: 1\r\n"} : Answer{};
  });
  start({server.url()});
  SteadyTime begin = steady_now();
  push(0, 1);
  CHECK(settles());
  CHECK(steady_now() - begin >= 1s);
  CHECK(counts().delivered == 1);
}

TEST_CASE_FIXTURE(Fixture, "http: 401 holds everything, says so, and reads the token again") {
  TempFolder folder;
  delivery::test::write_file(folder / "token", "old\n");
  TestServer server([&](const Received& request, size_t) {
    if (request.has("Authorization: Bearer new")) return Answer{};
    return Answer{401, "no org id", {}};
  });
  settings.auth.token_file = folder / "token";
  start({server.url()});
  push(0, 1);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kMisconfigured; }));
  CHECK(ledger.snapshot().problem ==
        "Lines answers HTTP 401: no org id; are the credentials right?");
  CHECK(counts().in_flight == 1);
  CHECK(eventually([&] { return log.has("trying again every 30 s"); }));
  delivery::test::write_file(folder / "token", "new\n");
  // Nobody waits 30 s here: the end gives what is held one more attempt.
  drain(10s);
  CHECK(counts().delivered == 1);
  CHECK(!log.has("old"));
  CHECK(!log.has("Bearer"));
}

TEST_CASE_FIXTURE(Fixture, "http: 413 halves a batch down to the record that is too large") {
  Stored stored;
  TestServer server([&](const Received& request, size_t) {
    bool large = request.body.find("13\n") != std::string::npos || request.body.size() > 12;
    if (large) return Answer{413, "too much", {}};
    stored.add(request.body);
    return Answer{};
  });
  start({server.url()});
  push(10, 16);
  CHECK(settles());
  std::vector<int> expected = range(10, 16);
  expected.erase(expected.begin() + 3);
  CHECK(stored.all() == expected);
  CHECK(counts().delivered == 15);
  CHECK(dropped(DropReason::kTooLarge) == 1);
  CHECK(counts().balanced());
  CHECK(
      eventually([&] { return log.has("dropped 1 record (too_large): Lines answers HTTP 413"); }));
}

TEST_CASE_FIXTURE(Fixture, "http: 400 is traced to the one bad record in a few requests") {
  Stored stored;
  TestServer server([&](const Received& request, size_t) {
    if (request.body.find("1500\n") != std::string::npos) return Answer{400, "bad \x1b[31m", {}};
    stored.add(request.body);
    return Answer{};
  });
  start({server.url()});
  push(1000, 1000);
  CHECK(settles());
  std::vector<int> expected = range(1000, 1000);
  expected.erase(expected.begin() + 500);
  CHECK(stored.all() == expected);
  CHECK(dropped(DropReason::kRejected) == 1);
  CHECK(server.requests() <= 21);  // twice log2(1000), and the first
  CHECK(eventually([&] { return log.has("bad \\x1b[31m"); }));
}

TEST_CASE_FIXTURE(Fixture, "http: of a partial answer only what was put off is sent again") {
  TestServer server([](const Received&, size_t number) {
    return number == 0 ? Answer{207, "retry 1 reject 2 retry 5 unnamed 2", {}} : Answer{};
  });
  start({server.url()});
  push(0, 8);
  CHECK(settles());
  std::vector<Received> all = server.received();
  REQUIRE(all.size() == 2);
  CHECK(all[1].body == "1\n5\n");
  CHECK(counts().delivered == 5);
  CHECK(dropped(DropReason::kRejected) == 3);
  CHECK(counts().balanced());
  CHECK(eventually([&] { return done == 1; }));
}

TEST_CASE_FIXTURE(Fixture, "http: a partial answer that does not fit the request is not believed") {
  TestServer server([](const Received&, size_t number) {
    if (number == 0) return Answer{207, "reject 2", {}};
    return number == 1 ? Answer{207, "reject 1 reject 0", {}} : Answer{};
  });
  start({server.url()});
  push(0, 2);
  CHECK(settles());
  CHECK(counts().delivered == 2);
  CHECK(server.requests() == 3);
}

TEST_CASE_FIXTURE(Fixture, "http: what the server takes and throws away is counted as that") {
  TestServer server([](const Received&, size_t) { return Answer{260, "", {}}; });
  start({server.url()});
  push(0, 3);
  CHECK(settles());
  CHECK(dropped(DropReason::kBlocked) == 3);
}

TEST_CASE_FIXTURE(Fixture, "http: many refused records are summed up in the log") {
  TestServer server([](const Received&, size_t) { return Answer{207, "reject 0", {}}; });
  start({server.url()});
  for (int i = 0; i < 50; ++i) push(i, 1);
  CHECK(settles());
  CHECK(dropped(DropReason::kRejected) == 50);
  output->stop();
  CHECK(log.count("dropped 1 record (rejected)") == 1);
  CHECK(log.count("dropped 49 records (rejected)") == 1);
}

}  // namespace
}  // namespace waybill::outputs::http
