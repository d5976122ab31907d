// SPDX-License-Identifier: Apache-2.0
// An OTLP output from the environment that OpenTelemetry's SDKs are configured with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lineage/resource.h"

namespace waybill::daemon {

// The output's section as flow YAML, from OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _COMPRESSION,
// _TIMEOUT (milliseconds), _PROTOCOL, _CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY, each of
// which OTEL_EXPORTER_OTLP_LOGS_… beats (opentelemetry-specification, protocol/exporter). None
// without an endpoint, with OTEL_LOGS_EXPORTER=none, or for a protocol that is not built; `notes`
// says what was taken and what could not be.
std::optional<std::string> otlp_from_environment(const lineage::Environment& environment,
                                                 std::vector<std::string>& notes);

}  // namespace waybill::daemon
