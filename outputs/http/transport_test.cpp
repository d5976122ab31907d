// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/transport.h"

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

TEST_CASE_FIXTURE(Fixture, "http: a refused connection is told in words, and found again") {
  int port = test::closed_port();
  std::string url = "http://127.0.0.1:" + std::to_string(port) + "/push";
  start({url});
  push(0, 1);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kRetrying; }));
  CHECK(ledger.snapshot().problem == "cannot reach http://127.0.0.1:" + std::to_string(port) +
                                         ": connection refused; is Lines running there?");
  // Refused again while it drains: left, not lost, and not waited for.
  CHECK(drain(20s) < 5s);
  CHECK(output->outbox().left() == 1);
  CHECK(counts().in_flight == 1);
  CHECK(done == 0);
}

TEST_CASE_FIXTURE(Fixture, "http: of several URLs the next one is asked at once") {
  TestServer server([](const Received&, size_t) { return Answer{}; });
  start({"http://127.0.0.1:" + std::to_string(test::closed_port()), server.url()});
  push(0, 1);
  CHECK(settles());
  push(1, 1);
  CHECK(settles());
  CHECK(server.requests() == 2);
  CHECK(ledger.snapshot().retries == 1);  // it stays with the one that answers
}

TEST_CASE_FIXTURE(Fixture, "http: a connection that breaks without an answer is a retry") {
  TestServer server([](const Received&, size_t number) {
    if (number == 0) return Answer{200, {}, {}, Manner::kReset};
    if (number == 1) return Answer{200, {}, {}, Manner::kClose};
    if (number == 2) return Answer{200, "SSH-2.0-OpenSSH_9.2\r\n", {}, Manner::kRaw};
    return Answer{};
  });
  start({server.url()});
  push(0, 2);
  CHECK(settles());
  CHECK(counts().delivered == 2);
  CHECK(server.requests() == 4);
}

TEST_CASE_FIXTURE(Fixture, "http: a redirect is not followed") {
  TestServer other([](const Received&, size_t) { return Answer{}; });
  TestServer server([&](const Received&, size_t) {
    return Answer{307, "", "Location: " + other.url() + "/elsewhere\r\n"};
  });
  start({server.url()});
  push(0, 1);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kMisconfigured; }));
  CHECK(ledger.snapshot().problem.find("redirects to " + other.url() + "/elsewhere") !=
        std::string::npos);
  output->stop();
  CHECK(other.requests() == 0);
}

TEST_CASE_FIXTURE(Fixture, "http: an answer that drips is cut by the total deadline") {
  TestServer server([](const Received&, size_t number) {
    return number == 0 ? Answer{200, {}, {}, Manner::kDrip} : Answer{};
  });
  settings.timeout = 300ms;
  start({server.url()});
  push(0, 1);
  CHECK(settles());
  CHECK(counts().delivered == 1);
  CHECK(log.has("did not answer within 300ms"));
}

TEST_CASE_FIXTURE(Fixture, "http: an answer that does not begin in time is not waited for") {
  TestServer server([](const Received&, size_t number) {
    return number == 1 ? Answer{200, {}, {}, Manner::kHang} : Answer{};
  });
  settings.response_timeout = 200ms;
  start({server.url()});
  push(0, 1);
  CHECK(settles());
  push(1, 1);  // on the same connection
  CHECK(settles());
  CHECK(counts().delivered == 2);
  CHECK(log.has("did not answer within 200ms, on a connection where it did before"));
}

TEST_CASE_FIXTURE(Fixture, "http: an answer that began may take longer") {
  TestServer server([](const Received&, size_t) { return Answer{200, {}, {}, Manner::kDrip}; });
  settings.response_timeout = 100ms;
  settings.timeout = 1s;
  start({server.url()});
  push(0, 1);
  CHECK(eventually([&] { return log.has("did not answer within 1s"); }));
  output->stop();
}

TEST_CASE_FIXTURE(Fixture, "http: an answer without end is not read to its end") {
  TestServer server([](const Received&, size_t number) {
    return number == 0 ? Answer{200, std::string(kMaxReply + 1000, 'x'), {}} : Answer{};
  });
  start({server.url()});
  push(0, 1);
  CHECK(settles());
  CHECK(counts().delivered == 1);
  CHECK(server.requests() == 2);
  CHECK(log.has("is larger than 4 MiB"));
}

