// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_output.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "config/options.h"
#include "core/log.h"
#include "core/thread.h"
#include "outputs/http/gzip.h"
#include "outputs/http/refused.h"
#include "outputs/http/sender.h"
#include "outputs/printable.h"
#include "outputs/zstd.h"

namespace waybill::outputs::http {

namespace {

// A probe is asked by somebody who waits for the answer.
constexpr std::chrono::seconds kProbeTimeout{10};

constexpr int64_t kSecond = 1'000'000'000;
// A server tells its time in whole seconds, and AWS takes no request that is 5 minutes off.
constexpr std::chrono::seconds kTogether{3};
constexpr std::chrono::seconds kFarApart{5 * 60};

// "7m ahead of ours"; empty when there is nothing to speak of.
std::string clocks_apart(int64_t theirs, WallNanos ours) {
  // Whatever a server says, it is a number of ours: 292 years fit into one.
  theirs = std::clamp<int64_t>(theirs, 0, 9'000'000'000);
  // The second that it tells has passed by half on average.
  int64_t apart = theirs * kSecond + kSecond / 2 - ours;
  int64_t seconds = (std::abs(apart) + kSecond / 2) / kSecond;
  if (seconds <= kTogether.count()) return {};
  return fmt::format("{} {} ours", config::duration_text(seconds * kSecond),
                     apart > 0 ? "ahead of" : "behind");
}

class Until final : public Patience {
 public:
  explicit Until(SteadyTime end) : end_(end) {}
  SteadyTime until(SteadyTime) const override { return end_; }

 private:
  SteadyTime end_;
};

class HttpOutput final : public Output {
 public:
  HttpOutput(const Settings& settings, std::unique_ptr<Backend> backend)
      : settings_(settings),
        backend_(std::move(backend)),
        gate_(static_cast<size_t>(settings.concurrency), backend_->endpoint().urls.size(),
              settings.balance, {}) {}
  ~HttpOutput() override { stop(); }

  Result<void> start(const Context& context) override;
  ProbeReport probe(const Identity& identity) override;
  Result<std::string> preview(const Identity& identity, const Batch& batch,
                              const Record& record) override;
  void drain(SteadyTime deadline) override;
  void stop() override;

  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override {
    backend_->append(batch, record, payload);
  }
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override;
  std::optional<uint64_t> moved_fields() const { return backend_->moved_fields(); }
  delivery::Outbox& outbox() override {
    WAYBILL_CHECK(outbox_ != nullptr, "an output has no outbox before its start");
    return *outbox_;
  }

 private:
  // What sends: one thread, one connection.
  struct Lane {
    std::unique_ptr<Transport> transport;
    std::unique_ptr<Sender> sender;
    std::thread thread;
  };

  Result<std::unique_ptr<Transport>> connect(const Identity& identity);
  Result<std::unique_ptr<Transport>> make_transport() const;
  Result<void> start_lane(std::unique_ptr<Transport> transport);
  void grow(size_t limit);
  void interrupt();
  void warn_of_insecure() const;
  void encode(Buffer& out, std::string_view plain) const;
  static void note(ProbeReport& report, const Probe& probe, const Finding& found,
                   std::optional<int64_t> clock, WallNanos ours);

  const Settings settings_;
  const std::unique_ptr<Backend> backend_;
  Control control_;
  std::unique_ptr<delivery::Outbox> outbox_;
  OutputLedger* ledger_ = nullptr;
  std::optional<Refused> refused_;
  Gate gate_;
  // The first is made by start(), the others by its thread when the backend can take more.
  std::mutex lanes_mutex_;
  std::deque<Lane> lanes_;
  bool cannot_grow_ = false;
};

Result<std::unique_ptr<Transport>> HttpOutput::connect(const Identity& identity) {
  if (Result<void> ready = backend_->prepare(identity); !ready) return std::move(ready).error();
  if (backend_->endpoint().coding == Coding::kZstd) {
    if (Result<void> loaded = load_zstd(); !loaded) return std::move(loaded).error();
  }
  Result<std::unique_ptr<Transport>> transport = make_transport();
  if (transport) warn_of_insecure();
  return transport;
}

Result<std::unique_ptr<Transport>> HttpOutput::make_transport() const {
  Result<const CurlApi*> curl = load_curl();
  if (!curl) return std::move(curl).error();
  std::vector<std::string> headers = backend_->endpoint().headers;
  const Coding coding = backend_->endpoint().coding;
  const Wire wire = backend_->endpoint().wire;
  if (wire == Wire::kGrpc) {
    for (std::string& line : grpc::head_lines(coding, settings_.timeout)) {
      headers.push_back(std::move(line));
    }
  } else if (coding == Coding::kGzip) {
    headers.push_back("Content-Encoding: gzip");
  } else if (coding == Coding::kZstd) {
    headers.push_back("Content-Encoding: zstd");
  }
  return Transport::make(**curl, settings_, std::move(headers), backend_->endpoint().product, wire);
}

void HttpOutput::warn_of_insecure() const {
  if (settings_.tls.insecure_skip_verify) {
    spdlog::warn(
        "output {}: tls.insecure_skip_verify is set: anybody between here and {} can read "
        "the logs and the credentials",
        name, target);
  }
  // What is signed for AWS is no secret to whoever reads it.
  Result<Credentials> credentials = read_credentials(settings_.auth);
  const bool secret = credentials && !credentials->header.empty();
  for (const std::string& text : backend_->endpoint().urls) {
    Result<Url> url = parse_url(text);
    if (!secret || !url || url->scheme == "https" || url->loopback()) continue;
    spdlog::warn("output {}: the credentials go to {} in the clear: use https", name, text);
    return;
  }
}

Result<void> HttpOutput::start(const Context& context) {
  Result<std::unique_ptr<Transport>> transport = connect(context.identity);
  if (!transport) return std::move(transport).error().within("output " + name);
  outbox_ = std::make_unique<delivery::Outbox>(context.budget, context.ledger, context.memory_share,
                                               context.policy);
  if (Result<void> spooled = open_spool(*this, context); !spooled) return spooled;
  if (context.letters != nullptr) outbox_->keep_notes();
  ledger_ = &context.ledger;
  refused_.emplace(name, context.ledger, context.letters);
  return start_lane(*std::move(transport));
}

Result<void> HttpOutput::start_lane(std::unique_ptr<Transport> transport) {
  std::lock_guard lock(lanes_mutex_);
  size_t number = lanes_.size();
  Lane& lane = lanes_.emplace_back();
  lane.transport = std::move(transport);
  lane.sender = std::make_unique<Sender>(*this, *backend_, settings_, *lane.transport, *outbox_,
                                         *ledger_, control_, *refused_, gate_, number);
  if (number == 0) lane.sender->on_limit = [this](size_t limit) { grow(limit); };
  auto work = [this, sender = lane.sender.get()] {
    pthread_setname_np(pthread_self(), ("out:" + name).substr(0, 15).c_str());
    // A write to a connection that is gone is an error of that connection.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    sender->run();
  };
  Result<void> started = start_thread(lane.thread, work);
  if (started) return {};
  lanes_.pop_back();
  return std::move(started).error().within("output " + name);
}

// On the thread of the first lane, which nobody joins before the others.
void HttpOutput::grow(size_t limit) {
  if (cannot_grow_ || lanes_.size() >= limit || control_.stopping()) return;
  Result<std::unique_ptr<Transport>> transport = make_transport();
  Result<void> started =
      transport ? start_lane(*std::move(transport)) : std::move(transport).error();
  if (started) return;
  cannot_grow_ = true;
  spdlog::warn("output {}: it stays with {} request{} at a time: {}", name, lanes_.size(),
               lanes_.size() == 1 ? "" : "s", started.error().what);
}

Result<std::string> HttpOutput::preview(const Identity& identity, const Batch& batch,
                                        const Record& record) {
  if (Result<void> ready = backend_->prepare(identity); !ready) return std::move(ready).error();
  ByteBudget budget(0);
  delivery::Payload payload(budget);
  backend_->append(batch, record, payload);
  return backend_->preview(payload);
}

ProbeReport HttpOutput::probe(const Identity& identity) {
  ProbeReport report;
  Result<std::unique_ptr<Transport>> transport = connect(identity);
  if (!transport) {
    report.faults.push_back(transport.error().what);
    return report;
  }
  const Duration patience = std::min<Duration>(settings_.timeout, kProbeTimeout);
  for (const Probe& probe : backend_->probes()) {
    Buffer body;  // the headers say that it is compressed, too
    if (probe.post) encode(body, probe.body);
    WallNanos begin = wall_now();
    Reply reply = (*transport)
                      ->send({probe.url, probe.post, body.view(), probe.header},
                             Until(steady_now() + patience));
    if (reply.kind != Reply::Kind::kAnswered) {
      // Of an endpoint that cannot be reached each of its probes says the same.
      bool said = !report.faults.empty() && report.faults.back() == reply.problem;
      if (!said) report.faults.push_back(reply.problem);
      continue;
    }
    Result<Finding> found = backend_->judge_probe(probe, reply.response);
    if (!found) {
      report.faults.push_back(probe.url + ": " + printable(found.error().what, 400));
    } else {
      std::optional<int64_t> clock = found->clock ? found->clock : reply.response.date;
      note(report, probe, *found, clock, begin + (wall_now() - begin) / 2);
    }
  }
  return report;
}

// What an answer has shown, and how far the clocks are apart: `ours` is when it was made.
void HttpOutput::note(ProbeReport& report, const Probe& probe, const Finding& found,
                      std::optional<int64_t> clock, WallNanos ours) {
  std::string apart = clock ? clocks_apart(*clock, ours) : "";
  if (!found.words.empty()) {
    const char* clocks = !apart.empty() ? "" : clock ? "; its clock agrees with ours" : "";
    report.facts.push_back(fmt::format("{} {}{}", probe.url, printable(found.words), clocks));
  }
  if (!found.warning.empty()) {
    report.warnings.push_back(fmt::format("{}: {}", probe.url, printable(found.warning, 400)));
  }
  if (apart.empty()) return;
  bool far = std::abs(*clock - ours / kSecond) > kFarApart.count();
  (far ? report.faults : report.warnings)
      .push_back(fmt::format("{}: its clock is {}: {}", probe.url, apart,
                             far ? "what is sent may be refused, or stand at a wrong time; set the "
                                   "clock that is wrong, as with NTP"
                                 : "records will stand at slightly wrong times"));
}

void HttpOutput::drain(SteadyTime deadline) {
  control_.drain(deadline);
  gate_.hurry();
  if (outbox_) outbox_->stop_reading_spool();
  if (outbox_) outbox_->wake();
  interrupt();
}

void HttpOutput::stop() {
  control_.stop();
  gate_.hurry();
  if (outbox_) outbox_->wake();
  interrupt();
  // The first one may start others until it ends.
  auto lane = [&](size_t number) {
    std::lock_guard lock(lanes_mutex_);
    return number < lanes_.size() ? &lanes_[number] : nullptr;
  };
  for (size_t number = 0; Lane* each = lane(number); ++number) {
    if (each->thread.joinable()) each->thread.join();
  }
  if (outbox_) outbox_->finish();
}

void HttpOutput::interrupt() {
  std::lock_guard lock(lanes_mutex_);
  for (Lane& lane : lanes_) lane.transport->interrupt();
}

void HttpOutput::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                         delivery::Body& body) const {
  backend_->compose(payload, picks, body);
  const Endpoint& endpoint = backend_->endpoint();
  if (endpoint.coding == Coding::kNone && endpoint.wire == Wire::kHttp) return;
  if (body.bytes.empty()) return;  // it gave none: there are several requests in this payload
  // The pipeline and the lanes come here, and each keeps a buffer for it.
  thread_local Buffer plain;
  plain.swap(body.bytes);
  if (body.plain_size == 0) body.plain_size = plain.size();
  body.bytes.clear();
  encode(body.bytes, plain.view());
}

void HttpOutput::encode(Buffer& out, std::string_view plain) const {
  const int level = static_cast<int>(settings_.compression_level);
  const Endpoint& endpoint = backend_->endpoint();
  const bool framed = endpoint.wire == Wire::kGrpc;
  const size_t frame = framed ? grpc::open_frame(out) : 0;
  switch (endpoint.coding) {
    case Coding::kGzip: append_gzip(out, plain, level); break;
    case Coding::kZstd: append_zstd(out, plain, level); break;
    case Coding::kNone: out.append(plain); break;
  }
  if (framed) grpc::close_frame(out, frame, endpoint.coding != Coding::kNone);
}

}  // namespace

std::optional<uint64_t> moved_fields(const Output& output) {
  const auto* ours = dynamic_cast<const HttpOutput*>(&output);
  return ours == nullptr ? std::nullopt : ours->moved_fields();
}

std::unique_ptr<Output> make_output(const config::Section& section, const Settings& settings,
                                    std::unique_ptr<Backend> backend) {
  if (!check_settings(section, settings, backend->endpoint().coding)) return nullptr;
  const Endpoint& endpoint = backend->endpoint();
  WAYBILL_CHECK(!endpoint.urls.empty(), "an HTTP backend has at least one URL");
  std::string target = fmt::format("{}", fmt::join(endpoint.urls, ", "));
  auto output = std::make_unique<HttpOutput>(settings, std::move(backend));
  adopt_section(*output, section);
  output->limits = settings.batch.limits();
  output->spool = settings.spool;
  output->target = std::move(target);
  return output;
}

}  // namespace waybill::outputs::http
