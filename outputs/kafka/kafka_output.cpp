// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/kafka_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pthread.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "core/log.h"
#include "core/thread.h"
#include "outputs/basics.h"
#include "outputs/kafka/encoder.h"
#include "outputs/kafka/sender.h"

namespace waybill::outputs::kafka {

namespace {

// Of an output's share of memory, what librdkafka is given at most.
constexpr size_t kSmallestWindow = size_t{256} * 1024;
constexpr size_t kLargestWindow = size_t{2} * 1024 * 1024;

class KafkaOutput final : public Output {
 public:
  explicit KafkaOutput(const Settings& settings) : settings_(settings), encoder_(settings_) {}
  ~KafkaOutput() override { stop(); }

  Result<void> start(const Context& context) override;
  ProbeReport probe(const Identity&) override { return kafka::probe(settings_); }
  Result<std::string> preview(const Identity& identity, const Batch& batch,
                              const Record& record) override;
  void drain(SteadyTime deadline) override;
  void stop() override;

  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override {
    encoder_.append(batch, record, payload);
  }
  // Each record is a message of its own, sent from where it lies.
  void compose(const delivery::Payload&, std::span<const uint32_t>,
               delivery::Body& body) const override {
    body.clear();
  }
  delivery::Outbox& outbox() override {
    WAYBILL_CHECK(outbox_ != nullptr, "an output has no outbox before its start");
    return *outbox_;
  }

 private:
  void warn_of_insecure() const;

  const Settings settings_;
  Encoder encoder_;
  Control control_;
  Waker waker_;
  std::unique_ptr<delivery::Outbox> outbox_;
  std::optional<http::Refused> refused_;
  std::optional<Sender> sender_;
  std::thread thread_;
};

void KafkaOutput::warn_of_insecure() const {
  if (settings_.tls.insecure_skip_verify) {
    spdlog::warn(
        "output {}: tls.insecure_skip_verify is set: anybody between here and {} can read the logs "
        "and the credentials",
        name, target);
  }
  // SCRAM proves a password without sending it.
  if (!settings_.tls_on && !settings_.auth.user.empty() &&
      settings_.auth.mechanism == Mechanism::kPlain) {
    spdlog::warn("output {}: the password goes to {} in the clear: use TLS, or SCRAM", name,
                 target);
  }
}

Result<void> KafkaOutput::start(const Context& context) {
  auto failed = [this](Error error) { return std::move(error).within("output " + name); };
  Result<const KafkaApi*> api = load_kafka();
  if (!api) return failed(std::move(api).error());
  if (Result<void> opened = waker_.open(); !opened) return failed(std::move(opened).error());
  encoder_.prepare(context.identity, name);
  outbox_ = std::make_unique<delivery::Outbox>(context.budget, context.ledger, context.memory_share,
                                               context.policy);
  if (Result<void> spooled = open_spool(*this, context); !spooled) return spooled;
  if (context.letters != nullptr) outbox_->keep_notes();
  refused_.emplace(name, context.ledger, context.letters);
  const size_t window = std::clamp(context.memory_share / 4, kSmallestWindow, kLargestWindow);
  sender_.emplace(Sender::Parts{*this, settings_, **api, *outbox_, context.ledger, control_,
                                *refused_, waker_, context.budget, window});
  if (Result<void> connected = sender_->connect(); !connected) {
    return failed(std::move(connected).error());
  }
  warn_of_insecure();
  outbox_->on_filled([this] { waker_.wake(); });
  Result<void> started = start_thread(thread_, [this] {
    pthread_setname_np(pthread_self(), ("out:" + name).substr(0, 15).c_str());
    sender_->run();
  });
  if (!started) return failed(std::move(started).error());
  return {};
}

Result<std::string> KafkaOutput::preview(const Identity& identity, const Batch& batch,
                                         const Record& record) {
  encoder_.prepare(identity, name);
  ByteBudget budget(0);
  delivery::Payload payload(budget);
  encoder_.append(batch, record, payload);
  std::optional<Message> message = read_message(payload.encoded(payload.slices.front()));
  WAYBILL_CHECK(message.has_value(), "what was encoded is a message");
  std::string text =
      fmt::format("topic    {}\nkey      {}\ntime     {}\nheaders  content-type={} id={}",
                  payload.groups.front().head, message->key.value_or("none"), message->time_ms,
                  kContentType, message->id);
  if (!message->traceparent.empty()) text += fmt::format(" traceparent={}", message->traceparent);
  return text + fmt::format("\nvalue    {}", message->value);
}

void KafkaOutput::drain(SteadyTime deadline) {
  control_.drain(deadline);
  if (outbox_) outbox_->stop_reading_spool();
  waker_.wake();
}

void KafkaOutput::stop() {
  control_.stop();
  if (outbox_) outbox_->wake();
  waker_.wake();
  if (thread_.joinable()) thread_.join();
  sender_.reset();
  if (outbox_) outbox_->finish();
}

}  // namespace

std::unique_ptr<Output> make_output(const config::Section& section, const Settings& settings) {
  auto output = std::make_unique<KafkaOutput>(settings);
  adopt_section(*output, section);
  output->limits = settings.batch.limits();
  output->spool = settings.spool;
  output->target = fmt::format("{}/{}", fmt::join(settings.brokers, ","), settings.topic);
  return output;
}

}  // namespace waybill::outputs::kafka
