// SPDX-License-Identifier: Apache-2.0
// waybill_broker: a Kafka broker that keeps next to nothing, librdkafka's mock cluster. Prints its
// address and runs until its standard input ends; then it prints how many messages it took.
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

constexpr const char* kTopic = "logs";

// Messages of the topic's one partition so far.
int64_t stored(const std::string& brokers) {
  std::array<char, 512> words;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), words.data(), words.size());
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words.data(), words.size());
  if (consumer == nullptr) return -1;
  int64_t low = 0, high = 0;
  rd_kafka_resp_err_t error =
      rd_kafka_query_watermark_offsets(consumer, kTopic, 0, &low, &high, 10'000);
  rd_kafka_destroy(consumer);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? high : -1;
}

}  // namespace

int main() {
  std::array<char, 512> words;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "0", words.data(), words.size());
  rd_kafka_t* host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words.data(), words.size());
  if (host == nullptr) {
    fmt::print(stderr, "waybill_broker: {}\n", words.data());
    return 1;
  }
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(host, 1);
  rd_kafka_mock_topic_create(cluster, kTopic, 1, 1);
  const std::string brokers = rd_kafka_mock_cluster_bootstraps(cluster);
  fmt::print("{}\n", brokers);
  std::fflush(stdout);
  char ignored[64];
  while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  fmt::print("{}\n", stored(brokers));
  std::fflush(stdout);
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(host);
}
