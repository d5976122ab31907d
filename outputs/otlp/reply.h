// SPDX-License-Identifier: Apache-2.0
// What receivers answer, in protobuf or in JSON, whatever was asked in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "outputs/http/backend.h"

namespace waybill::outputs::otlp {

// ExportLogsPartialSuccess. Nothing for an answer without one, or one that cannot be read: the
// status counts.
struct PartialSuccess {
  int64_t rejected = 0;
  std::string message;
};
std::optional<PartialSuccess> partial_success(const http::Response& response);

// The message of a google.rpc.Status; empty when the body is none.
std::string status_message(const http::Response& response);

}  // namespace waybill::outputs::otlp