TEST_CASE_FIXTURE(Fixture, "http: an answer that is too large for many is asked for in halves") {
  TestServer server([](const Received& request, size_t) {
    bool many = request.body == "1\n2\n";
    return many ? Answer{200, std::string(kMaxReply + 1000, 'x'), {}} : Answer{};
  });
  start({server.url()});
  push(1, 2);
  CHECK(settles());
  CHECK(counts().delivered == 2);
}

TEST_CASE_FIXTURE(Fixture, "http: a web page is no answer of a backend") {
  TestServer server([](const Received&, size_t number) {
    return number == 0 ? Answer{200, "<html>", "Content-Type: text/html; charset=utf-8\r\n"}
                       : Answer{};
  });
  start({server.url()});
  push(0, 1);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kMisconfigured; }));
  CHECK(counts().in_flight == 1);
  drain(10s);
  CHECK(counts().delivered == 1);
  CHECK(log.has("a web page"));
}

TEST_CASE_FIXTURE(Fixture, "http: gzip says so, also for the parts of a batch") {
  TestServer server([](const Received&, size_t number) {
    return Answer{number == 0 ? 413 : 200, "", {}};
  });
  start({server.url()}, Coding::kGzip);
  push(0, 2);
  CHECK(settles());
  std::vector<Received> all = server.received();
  REQUIRE(all.size() == 3);
  for (const Received& request : all) {
    CHECK(request.has("Content-Encoding: gzip"));
    CHECK(request.body.substr(0, 2) == "\x1f\x8b");
  }
}

TEST_CASE_FIXTURE(Fixture, "http: a proxy of the environment is not used, a configured one is") {
  TestServer server([](const Received&, size_t) { return Answer{}; });
  TestServer proxy([](const Received&, size_t) { return Answer{}; });
  setenv("http_proxy", proxy.url().c_str(), 1);
  start({server.url()});
  push(0, 1);
  CHECK(settles());
  unsetenv("http_proxy");
  CHECK(proxy.requests() == 0);
  output->stop();
  settings.proxy = proxy.url();
  start({"http://backend.invalid/push"});
  push(1, 1);
  CHECK(settles());
  CHECK(proxy.received().at(0).head.rfind("POST http://backend.invalid/push HTTP/1.1", 0) == 0);
}

TEST_CASE_FIXTURE(Fixture, "http: probe says whether the backend is there and takes us") {
  std::atomic<int> status{200};
  TestServer server([&](const Received&, size_t) { return Answer{status, "words", {}}; });
  make({server.url()});
  ProbeReport report = output->probe(identity);
  CHECK(report.faults.empty());
  CHECK(report.facts == std::vector{server.url() + "/ready answers, and takes us"});
  CHECK(server.received().at(0).head.rfind("GET /ready HTTP/1.1", 0) == 0);
  status = 401;
  CHECK(output->probe(identity).faults ==
        std::vector{server.url() + "/ready: HTTP 401: words; are the credentials right?"});
  make({"http://127.0.0.1:" + std::to_string(test::closed_port())});
  report = output->probe(identity);
  REQUIRE(report.faults.size() == 1);
  CHECK(report.faults[0].find("connection refused; is Lines running there?") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "http: probe compares the clocks") {
  std::atomic<int64_t> ahead{0};
  TestServer server([&](const Received&, size_t) {
    time_t now = static_cast<time_t>(wall_now() / 1'000'000'000 + ahead);
    char date[64];
    tm parts{};
    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    return Answer{200, "", date};
  });
  make({server.url()});
  ProbeReport report = output->probe(identity);
  REQUIRE(report.facts.size() == 1);
  CHECK(report.facts[0].find("; its clock agrees with ours") != std::string::npos);
  ahead = -60;
  report = output->probe(identity);
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].find(" behind ours: records will stand at") != std::string::npos);
  CHECK(report.faults.empty());
  ahead = 3600;
  report = output->probe(identity);
  REQUIRE(report.faults.size() == 1);
  CHECK(report.faults[0].find(" ahead of ours: what is sent may be refused") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "http: TLS to a port that speaks none is a matter of configuration") {
  TestServer server([](const Received&, size_t) { return Answer{}; });
  std::string url = "https" + server.url().substr(4);
  start({url});
  push(0, 1);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kMisconfigured; }));
  CHECK(ledger.snapshot().problem.find("no TLS connection to " + url) != std::string::npos);
}

}  // namespace
}  // namespace waybill::outputs::http
