// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/client.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/log.h"
#include "core/thread.h"
#include "outputs/printable.h"

namespace waybill::outputs::kafka {

namespace {

int milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

using namespace std::chrono_literals;

// Waits, at the end of the process, for what takes no time: threads of librdkafka are not to meet
// what exit() has taken away already. One that waits for a name server is left to the kernel.
class Burials {
 public:
  void begin() {
    std::lock_guard lock(mutex_);
    ++open_;
  }
  void end() {
    std::lock_guard lock(mutex_);
    --open_;
    changed_.notify_all();
  }
  void wait(Duration patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return open_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t open_ = 0;
};

Burials& burials() {
  static Burials* const all = new Burials;  // for ever: its threads may outlive main()
  static const struct AtExit {
    ~AtExit() { all->wait(200ms); }
  } at_exit;
  return *all;
}

}  // namespace

// What librdkafka gets of us as its opaque: no more than this is touched by it once we are gone.
struct Client::Link {
  std::atomic<Reports*> reports;

  static Reports* of(void* opaque) {
    return static_cast<Link*>(opaque)->reports.load(std::memory_order_acquire);
  }
  // The three that librdkafka calls; none of them throws.
  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    if (Reports* reports = of(opaque)) reports->reported(message->_private, message->err);
  }
  static void on_error(rd_kafka_t*, int error, const char* words, void* opaque) {
    Reports* reports = of(opaque);
    if (reports != nullptr) reports->trouble(static_cast<rd_kafka_resp_err_t>(error), words);
  }
  // On any of its threads. What matters comes by on_error(), too.
  static void on_log(const rd_kafka_t* handle, int, const char*, const char* words) {
    Result<const KafkaApi*> api = load_kafka();
    if (!api || handle == nullptr || of((*api)->opaque(handle)) == nullptr) return;
    spdlog::debug("librdkafka: {}", words);
  }
};

// What is left of a client, and what it needs until it has ended.
struct Client::Remains {
  const KafkaApi& api;
  rd_kafka_t* handle;
  std::unique_ptr<Link> link;
  std::vector<Buffer> kept;
};

Client::Client(const KafkaApi& api) : api_(api), link_(std::make_unique<Link>()) {}

Result<std::unique_ptr<Client>> Client::make(const KafkaApi& api, const Properties& properties,
                                             Reports& reports, int wake_fd) {
  char words[512] = "";
  rd_kafka_conf_t* conf = api.conf_new();
  for (const auto& [name, value] : properties) {
    if (api.conf_set(conf, name.c_str(), value.c_str(), words, sizeof words) == RD_KAFKA_CONF_OK) {
      continue;
    }
    api.conf_destroy(conf);
    // Its words may hold the value, which may be a secret.
    return Error{Action::kFixConfig, fmt::format("librdkafka {} refuses what it is given as {}",
                                                 api.version_str(), name)};
  }
  std::unique_ptr<Client> client(new Client(api));
  client->link_->reports = &reports;
  api.conf_set_opaque(conf, client->link_.get());
  api.conf_set_dr_msg_cb(conf, Link::on_report);
  api.conf_set_error_cb(conf, Link::on_error);
  api.conf_set_log_cb(conf, Link::on_log);
  client->handle_ = api.make(RD_KAFKA_PRODUCER, conf, words, sizeof words);
  if (client->handle_ == nullptr) {
    api.conf_destroy(conf);
    return Error{Action::kFixConfig, fmt::format("librdkafka: {}", printable(words, 400))};
  }
  if (wake_fd >= 0) {
    const uint64_t one = 1;
    rd_kafka_queue_t* queue = api.queue_get_main(client->handle_);
    api.queue_io_event_enable(queue, wake_fd, &one, sizeof one);
    api.queue_destroy(queue);
    // What it had to say before that told nobody.
    [[maybe_unused]] ssize_t size = ::write(wake_fd, &one, sizeof one);
  }
  return client;
}

Client::~Client() {
  if (metadata_ != nullptr) api_.metadata_destroy(metadata_);
  for (const auto& [name, handle] : topics_) api_.topic_destroy(handle);
  if (handle_ == nullptr) return;
  link_->reports = nullptr;
  rd_kafka_queue_t* queue = api_.queue_get_main(handle_);
  api_.queue_io_event_enable(queue, -1, nullptr, 0);
  api_.queue_destroy(queue);
  auto* remains = new Remains{api_, handle_, std::move(link_), std::move(kept_)};
  burials().begin();
  std::thread thread;
  Result<void> started = start_thread(thread, [remains] {
    pthread_setname_np(pthread_self(), "kafka:end");
    remains->api.destroy(remains->handle);
    delete remains;
    burials().end();
  });
  if (started) {
    thread.detach();
    return;
  }
  // Without a thread for it, it stays.
  burials().end();
  spdlog::debug("librdkafka is not ended: {}", started.error().what);
}

rd_kafka_topic_t* Client::topic(const std::string& name) {
  if (last_name_ != nullptr && *last_name_ == name) return last_;
  auto place = topics_.find(name);
  if (place == topics_.end()) {
    rd_kafka_topic_t* made = api_.topic_new(handle_, name.c_str(), nullptr);
    if (made == nullptr) return nullptr;
    place = topics_.emplace(name, made).first;
  }
  last_name_ = &place->first;
  last_ = place->second;
  return last_;
}

rd_kafka_headers_t* Client::headers_of(const Message& message) const {
  rd_kafka_headers_t* headers = api_.headers_new(3);
  auto add = [&](std::string_view name, std::string_view value) {
    api_.header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                    static_cast<ssize_t>(value.size()));
  };
  add("content-type", kContentType);
  add("id", message.id);
  if (!message.traceparent.empty()) add("traceparent", message.traceparent);
  return headers;
}

