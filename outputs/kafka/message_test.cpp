// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/message.h"

#include <doctest/doctest.h>

#include <string>

namespace waybill::outputs::kafka {

namespace {

const std::string kId = "0123456789abcdef0123456789abcdef";
const std::string kTraceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string bytes_of(const Message& message) {
  Buffer out;
  append_head(out, message);
  out.append(message.value);
  return std::string(out.view());
}

}  // namespace

TEST_CASE("kafka: a message comes back from its bytes") {
  for (const char* traceparent : {"", kTraceparent.c_str()}) {
    for (auto key : {std::optional<std::string_view>(), std::optional<std::string_view>(""),
                     std::optional<std::string_view>("a key")}) {
      const std::string bytes = bytes_of({.time_ms = 1'767'323'045'678,
                                          .id = kId,
                                          .traceparent = traceparent,
                                          .key = key,
                                          .value = "{}"});
      std::optional<Message> message = read_message(bytes);
      REQUIRE(message);
      CHECK(message->time_ms == 1'767'323'045'678);
      CHECK(message->id == kId);
      CHECK(message->traceparent == traceparent);
      CHECK(message->key == key);
      CHECK(message->value == "{}");
    }
  }
}

TEST_CASE("kafka: what is cut short or something else is no message") {
  const std::string bytes = bytes_of(
      {.time_ms = 1, .id = kId, .traceparent = kTraceparent, .key = "service", .value = ""});
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(read_message(std::string_view(bytes).substr(0, size)));
  }
  CHECK(read_message(bytes));
  CHECK_FALSE(read_message("{" + bytes.substr(1)));
}

TEST_CASE("kafka: the size of a message is at least that of what is in it") {
  Message message{.time_ms = 1, .id = kId, .traceparent = kTraceparent, .key = "k", .value = "{}"};
  CHECK(message.wire_size() > kId.size() + kTraceparent.size() + 3);
  const size_t before = message.wire_size();
  message.value = "{ }";
  CHECK(message.wire_size() == before + 1);
}

}  // namespace waybill::outputs::kafka
