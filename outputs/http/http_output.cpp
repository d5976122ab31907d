// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_output.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "core/thread.h"
#include "outputs/http/gzip.h"
#include "outputs/http/refused.h"
#include "outputs/http/sender.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

// A probe is asked by somebody who waits for the answer.
constexpr std::chrono::seconds kProbeTimeout{10};

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
        gate_(static_cast<size_t>(settings.concurrency), backend_->endpoint().urls.size(), {}) {}
  ~HttpOutput() override { stop(); }

  Result<void> start(const Context& context) override;
  Result<void> probe(const Identity& identity) override;
  Result<std::string> preview(const Identity& identity, const Batch& batch,
                              const Record& record) override;
  void drain(SteadyTime deadline) override;
  void stop() override;

  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override {
    backend_->append(batch, record, payload);
  }
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override;
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
  void warn_of_insecure(const std::string& authorization) const;

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
  Result<std::unique_ptr<Transport>> transport = make_transport();
  if (Result<std::string> header = authorization(settings_.auth)) warn_of_insecure(*header);
  return transport;
}

Result<std::unique_ptr<Transport>> HttpOutput::make_transport() const {
  Result<const CurlApi*> curl = load_curl();
  if (!curl) return std::move(curl).error();
  Result<std::string> header = authorization(settings_.auth);
  if (!header) return std::move(header).error();
  std::vector<std::string> headers = backend_->endpoint().headers;
  if (backend_->endpoint().gzip) headers.push_back("Content-Encoding: gzip");
  auto made = Transport::make(**curl, settings_, std::move(headers), backend_->endpoint().product);
  if (made && !header->empty()) (*made)->set_authorization("Authorization: " + *header);
  return made;
}

void HttpOutput::warn_of_insecure(const std::string& header) const {
  if (settings_.tls.insecure_skip_verify) {
    spdlog::warn(
        "output {}: tls.insecure_skip_verify is set: anybody between here and {} can read "
        "the logs and the credentials",
        name, target);
  }
  for (const std::string& text : backend_->endpoint().urls) {
    Result<Url> url = parse_url(text);
    if (header.empty() || !url || url->scheme == "https" || url->loopback()) continue;
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

Result<void> HttpOutput::probe(const Identity& identity) {
  Result<std::unique_ptr<Transport>> transport = connect(identity);
  if (!transport) return std::move(transport).error();
  for (const Probe& probe : backend_->probes()) {
    Duration patience = std::min<Duration>(settings_.timeout, kProbeTimeout);
    Buffer body;  // the headers say gzip for it, too
    if (probe.post && backend_->endpoint().gzip) {
      append_gzip(body, probe.body);
    } else {
      body.append(probe.body);
    }
    Reply reply =
        (*transport)->send({probe.url, probe.post, body.view()}, Until(steady_now() + patience));
    if (reply.kind != Reply::Kind::kAnswered) {
      bool fix = reply.kind == Reply::Kind::kMisconfigured;
      return Error{fix ? Action::kFixConfig : Action::kRetry, reply.problem};
    }
    if (Result<void> fine = backend_->judge_probe(reply.response); !fine) {
      Error error = std::move(fine).error();
      return Error{error.action, probe.url + ": " + printable(error.what, 400)};
    }
  }
  return {};
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
  if (!backend_->endpoint().gzip) return;
  // The pipeline and the lanes come here, and each keeps a buffer for it.
  thread_local Buffer plain;
  plain.swap(body.bytes);
  if (body.plain_size == 0) body.plain_size = plain.size();
  body.bytes.clear();
  append_gzip(body.bytes, plain.view());
}

}  // namespace

std::unique_ptr<Output> make_output(const config::Section& section, const Settings& settings,
                                    std::unique_ptr<Backend> backend) {
  if (!check_settings(section, settings)) return nullptr;
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
