// SPDX-License-Identifier: Apache-2.0
// KafkaOutput: sends payloads to the topics of a Kafka cluster, and never gives up.
#pragma once

#include <memory>

#include "config/section.h"
#include "outputs/kafka/settings.h"
#include "outputs/output.h"

namespace waybill::outputs::kafka {

// The output of a section whose settings have been read and checked.
std::unique_ptr<Output> make_output(const config::Section& section, const Settings& settings);

// Asks the brokers for the topic, and writes nothing: for Output::probe(). Blocks for 10 s at most.
ProbeReport probe(const Settings& settings);

}  // namespace waybill::outputs::kafka
