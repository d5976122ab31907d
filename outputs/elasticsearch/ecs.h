// SPDX-License-Identifier: Apache-2.0
// The resource in the words of the Elastic Common Schema (elastic/ecs, generated/ecs).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waybill::outputs::elasticsearch {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The ECS field of an OpenTelemetry resource attribute; what ECS has no field for is
// `labels.<name>`, with '.', '*' and '\' as '_'.
std::string ecs_name(std::string_view attribute);

// All of a resource: (attribute, value) to (field, value), each field once. A field that two
// attributes stand for goes to the first; the other becomes a label. With any k8s.* attribute
// there is orchestrator.type "kubernetes".
Fields ecs_resource(const Fields& attributes);

}  // namespace waybill::outputs::elasticsearch
