// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/encoder.h"

#include <doctest/doctest.h>

#include "delivery/test_support.h"
#include "outputs/test_records.h"

namespace waybill::outputs::kafka {

namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kSpan = "00f067aa0ba902b7";

struct Fixture : TestRecords {
  Settings settings;
  std::optional<Encoder> encoder;

  Fixture() { settings.topic = "logs"; }
  // The newest record, as it would be sent; its topic is in `topic`.
  Message append() {
    if (!encoder) {
      encoder.emplace(settings);
      encoder->prepare(identity, "k");
    }
    encoder->append(batch(), batch().records.front(), payload);
    const delivery::Slice& slice = payload.slices.back();
    topic = payload.groups[slice.group].head;
    std::optional<Message> message = read_message(payload.encoded(slice));
    REQUIRE(message);
    return *message;
  }
  std::string topic;
};

}  // namespace

TEST_CASE("kafka: a record is a message with its key, its time and its id") {
  Fixture t;
  Record& record = t.parse(R"({"msg":"slow","took":7})");
  record.time_ns = 1'767'323'045'678'901'234;
  Message message = t.append();
  CHECK(t.topic == "logs");
  CHECK(message.key == "checkout");
  CHECK(message.time_ms == 1'767'323'045'678);
  CHECK(message.id == "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
  CHECK(message.traceparent.empty());
  CHECK(message.value.find(R"("message":"slow","context":{"took":7})") != std::string_view::npos);
  CHECK(message.value.back() == '}');
}

TEST_CASE("kafka: a record with a trace has that as its key, and a traceparent with both ids") {
  Fixture t;
  Record& record = t.make("x");
  record.trace_id = clean(kTrace);
  CHECK(t.append().key == kTrace);
  CHECK(t.append().traceparent.empty());
  record.span_id = clean(kSpan);
  CHECK(t.append().traceparent == std::string("00-") + kTrace + "-" + kSpan + "-00");
  record.trace_flags = 0x1d;
  CHECK(t.append().traceparent == std::string("00-") + kTrace + "-" + kSpan + "-1d");
}

TEST_CASE("kafka: other keys") {
  Fixture t;
  Record& record = t.make("x");
  record.trace_id = clean(kTrace);
  record.service_name = json(R"(a\tb)");
  SUBCASE("the service's name") {
    t.settings.key = Key::kServiceName;
    CHECK(t.append().key == "a\tb");
  }
  SUBCASE("none") {
    t.settings.key = Key::kNone;
    CHECK_FALSE(t.append().key);
  }
}

TEST_CASE("kafka: a time before 1970 is the first that Kafka knows") {
  Fixture t;
  t.make("x").time_ns = -5'000'000'000;
  CHECK(t.append().time_ms == 1);
}

TEST_CASE("kafka: a topic of fields") {
  Fixture t;
  t.settings.topic = "logs-{tenant_id}";
  t.settings.default_topic = "other";
  Record& record = t.make("x");
  t.append();
  CHECK(t.topic == "other");
  record.tenant_id = clean("acme");
  t.append();
  CHECK(t.topic == "logs-acme");
  record.tenant_id = raw("../a b\xc3\xa4");
  t.append();
  CHECK(t.topic == "logs-.._a_b__");
}

TEST_CASE("kafka: lines cannot make any number of topics") {
  delivery::test::LogCapture log;
  Fixture t;
  t.settings.topic = "{tenant_id}";
  t.settings.default_topic = "other";
  Record& record = t.make("x");
  for (size_t i = 0; i < Encoder::kMostTopics + 3; ++i) {
    const std::string tenant = "t" + std::to_string(i);
    record.tenant_id = clean(tenant);
    t.append();
    CHECK(t.topic == (i < Encoder::kMostTopics ? tenant : "other"));
  }
  record.tenant_id = clean("t7");
  t.append();
  CHECK(t.topic == "t7");
  CHECK(log.text().find("more than 500 topics: those of others go to other") != std::string::npos);
}

}  // namespace waybill::outputs::kafka
