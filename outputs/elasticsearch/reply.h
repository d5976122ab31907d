// SPDX-License-Identifier: Apache-2.0
// What answers of Elasticsearch and OpenSearch have in common.
#pragma once

#include <string>
#include <string_view>

namespace waybill::outputs::elasticsearch {

// The error of a request as a whole: {"error":{"type":…,"reason":…},"status":400}. Both empty when
// the body is no such thing.
struct RequestError {
  std::string type;
  std::string text;  // for people
};
RequestError request_error(std::string_view body);

}  // namespace waybill::outputs::elasticsearch
