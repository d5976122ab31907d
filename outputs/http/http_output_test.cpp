// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_output.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "config/config.h"
#include "delivery/test_support.h"
#include "outputs/http/test_server.h"

namespace waybill::outputs::http {
namespace {

using namespace std::chrono_literals;
using delivery::test::eventually;
using delivery::test::LogCapture;
using delivery::test::TempFolder;
using test::Answer;
using test::Received;
using test::TestServer;
using Manner = Answer::Manner;

// One line a record. Understands "partial" replies: "retry 1", "reject 2 words", "unnamed 3".
class LinesBackend final : public Backend {
 public:
  explicit LinesBackend(std::vector<std::string> urls, bool gzip = false) {
    endpoint_ = {std::move(urls), {"Content-Type: text/plain"}, gzip, "Lines"};
  }
  Result<void> prepare(const Identity&) override { return {}; }
  const Endpoint& endpoint() const override { return endpoint_; }
  std::vector<Probe> probes() const override {
    std::vector<Probe> all;
    for (const std::string& url : endpoint_.urls) all.push_back({url + "/ready", false, {}});
    return all;
  }
  void append(const Batch&, const Record& record, delivery::Payload& payload) override {
    uint32_t group = payload.group({});
    auto begin = static_cast<uint32_t>(payload.buffer(group).size());
    payload.buffer(group).append(record.message.bytes());
    payload.buffer(group).push_back('\n');
    payload.added(group, begin);
  }
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override {
    body.clear();
    for (uint32_t pick : picks) {
      const delivery::Slice& slice = payload.slices[pick];
      body.bytes.append(payload.groups[slice.group].bytes.data() + slice.begin, slice.size);
    }
    body.plain_size = body.bytes.size();
  }
  Verdict judge(const Response& response, const Sent& sent) const override {
    last_attempt = sent.attempt;
    if (response.status == 260) {
      return {Outcome::kRejected, "blocked", {}, 0, DropReason::kBlocked};
    }
    if (response.status != 207) return judge_status(response);
    Verdict verdict;
    verdict.outcome = Outcome::kPartial;
    std::istringstream lines{std::string(response.body)};
    std::string word;
    uint32_t number = 0;
    while (lines >> word >> number) {
      if (word == "unnamed") verdict.unnamed = number;
      if (word == "retry") verdict.items.push_back({number, true, {}, "later"});
      if (word == "reject") verdict.items.push_back({number, false, DropReason::kRejected, "bad"});
    }
    return verdict;
  }
  mutable std::atomic<uint32_t> last_attempt{0};

 private:
  Endpoint endpoint_;
};

struct Fixture {
  LogCapture log;
  ByteBudget budget{64 << 20};
  OutputLedger ledger{"lines"};
  Identity identity;
  config::Diagnostics diagnostics;
  Settings settings;
  LinesBackend* backend = nullptr;
  std::unique_ptr<Output> output;
  std::atomic<int> done{0};

  void make(std::vector<std::string> urls, bool gzip = false) {
    config::Section section = config::section_from_text("--to", "{type: lines}", diagnostics);
    auto made = std::make_unique<LinesBackend>(std::move(urls), gzip);
    backend = made.get();
    output = make_output(section, settings, std::move(made));
    REQUIRE(output);
    output->name = "lines";
  }
  void start(std::vector<std::string> urls, bool gzip = false) {
    make(std::move(urls), gzip);
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
  // Records "first", "first+1", …
  void push(int first, int records) {
    delivery::Outbox& outbox = output->outbox();
    std::unique_ptr<delivery::Payload> payload = outbox.take();
    Batch batch(budget);
    std::vector<uint32_t> all;
    for (int i = 0; i < records; ++i) {
      std::string text = std::to_string(first + i);
      Record record;
      record.message = Text(text, TextForm::kClean);
      output->append(batch, record, *payload);
      all.push_back(static_cast<uint32_t>(i));
    }
    output->compose(*payload, all, payload->body);
    payload->oldest = steady_now();
    payload->tickets.push_back(std::make_shared<Ticket>([this] { ++done; }));
    ledger.accept(static_cast<uint64_t>(records));
    outbox.push(std::move(payload));
  }
  OutputCounts counts() const { return ledger.snapshot().counts; }
  bool settles() {
    return eventually([&] { return counts().in_flight == 0; });
  }
  uint64_t dropped(DropReason reason) const {
    return counts().dropped[static_cast<size_t>(reason)];
  }
  // How long it takes to end by itself once everything is pushed.
  Duration drain(Duration grace) {
    SteadyTime begin = steady_now();
    std::atomic<bool> drained{false};
    output->outbox().on_drained([&] { drained = true; });
    output->outbox().close();
    output->drain(begin + grace);
    CHECK(eventually([&] { return drained.load(); }));
    Duration took = steady_now() - begin;
    output->stop();
    return took;
  }
};

// Takes everything, and knows what it was given how often.
struct Stored {
  std::mutex mutex;
  std::multiset<int> numbers;
  void add(const std::string& body) {
    std::lock_guard lock(mutex);
    std::istringstream lines(body);
    for (int number; lines >> number;) numbers.insert(number);
  }
  std::vector<int> all() {
    std::lock_guard lock(mutex);
    return {numbers.begin(), numbers.end()};
  }
};

std::vector<int> range(int first, int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(first + i);
  return numbers;
}

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

TEST_CASE_FIXTURE(Fixture, "http: gzip says so, also for the parts of a batch") {
  TestServer server([](const Received&, size_t number) {
    return Answer{number == 0 ? 413 : 200, "", {}};
  });
  start({server.url()}, true);
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
  CHECK(output->probe(identity));
  CHECK(server.received().at(0).head.rfind("GET /ready HTTP/1.1", 0) == 0);
  status = 401;
  Result<void> refused = output->probe(identity);
  REQUIRE(!refused);
  CHECK(refused.error().action == Action::kFixConfig);
  CHECK(refused.error().what ==
        server.url() + "/ready: HTTP 401: words; are the credentials right?");
  make({"http://127.0.0.1:" + std::to_string(test::closed_port())});
  Result<void> away = output->probe(identity);
  REQUIRE(!away);
  CHECK(away.error().action == Action::kRetry);
  CHECK(away.error().what.find("connection refused; is Lines running there?") != std::string::npos);
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
