// SPDX-License-Identifier: Apache-2.0
// The section of an output `type: otlp`.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"
#include "outputs/http/http_settings.h"
#include "outputs/output.h"

namespace waybill::outputs::otlp {

enum class Protocol { kHttpProtobuf, kHttpJson, kGrpc };
enum class Compression { kGzip, kNone, kZstd };

// Where collectors listen (opentelemetry-proto, docs/specification.md).
constexpr int kGrpcPort = 4317;
constexpr int kHttpPort = 4318;

struct Settings : http::Settings {
  Protocol protocol = Protocol::kHttpProtobuf;
  std::string path = "/v1/logs";  // of the two protocols over HTTP
  Compression compression = Compression::kGzip;
};

const config::OptionTable<Settings>& options();

// Warns of what a section may say and will not go well: a port of another protocol, batches that
// are larger than gRPC's receivers take. Of a section that has no faults, for `waybill check`.
void advise(const config::Section& section, std::vector<config::Fault>& warnings);

const Descriptor& descriptor();

}  // namespace waybill::outputs::otlp
