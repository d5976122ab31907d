// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_output.h"

#include <doctest/doctest.h>

#include "outputs/http/test_bench.h"

namespace waybill::outputs::http {
namespace {

using namespace std::chrono_literals;
using delivery::test::eventually;
using test::Answer;
using test::Fixture;
using test::Received;
using test::TestServer;
using Manner = Answer::Manner;

TEST_CASE_FIXTURE(Fixture, "http: a backend that hangs while we drain gets half of the grace") {
  TestServer server([](const Received&, size_t) { return Answer{200, {}, {}, Manner::kHang}; });
  start({server.url()});
  for (int i = 0; i < 5; ++i) push(i, 1);
  CHECK(eventually([&] { return server.requests() == 1; }));
  Duration took = drain(1s);
  CHECK(took >= 450ms);
  CHECK(took < 900ms);
  CHECK(output->outbox().left() == 5);
  CHECK(counts().in_flight == 5);
  CHECK(server.requests() == 1);
  CHECK(done == 0);
}

TEST_CASE_FIXTURE(Fixture, "http: an answer that never ends is cut at the deadline of the drain") {
  TestServer server([](const Received&, size_t) { return Answer{200, {}, {}, Manner::kDrip}; });
  start({server.url()});
  push(0, 1);
  CHECK(eventually([&] { return server.requests() == 1; }));
  Duration took = drain(600ms);
  CHECK(took >= 590ms);
  CHECK(took < 5s);
  CHECK(output->outbox().left() == 1);
}

TEST_CASE_FIXTURE(Fixture, "http: draining delivers what is queued and waits out no back-off") {
  std::atomic<bool> up{false};
  TestServer server([&](const Received&, size_t) {
    return up ? Answer{} : Answer{503, "", "Retry-After: 100\r\n"};
  });
  start({server.url()});
  for (int i = 0; i < 4; ++i) push(i, 2);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kRetrying; }));
  up = true;
  CHECK(drain(20s) < 10s);
  CHECK(counts().delivered == 8);
  CHECK(output->outbox().left() == 0);
}

TEST_CASE_FIXTURE(Fixture, "http: what is refused twice in a drain is left, the others are tried") {
  TestServer server([&](const Received& request, size_t) {
    return request.body == "1\n" ? Answer{503, "", {}} : Answer{};
  });
  start({server.url()});
  output->drain(steady_now() + 20s);
  for (int i = 0; i < 3; ++i) push(i, 1);
  drain(20s);
  CHECK(counts().delivered == 2);
  CHECK(output->outbox().left() == 1);
  CHECK(server.requests() == 4);
}

TEST_CASE_FIXTURE(Fixture, "http: a record that is put off again and again holds up no other one") {
  std::atomic<bool> well{false};
  std::atomic<int> asked{0};
  TestServer server([&](const Received& request, size_t) {
    if (request.body != "0\n") return Answer{};
    ++asked;
    return well ? Answer{} : Answer{207, "retry 0", {}};
  });
  settings.concurrency = 4;
  start({server.url()});
  push(0, 1);
  CHECK(eventually([&] { return asked > 0; }));
  for (int i = 1; i <= 60; ++i) push(i, 1);
  CHECK(eventually([&] { return counts().delivered == 60; }));
  CHECK(asked < 10);  // it has a back-off of its own
  CHECK(counts().in_flight == 1);
  CHECK(ledger.snapshot().state == OutputState::kRetrying);
  well = true;
  CHECK(settles());
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kOk; }));
  output->stop();
  CHECK(log.count("1 of 1 records were put off") == 1);
  CHECK(log.count("delivering again after") == 1);
}

TEST_CASE_FIXTURE(Fixture, "http: stop ends a request that hangs, at once, and twice is fine") {
  TestServer server([](const Received&, size_t) { return Answer{200, {}, {}, Manner::kHang}; });
  start({server.url()});
  push(0, 1);
  push(1, 1);
  CHECK(eventually([&] { return server.requests() == 1; }));
  SteadyTime begin = steady_now();
  output->stop();
  output->stop();
  CHECK(steady_now() - begin < 5s);
  CHECK(output->outbox().left() == 2);
  push(2, 1);  // too late: abandoned, and nobody hangs
  CHECK(output->outbox().left() == 3);
  CHECK(counts().in_flight == 3);
}

}  // namespace
}  // namespace waybill::outputs::http
