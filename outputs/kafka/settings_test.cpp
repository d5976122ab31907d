// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/settings.h"

#include <doctest/doctest.h>

#include <map>

#include "outputs/kafka/verdict.h"
#include "outputs/test_records.h"

namespace waybill::outputs::kafka {

namespace {

std::map<std::string, std::string> properties_of(const Settings& settings) {
  Result<Properties> made = producer_properties(settings, 4 << 20);
  REQUIRE(made);
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : *made) {
    CHECK_MESSAGE(all.emplace(name, value).second, name);
  }
  return all;
}

}  // namespace

TEST_CASE("kafka: brokers") {
  for (const char* fine : {"b", "b:9092", "10.0.0.1:1", "[::1]:9092", "[::1]"}) {
    CHECK_MESSAGE(broker_fault(fine).empty(), fine);
  }
  for (const char* wrong : {"", "b:", "b:0", "b:65536", "b:x", ":9092", "::1:9092", "[::1:9092",
                            "kafka://b:9092", "a,b", "b/topic"}) {
    CHECK_FALSE_MESSAGE(broker_fault(wrong).empty(), wrong);
  }
}

TEST_CASE("kafka: names of topics") {
  CHECK(topic_fault("logs.shop_1-2").empty());
  CHECK(topic_fault(std::string(249, 'x')).empty());
  for (const std::string& wrong : {std::string(), std::string("."), std::string(".."),
                                   std::string("a b"), std::string("ä"), std::string(250, 'x')}) {
    CHECK_FALSE_MESSAGE(topic_fault(wrong).empty(), wrong);
  }
  std::string value = "..";
  clean_for_topic(value);
  CHECK(value == "_");
}

TEST_CASE("kafka: the producer is idempotent, never gives up, and is bounded") {
  Settings settings;
  settings.brokers = {"a:9092", "b:9092"};
  auto all = properties_of(settings);
  CHECK(all["bootstrap.servers"] == "a:9092,b:9092");
  CHECK(all["enable.idempotence"] == "true");
  CHECK(all["message.timeout.ms"] == "0");
  CHECK(all["queue.buffering.max.kbytes"] == "4097");
  CHECK(all["batch.size"] == "1000000");
  CHECK(all["security.protocol"] == "plaintext");
  CHECK(all.count("sasl.password") == 0);
}

TEST_CASE("kafka: TLS and SASL") {
  Settings settings;
  settings.brokers = {"a"};
  settings.tls_on = true;
  settings.tls.ca_file = "/ca.pem";
  CHECK(properties_of(settings)["security.protocol"] == "ssl");
  settings.auth = {Mechanism::kScramSha512, "me", "secret", ""};
  auto all = properties_of(settings);
  CHECK(all["security.protocol"] == "sasl_ssl");
  CHECK(all["sasl.mechanisms"] == "SCRAM-SHA-512");
  CHECK(all["sasl.username"] == "me");
  CHECK(all["sasl.password"] == "secret");
  CHECK(all["ssl.ca.location"] == "/ca.pem");
  CHECK(all["enable.ssl.certificate.verification"] == "true");
  settings.auth.password_file = "/no/such/file";
  CHECK_FALSE(producer_properties(settings, 1 << 20));
}

TEST_CASE("kafka: what each kind of error means") {
  CHECK(judge(RD_KAFKA_RESP_ERR_NO_ERROR).kind == Kind::kDelivered);
  CHECK(judge(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE).drop == DropReason::kTooLarge);
  CHECK(judge(RD_KAFKA_RESP_ERR_INVALID_RECORD).kind == Kind::kRecord);
  CHECK(judge(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED).kind == Kind::kMisconfigured);
  CHECK(judge(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC).kind == Kind::kMisconfigured);
  CHECK(judge(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS).kind == Kind::kRetry);
  CHECK(judge(RD_KAFKA_RESP_ERR__TRANSPORT).kind == Kind::kRetry);
  CHECK(judge(RD_KAFKA_RESP_ERR_UNKNOWN).kind == Kind::kRetry);
  CHECK(judge(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT).kind == Kind::kTakenBack);
  CHECK(judge(RD_KAFKA_RESP_ERR__FATAL).kind == Kind::kBroken);
}

TEST_CASE("kafka: a library that is not there is named, and what to install") {
  Result<KafkaApi> api = load_kafka_api("libno-such-kafka.so.7");
  REQUIRE_FALSE(api);
  CHECK(api.error().action == Action::kFixConfig);
  CHECK(api.error().what.find("libno-such-kafka.so.7") != std::string::npos);
  CHECK(api.error().what.find("apt-get install librdkafka1") != std::string::npos);
}

TEST_CASE("kafka: sections") {
  CHECK(faults_of(descriptor(), "{type: kafka, brokers: [b], topic: t, tls: {}}").empty());
  CHECK(faults_of(descriptor(), descriptor().to_section("a:1,b:2/t.x", Identity{})).empty());
  CHECK(faults_of(descriptor(), "{type: kafka, brokers: [b]}").find("topic") != std::string::npos);
}

}  // namespace waybill::outputs::kafka
