// SPDX-License-Identifier: Apache-2.0
// `waybill check --connect`: whether brokers answer, take our credentials, and have the topic.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "outputs/kafka/client.h"
#include "outputs/kafka/kafka_output.h"
#include "outputs/kafka/verdict.h"
#include "outputs/printable.h"
#include "outputs/template.h"

namespace waybill::outputs::kafka {

namespace {

using namespace std::chrono_literals;

// Somebody waits for the answer.
constexpr Duration kPatience = 10s;
constexpr Duration kSlice = 1s;

// The first thing that a client complains of is why the others came.
class Complaints final : public Reports {
 public:
  void reported(void*, rd_kafka_resp_err_t) override {}
  void trouble(rd_kafka_resp_err_t error, const char* words) override {
    const bool grave = judge(error).kind == Kind::kMisconfigured;
    if (!first.empty() && (grave_ || !grave)) return;
    first = printable(words, 400) + std::string(advice(error));
    grave_ = grave;
  }
  bool grave() const { return grave_; }
  std::string first;

 private:
  bool grave_ = false;
};

void describe(ProbeReport& report, const std::string& at, const rd_kafka_metadata_topic& topic,
              const KafkaApi& api) {
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    report.faults.push_back(
        fmt::format("{}: {}{}", at, printable(api.err2str(topic.err)), advice(topic.err)));
    return;
  }
  report.facts.push_back(fmt::format("{} has {} partition{}", at, topic.partition_cnt,
                                     topic.partition_cnt == 1 ? "" : "s"));
  int leaderless = 0;
  for (int i = 0; i < topic.partition_cnt; ++i) leaderless += topic.partitions[i].leader < 0;
  if (leaderless == 0) return;
  report.warnings.push_back(fmt::format(
      "{}: {} of its partitions have no leader now: what goes there waits", at, leaderless));
}

}  // namespace

ProbeReport probe(const Settings& settings) {
  ProbeReport report;
  auto fault = [&](std::string why) {
    report.faults.push_back(std::move(why));
    return report;
  };
  Result<const KafkaApi*> api = load_kafka();
  if (!api) return fault(api.error().what);
  Result<Properties> properties = connection_properties(settings);
  if (!properties) return fault(properties.error().what);
  properties->emplace_back("allow.auto.create.topics", "false");
  Complaints complaints;
  Result<std::unique_ptr<Client>> client = Client::make(**api, *properties, complaints, -1);
  if (!client) return fault(client.error().what);

  Result<Template> named = Template::parse(settings.topic);
  const std::string& topic = !named || named->constant() ? settings.topic : settings.default_topic;
  const std::string brokers = fmt::format("{}", fmt::join(settings.brokers, ","));
  const SteadyTime begin = steady_now();
  const SteadyTime until = begin + std::min(settings.timeout, kPatience);
  while (true) {
    auto found = (*client)->describe(topic, kSlice);
    if (found) {
      describe(report, fmt::format("{}/{}", brokers, topic), **found, **api);
      return report;
    }
    (*client)->serve();
    const SteadyTime now = steady_now();
    // Some brokers may be away while another one is well: that one gets its time.
    const bool known =
        complaints.grave() || (!complaints.first.empty() && now - begin > 3 * kSlice);
    if (!known && now < until) continue;
    return fault(fmt::format("{}: {}", brokers,
                             complaints.first.empty() ? found.error().what : complaints.first));
  }
}

}  // namespace waybill::outputs::kafka
