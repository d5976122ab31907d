// SPDX-License-Identifier: Apache-2.0
// Client: one librdkafka instance, which has threads of its own. What it has to say it says on the
// thread that calls serve().
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/buffer.h"
#include "core/result.h"
#include "outputs/kafka/kafka_api.h"
#include "outputs/kafka/message.h"
#include "outputs/kafka/settings.h"

namespace waybill::outputs::kafka {

// Called from within Client::serve().
class Reports {
 public:
  virtual ~Reports() = default;
  // What became of a message: `what` as it was given to send().
  virtual void reported(void* what, rd_kafka_resp_err_t error) = 0;
  // Something is wrong with a connection, or with all of it. `words`: librdkafka's, for people.
  virtual void trouble(rd_kafka_resp_err_t error, const char* words) = 0;
};

// One thread.
class Client {
 public:
  // `reports` and `wake_fd` outlive it. The latter, an eventfd, becomes readable when serve() has
  // something to say; -1: nobody waits for that. Connects in the background. The Error is about a
  // property: a certificate that cannot be read, a compression that this librdkafka was built
  // without.
  static Result<std::unique_ptr<Client>> make(const KafkaApi& api, const Properties& properties,
                                              Reports& reports, int wake_fd);
  Client(Client&&) = delete;
  // What is not reported by then is never. Returns at once: librdkafka ends when it can, which a
  // name server that does not answer puts off, and touches nothing but its own and what keep() was
  // given meanwhile.
  ~Client();

  // Sends it some time. The bytes of `message` stay put until it is reported, but for an error,
  // after which nothing is.
  rd_kafka_resp_err_t send(const std::string& topic, const Message& message, void* what);
  // Calls the Reports for all there is; waits up to `patience` for the first.
  void serve(Duration patience = Duration::zero());
  // Takes back all that is not reported: serve() reports it, in time. A thread of librdkafka that
  // waits for a name server reports what it has after that.
  void purge();
  // Bytes of messages that were not reported: they stay until librdkafka has ended.
  void keep(std::vector<Buffer> bytes) { kept_ = std::move(bytes); }

  // What a topic is like, asked of the brokers. The pointer lives until the next call.
  Result<const rd_kafka_metadata_topic*> describe(const std::string& topic, Duration patience);
  rd_kafka_t* handle() { return handle_; }

 private:
  struct Link;
  struct Remains;
  explicit Client(const KafkaApi& api);
  rd_kafka_topic_t* topic(const std::string& name);
  rd_kafka_headers_t* headers_of(const Message& message) const;

  const KafkaApi& api_;
  std::unique_ptr<Link> link_;
  std::vector<Buffer> kept_;
  rd_kafka_t* handle_ = nullptr;
  std::unordered_map<std::string, rd_kafka_topic_t*> topics_;
  const std::string* last_name_ = nullptr;  // of topics_
  rd_kafka_topic_t* last_ = nullptr;
  const struct rd_kafka_metadata* metadata_ = nullptr;
};

}  // namespace waybill::outputs::kafka
