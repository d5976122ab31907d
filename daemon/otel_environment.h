// SPDX-License-Identifier: Apache-2.0
// An OTLP output from the environment that OpenTelemetry's SDKs are configured with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lineage/resource.h"

namespace waybill::daemon {

// The output's section as flow YAML, from OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL, _HEADERS,
// _COMPRESSION, _TIMEOUT (milliseconds), _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY and
// _INSECURE, each of which OTEL_EXPORTER_OTLP_LOGS_… beats (opentelemetry-specification,
// protocol/exporter). None without an endpoint that can be used or with OTEL_LOGS_EXPORTER=none;
// `notes` says what was taken and what could not be. An output can be made of what is returned:
// files of certificates are read for that.
std::optional<std::string> otlp_from_environment(const lineage::Environment& environment,
                                                 std::vector<std::string>& notes);

}  // namespace waybill::daemon
