// SPDX-License-Identifier: Apache-2.0
// The section of an output `type: kafka`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.h"
#include "core/result.h"
#include "outputs/basics.h"
#include "outputs/http/tls.h"
#include "outputs/output.h"

namespace waybill::outputs::kafka {

// What records of one key share is a partition, and so their order.
enum class Key : uint8_t { kTraceId, kServiceName, kNone };
enum class Compression : uint8_t { kNone, kGzip, kSnappy, kLz4, kZstd };
enum class Mechanism : uint8_t { kPlain, kScramSha256, kScramSha512 };

// SASL. Nothing ever prints the password.
struct AuthSettings {
  Mechanism mechanism = Mechanism::kPlain;
  std::string user, password, password_file;
};

struct Settings {
  std::vector<std::string> brokers;  // host:port
  std::string topic;                 // a name, or a template of one
  std::string default_topic;         // of a template: where it has no value
  Key key = Key::kTraceId;
  // Cheaper than to send it all: what a packed byte costs the kernel is more than LZ4 takes.
  Compression compression = Compression::kLz4;
  size_t message_max_bytes = 1'000'000;  // below the 1048588 of a broker's message.max.bytes
  std::string client_id = "waybill";
  Duration timeout = std::chrono::seconds(30);  // of a request
  AuthSettings auth;
  bool tls_on = false;
  http::TlsSettings tls;
  BatchSettings batch;
  SpoolOptions spool;
};

const config::OptionTable<Settings>& options();

// What is wrong with a topic's name, for people; "" when nothing is (Kafka's Topic.validate).
std::string topic_fault(std::string_view topic);
// Makes any text part of a name: what it may not hold becomes '_'.
void clean_for_topic(std::string& value);
// What is wrong with host:port; "" when nothing is.
std::string broker_fault(std::string_view broker);

// What librdkafka wants to know (its CONFIGURATION.md), as pairs of name and value. Reads
// `password_file`; the Error is that of it.
using Properties = std::vector<std::pair<std::string, std::string>>;
Result<Properties> connection_properties(const Settings& settings);
// The same and what a producer needs besides. `window`: bytes of values that it is given at most,
// before they are acknowledged.
Result<Properties> producer_properties(const Settings& settings, size_t window);
// The files that these are read from.
std::vector<std::string> files_of(const Settings& settings);

const Descriptor& descriptor();

}  // namespace waybill::outputs::kafka
