// SPDX-License-Identifier: Apache-2.0
// Encoder: from a record to a message (message.h) of a topic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/throttle.h"
#include "outputs/kafka/message.h"
#include "outputs/kafka/settings.h"
#include "outputs/template.h"

namespace waybill::outputs::kafka {

// Pipeline thread. Allocates nothing once warm.
class Encoder {
 public:
  // Lines choose among topics, but may not make any number of them: they stay for ever. What goes
  // beyond is sent to `default_topic`.
  static constexpr size_t kMostTopics = 500;

  explicit Encoder(const Settings& settings);
  // Before the first record. `identity` outlives it; `output` is for messages.
  void prepare(const Identity& identity, const std::string& output);

  // Appends it to the group of its topic.
  void append(const Batch& batch, const Record& record, delivery::Payload& payload);

 private:
  std::string_view topic_of(const Batch& batch, const Record& record, const Identity& who);
  std::optional<std::string_view> key_of(const Record& record, const Identity& who);

  const std::string topic_, default_topic_;
  const Key key_;
  std::optional<Template> template_;  // where topic_ is one
  const Identity* identity_ = nullptr;
  std::string output_;
  std::unordered_set<std::string> topics_;
  bool told_ = false;  // that there are too many
  std::string name_, scratch_;
  Buffer characters_;
};

// "00-<trace id>-<span id>-<flags>" of a record that has both ids; else "". Lives in `room`.
std::string_view traceparent_of(const Record& record, char (&room)[kTraceparentSize]);

}  // namespace waybill::outputs::kafka
