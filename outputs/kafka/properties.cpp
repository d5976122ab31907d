// SPDX-License-Identifier: Apache-2.0
// The settings in librdkafka's words (its CONFIGURATION.md).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "outputs/http/secret.h"
#include "outputs/kafka/settings.h"

namespace waybill::outputs::kafka {

namespace {

constexpr std::array<const char*, 5> kCompressions = {"none", "gzip", "snappy", "lz4", "zstd"};
constexpr std::array<const char*, 3> kMechanisms = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

void add_tls(Properties& all, const http::TlsSettings& tls) {
  if (!tls.ca_file.empty()) all.emplace_back("ssl.ca.location", tls.ca_file);
  if (!tls.cert_file.empty()) {
    all.emplace_back("ssl.certificate.location", tls.cert_file);
    all.emplace_back("ssl.key.location", tls.key_file);
  }
  all.emplace_back("enable.ssl.certificate.verification",
                   tls.insecure_skip_verify ? "false" : "true");
  // Of version 1.6 the default was not to look at the host's name.
  all.emplace_back("ssl.endpoint.identification.algorithm",
                   tls.insecure_skip_verify ? "none" : "https");
}

}  // namespace

Result<Properties> connection_properties(const Settings& settings) {
  const AuthSettings& auth = settings.auth;
  const bool signs_in = !auth.user.empty();
  Properties all = {
      {"bootstrap.servers", fmt::format("{}", fmt::join(settings.brokers, ","))},
      {"client.id", settings.client_id},
      {"socket.timeout.ms", milliseconds(settings.timeout)},
      {"request.timeout.ms", milliseconds(settings.timeout)},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      {"log.connection.close", "false"},
      {"security.protocol", signs_in ? (settings.tls_on ? "sasl_ssl" : "sasl_plaintext")
                                     : (settings.tls_on ? "ssl" : "plaintext")},
  };
  if (settings.tls_on) add_tls(all, settings.tls);
  if (!signs_in) return all;
  std::string password = auth.password;
  if (!auth.password_file.empty()) {
    Result<std::string> read = http::read_secret(auth.password_file);
    if (!read) return std::move(read).error();
    password = *std::move(read);
  }
  all.emplace_back("sasl.mechanisms", kMechanisms[static_cast<size_t>(auth.mechanism)]);
  all.emplace_back("sasl.username", auth.user);
  all.emplace_back("sasl.password", std::move(password));
  return all;
}

Result<Properties> producer_properties(const Settings& settings, size_t window) {
  Result<Properties> all = connection_properties(settings);
  if (!all) return all;
  const size_t largest = settings.message_max_bytes;
  // A broker's limit holds for the whole of a batch.
  const size_t batch = std::min(settings.batch.bytes, largest);
  const Properties more = {
      {"enable.idempotence", "true"},  // and with it acks=all, and order
      // What fails for a while is tried by librdkafka itself, for ever: it alone knows what a
      // broker has, so that nothing is there twice.
      {"message.timeout.ms", "0"},
      {"message.max.bytes", std::to_string(largest)},
      {"message.copy.max.bytes", "1000000000"},  // a value is ours again once it is reported
      {"batch.size", std::to_string(batch)},
      {"batch.num.messages",
       std::to_string(std::clamp<int64_t>(settings.batch.records, 1, 1000000))},
      {"linger.ms", "5"},  // a batch of ours has waited already
      {"queue.buffering.max.kbytes", std::to_string(std::max(window, largest) / 1024 + 1)},
      {"queue.buffering.max.messages", "10000000"},
      {"compression.codec", kCompressions[static_cast<size_t>(settings.compression)]},
      {"partitioner", "murmur2_random"},  // as Kafka's own clients
      {"reconnect.backoff.ms", "250"},
      {"reconnect.backoff.max.ms", "5000"},
      {"topic.metadata.propagation.max.ms", "5000"},  // from then on a topic is not there
  };
  all->insert(all->end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> files_of(const Settings& settings) {
  std::vector<std::string> files = http::files_of(settings.tls);
  if (!settings.auth.password_file.empty()) files.push_back(settings.auth.password_file);
  return files;
}

}  // namespace waybill::outputs::kafka
