// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/flow_text.h"
#include "outputs/http/auth.h"
#include "outputs/http/secret.h"
#include "outputs/kafka/kafka_output.h"
#include "outputs/printable.h"
#include "outputs/template.h"

namespace waybill::outputs::kafka {

namespace {

constexpr size_t kLongestTopic = 249;
constexpr size_t kLongestClientId = 200;

bool fits_topic(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

const config::OptionTable<AuthSettings>& auth_options() {
  static const auto table =
      config::OptionTable<AuthSettings>()
          .choice("mechanism", &AuthSettings::mechanism,
                  {"plain", "scram_sha_256", "scram_sha_512"}, "of SASL")
          .text("user", &AuthSettings::user, "who we are")
          .text("password", &AuthSettings::password, "better from ${KAFKA_PASSWORD}")
          .path("password_file", &AuthSettings::password_file,
                "file that holds it; read again when it changes");
  return table;
}

// What librdkafka can do of what outputs over HTTP have.
const config::OptionTable<http::TlsSettings>& tls_options() {
  using Tls = http::TlsSettings;
  static const auto table =
      config::OptionTable<Tls>()
          .path("ca_file", &Tls::ca_file,
                "PEM file of the authorities to trust, instead of the system's; this and the "
                "others are read again when they change")
          .path("cert_file", &Tls::cert_file,
                "PEM file of our own certificate, and of those that lead to its authority")
          .path("key_file", &Tls::key_file, "PEM file of its private key")
          .flag("insecure_skip_verify", &Tls::insecure_skip_verify,
                "talk to anybody, whatever the certificate says: for experiments only");
  return table;
}

// The topic, or a template of one with a topic for those that it has none for.
bool check_topic(const config::Section& section, const Settings& settings) {
  auto refuse = [&](const char* key, const std::string& why) {
    section.fault(key, why);
    return false;
  };
  Result<Template> made = Template::parse(settings.topic);
  if (!made) return refuse("topic", made.error().what);
  if (made->constant()) {
    std::string why = topic_fault(settings.topic);
    if (!why.empty()) return refuse("topic", why);
    if (settings.default_topic.empty()) return true;
    return refuse("default_topic", "`topic` is the same for all records: leave this out");
  }
  if (settings.default_topic.empty()) {
    return refuse("topic", "say as `default_topic` where records go that have no such field");
  }
  std::string why = topic_fault(settings.default_topic);
  return why.empty() || refuse("default_topic", why);
}

bool check_auth(const config::Section& section, const AuthSettings& auth) {
  auto refuse = [&](const std::string& why) {
    section.fault("auth", why);
    return false;
  };
  const bool secret = !auth.password.empty() || !auth.password_file.empty();
  if (auth.user.empty()) return !secret || refuse("there is a password, but no `user`");
  if (!secret) return refuse("there is a `user`, but no `password` or `password_file`");
  if (!auth.password.empty() && !auth.password_file.empty()) {
    return refuse("a secret stands here twice, as itself and as a file: keep one of them");
  }
  if (http::has_control(auth.user) || http::has_control(auth.password)) {
    return refuse("a credential holds a line break or another control character");
  }
  if (auth.password_file.empty()) return true;
  Result<std::string> read = http::read_secret(auth.password_file);
  return read || refuse(read.error().what);
}

bool check(const config::Section& section, const Settings& settings) {
  bool fine = settings.topic.empty() || check_topic(section, settings);
  for (const std::string& broker : settings.brokers) {
    std::string why = broker_fault(broker);
    if (why.empty()) continue;
    section.fault("brokers", why);
    fine = false;
  }
  if (settings.client_id.empty() || settings.client_id.size() > kLongestClientId ||
      http::has_control(settings.client_id)) {
    section.fault("client_id", fmt::format("a name of 1 to {} characters", kLongestClientId));
    fine = false;
  }
  fine = check_auth(section, settings.auth) && fine;
  fine = http::check_tls(section, settings.tls) && fine;
  return fine && !settings.topic.empty() && !settings.brokers.empty();
}

std::unique_ptr<Output> make(const config::Section& section) {
  Settings settings;
  options().read(section, settings);
  settings.tls_on = section.has("tls");
  if (!check(section, settings)) return nullptr;
  return make_output(section, settings);
}

// "b1:9092,b2:9092/logs": a topic's name has no slash.
std::string to_section(std::string_view value, const Identity&) {
  size_t slash = value.rfind('/');
  std::string_view brokers = value.substr(0, slash);
  std::string list;
  while (!brokers.empty()) {
    size_t comma = brokers.find(',');
    list += (list.empty() ? "" : ", ") + config::yaml_quoted(brokers.substr(0, comma));
    brokers.remove_prefix(comma == std::string_view::npos ? brokers.size() : comma + 1);
  }
  std::string text = fmt::format("{{type: kafka, brokers: [{}]", list);
  if (slash != std::string_view::npos && slash + 1 < value.size()) {
    text += ", topic: " + config::yaml_quoted(value.substr(slash + 1));
  }
  return text + "}";
}

const config::OptionList& option_list() { return options().list(); }

}  // namespace

const config::OptionTable<Settings>& options() {
  static const auto table = [] {
    using namespace std::chrono_literals;
    config::OptionTable<Settings> made;
    add_common_options(made)
        .required_strings("brokers", &Settings::brokers,
                          "host:port of some of the brokers; the others are learnt from them")
        .required_text("topic", &Settings::topic,
                       "where records go: a name, or a template of one, as in "
                       "logs-{service_name}")
        .text("default_topic", &Settings::default_topic,
              "with a template: the topic of records that it has no value for")
        .choice("key", &Settings::key, {"trace_id", "service_name", "none"},
                "what records share that go to one partition, in order. `trace_id`: that, or the "
                "service's name where a record has no trace")
        .choice("compression", &Settings::compression, {"none", "gzip", "snappy", "lz4", "zstd"},
                "of batches")
        .bytes("message_max_bytes", &Settings::message_max_bytes, 1024, 1'000'000'000,
               "larger records are refused without being sent: a little below the topic's "
               "max.message.bytes")
        .text("client_id", &Settings::client_id, "our name in the brokers' logs and quotas")
        .duration("timeout", &Settings::timeout, 1s, 5min,
                  "how long an answer of a broker may take, until what it is the answer to is "
                  "sent again")
        .section("auth", &Settings::auth, auth_options(), "credentials (SASL)")
        .section("tls", &Settings::tls, tls_options(),
                 "with this section, even as {}, brokers are talked to over TLS");
    return made;
  }();
  return table;
}

std::string topic_fault(std::string_view topic) {
  if (topic.empty()) return "an empty text is no topic";
  if (topic == "." || topic == "..") return "'.' and '..' cannot be topics";
  if (topic.size() > kLongestTopic) {
    return fmt::format("a topic's name has at most {} characters, this one {}", kLongestTopic,
                       topic.size());
  }
  if (std::all_of(topic.begin(), topic.end(), fits_topic)) return {};
  return fmt::format("'{}' cannot be a topic: it has letters, digits and . _ - only",
                     printable(topic));
}

void clean_for_topic(std::string& value) {
  if (value.size() > kLongestTopic) value.resize(kLongestTopic);
  std::replace_if(
      value.begin(), value.end(), [](char c) { return !fits_topic(c); }, '_');
  if (value == "." || value == "..") value = "_";
}

std::string broker_fault(std::string_view broker) {
  auto wrong = [&](std::string_view why) {
    return fmt::format("'{}' is no broker: {}", printable(broker), why);
  };
  if (broker.empty()) return "an empty text is no broker: write host:9092";
  if (broker.find("://") != std::string_view::npos) {
    return wrong("write host:9092, and `tls: {}` where it wants TLS");
  }
  if (broker.find_first_of(", /\t") != std::string_view::npos) {
    return wrong("write each as host:9092");
  }
  std::string_view host = broker;
  size_t colon = broker.rfind(':');
  const bool bracketed = broker.front() == '[';
  if (bracketed && broker.find(']') == std::string_view::npos) return wrong("the [ is not closed");
  const bool has_port = colon != std::string_view::npos && (!bracketed || colon > broker.find(']'));
  if (has_port) {
    std::string_view port = broker.substr(colon + 1);
    host = broker.substr(0, colon);
    int number = 0;
    for (char c : port) number = c >= '0' && c <= '9' ? number * 10 + (c - '0') : 99'999;
    if (port.empty() || port.size() > 5 || number < 1 || number > 65'535) {
      return wrong("its port is a number from 1 to 65535");
    }
  }
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return wrong("an IPv6 address stands in brackets, as in [::1]:9092");
  }
  return host.empty() ? wrong("its host is missing") : "";
}

const Descriptor& descriptor() {
  static const Descriptor made{
      "kafka", "produces to topics of a Kafka cluster", &option_list, &make, "kafka=", &to_section};
  return made;
}

}  // namespace waybill::outputs::kafka