rd_kafka_resp_err_t Client::send(const std::string& name, const Message& message, void* what) {
  rd_kafka_topic_t* to = topic(name);
  if (to == nullptr) return api_.last_error();
  std::array<rd_kafka_vu_t, 6> parts{};
  size_t count = 0;
  auto part = [&](rd_kafka_vtype_t type) -> auto& {
    parts[count].vtype = type;
    return parts[count++].u;
  };
  auto memory = [](std::string_view bytes) {
    return decltype(rd_kafka_vu_t::u.mem){const_cast<char*>(bytes.data()), bytes.size()};
  };
  part(RD_KAFKA_VTYPE_RKT).rkt = to;
  part(RD_KAFKA_VTYPE_VALUE).mem = memory(message.value);  // neither copied nor freed by it
  if (message.key) part(RD_KAFKA_VTYPE_KEY).mem = memory(*message.key);
  part(RD_KAFKA_VTYPE_TIMESTAMP).i64 = message.time_ms;
  part(RD_KAFKA_VTYPE_OPAQUE).ptr = what;
  rd_kafka_headers_t* headers = headers_of(message);
  part(RD_KAFKA_VTYPE_HEADERS).headers = headers;
  rd_kafka_error_t* failed = api_.produceva(handle_, parts.data(), count);
  if (failed == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  // Ours still.
  api_.headers_destroy(headers);
  rd_kafka_resp_err_t error = api_.error_code(failed);
  api_.error_destroy(failed);
  return error;
}

void Client::serve(Duration patience) { api_.poll(handle_, milliseconds(patience)); }

void Client::purge() {
  api_.purge(handle_,
             RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

Result<const rd_kafka_metadata_topic*> Client::describe(const std::string& name,
                                                        Duration patience) {
  if (metadata_ != nullptr) api_.metadata_destroy(std::exchange(metadata_, nullptr));
  rd_kafka_topic_t* asked = topic(name);
  rd_kafka_resp_err_t error =
      asked == nullptr ? api_.last_error()
                       : api_.metadata(handle_, 0, asked, &metadata_, milliseconds(patience));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{Action::kRetry, printable(api_.err2str(error))};
  }
  for (int i = 0; i < metadata_->topic_cnt; ++i) {
    if (name == metadata_->topics[i].topic) return &metadata_->topics[i];
  }
  return Error{Action::kRetry, "the answer does not name the topic"};
}

}  // namespace waybill::outputs::kafka
