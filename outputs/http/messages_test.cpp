// SPDX-License-Identifier: Apache-2.0
// What operators read: incidents, the words of failures, what statuses mean.
#include <doctest/doctest.h>

#include <cerrno>

#include "outputs/http/incident.h"
#include "outputs/http/transport.h"

namespace waybill::outputs::http {
namespace {

using namespace std::chrono_literals;

TEST_CASE("an incident is told at its beginning, once a minute, and at its end") {
  Incident incident;
  SteadyTime now{1000s};
  CHECK(!incident.recovered(now));
  CHECK(incident.failed(now, false, "refused") == "refused (retrying)");
  CHECK(incident.open());
  CHECK(!incident.failed(now + 1s, false, "refused"));
  CHECK(!incident.failed(now + 59s, false, "refused"));
  CHECK(incident.failed(now + 60s, false, "refused"));
  CHECK(incident.recovered(now + 75s) == "delivering again after 75 s");
  CHECK(!incident.open());
  CHECK(!incident.recovered(now + 76s));
}

TEST_CASE("another reason why somebody has to act is told sooner, where that is asked for") {
  using namespace std::chrono_literals;
  Incident incident(10s);
  SteadyTime now{1h};
  CHECK(incident.failed(now, true, "a"));
  CHECK(!incident.failed(now + 9s, true, "b"));
  CHECK(!incident.failed(now + 11s, true, "a"));
  CHECK(incident.failed(now + 12s, true, "b"));
  CHECK(!incident.failed(now + 30s, true, "b"));
  CHECK(!incident.failed(now + 31s, false, "c"));
  CHECK(!Incident(10s).recovered(now));
}

TEST_CASE("a backend that fails now and then does not fill the log") {
  Incident incident;
  SteadyTime now{1000s};
  int lines = 0;
  for (int i = 0; i < 60; ++i, now += 1s) {
    lines += incident.failed(now, false, "429").has_value();
    lines += incident.recovered(now + 500ms).has_value();
  }
  CHECK(lines == 2);
}

TEST_CASE("trouble that somebody has to act on is told at once") {
  Incident incident;
  SteadyTime now{1000s};
  CHECK(incident.failed(now, false, "refused"));
  CHECK(incident.failed(now + 1s, true, "401") == "401 (held: trying again every 30 s)");
  CHECK(!incident.failed(now + 31s, true, "401"));
}

TEST_CASE("failures of a transfer are told in words") {
  auto words = [](CURLcode code, int os_error, Connection connection,
                  std::string_view details = "") {
    return explain(
        {code, os_error, details, "http://loki:3100/loki/api/v1/push", "Loki", connection, 10s});
  };
  CHECK(words(CURLE_COULDNT_CONNECT, ECONNREFUSED, Connection::kNone).problem ==
        "cannot reach http://loki:3100: connection refused; is Loki running there?");
  CHECK(words(CURLE_COULDNT_CONNECT, ENETUNREACH, Connection::kNone).problem ==
        "cannot reach http://loki:3100: Network is unreachable");
  CHECK(words(CURLE_COULDNT_RESOLVE_HOST, 0, Connection::kNone).problem ==
        "cannot find the host loki:3100: is its name right, and does DNS work?");
  CHECK(words(CURLE_OPERATION_TIMEDOUT, 0, Connection::kNew).problem ==
        "http://loki:3100 took the connection, but did not answer within 10s");
  CHECK(words(CURLE_OPERATION_TIMEDOUT, 0, Connection::kKept)
            .problem.find("on a connection where it did before") != std::string::npos);
  CHECK(
      words(CURLE_OPERATION_TIMEDOUT, 0, Connection::kNone).problem.find("nobody answers there") !=
      std::string::npos);
  FailureWords untrusted =
      words(CURLE_PEER_FAILED_VERIFICATION, 0, Connection::kNew, "self-signed");
  CHECK(untrusted.misconfigured);
  CHECK(untrusted.problem.find("tls.ca_file") != std::string::npos);
  CHECK(words(CURLE_SSL_CONNECT_ERROR, 0, Connection::kNew, "wrong version number").misconfigured);
  CHECK(!words(CURLE_SSL_CONNECT_ERROR, ECONNRESET, Connection::kNew).misconfigured);
  CHECK(!words(CURLE_SSL_CONNECT_ERROR, 0, Connection::kNew, "SSL_connect: SSL_ERROR_SYSCALL")
             .misconfigured);
  CHECK(words(CURLE_RECV_ERROR, 0, Connection::kNew, "evil\x1b[2J").problem.find("evil\\x1b[2J") !=
        std::string::npos);
  CHECK(!words(CURLE_BAD_FUNCTION_ARGUMENT, 0, Connection::kNone).problem.empty());
}

TEST_CASE("what a status means where the backend has nothing special to say") {
  auto outcome = [](int status) { return judge_status({status, "why", "text/plain", {}}).outcome; };
  for (int status : {200, 201, 204}) CHECK(outcome(status) == Outcome::kDelivered);
  for (int status : {401, 403, 404, 405, 407}) CHECK(outcome(status) == Outcome::kMisconfigured);
  for (int status : {408, 425, 429, 500, 502, 503, 504}) CHECK(outcome(status) == Outcome::kRetry);
  for (int status : {400, 409, 415, 422, 431}) CHECK(outcome(status) == Outcome::kBisect);
  CHECK(outcome(413) == Outcome::kSplit);
  CHECK(judge_status({503, " why \n", "text/plain", {}}).reason == "why");
  CHECK(judge_status({503, "<html>", "text/plain", {}}).reason == "");
  CHECK(judge_status({503, "hello", "text/html", {}}).reason == "");
  CHECK(judge_status({503, std::string(5000, 'x'), "", {}}).reason.size() == 400);
}

}  // namespace
}  // namespace waybill::outputs::http
