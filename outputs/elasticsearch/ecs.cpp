// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/ecs.h"

#include <algorithm>
#include <array>

namespace waybill::outputs::elasticsearch {

namespace {

struct Name {
  std::string_view attribute;
  std::string_view field;
};

// Fields of the types ip and date are not among them: a value that is none would make Elasticsearch
// refuse every document.
constexpr std::array kNames = {
    Name{"service.version", "service.version"},
    Name{"service.instance.id", "service.node.name"},
    Name{"deployment.environment.name", "service.environment"},
    Name{"deployment.environment", "service.environment"},
    Name{"host.name", "host.name"},
    Name{"host.id", "host.id"},
    Name{"host.arch", "host.architecture"},
    Name{"host.type", "host.type"},
    Name{"os.type", "host.os.type"},
    Name{"os.name", "host.os.name"},
    Name{"os.version", "host.os.version"},
    Name{"os.description", "host.os.full"},
    Name{"process.pid", "process.pid"},
    Name{"process.executable.name", "process.name"},
    Name{"process.executable.path", "process.executable"},
    Name{"process.command_line", "process.command_line"},
    Name{"container.id", "container.id"},
    Name{"container.name", "container.name"},
    Name{"container.image.name", "container.image.name"},
    Name{"container.image.tags", "container.image.tag"},
    Name{"container.image.tag", "container.image.tag"},
    Name{"container.runtime.name", "container.runtime"},
    Name{"container.runtime", "container.runtime"},
    Name{"cloud.provider", "cloud.provider"},
    Name{"cloud.account.id", "cloud.account.id"},
    Name{"cloud.region", "cloud.region"},
    Name{"cloud.availability_zone", "cloud.availability_zone"},
    Name{"cloud.platform", "cloud.service.name"},
    Name{"k8s.cluster.name", "orchestrator.cluster.name"},
    Name{"k8s.cluster.uid", "orchestrator.cluster.id"},
    Name{"k8s.namespace.name", "orchestrator.namespace"},
    Name{"k8s.pod.name", "orchestrator.resource.name"},
};

// Labels that a record may bring itself.
constexpr std::array<std::string_view, 6> kOwnLabels = {
    "labels.correlation_id", "labels.trace_flags",  "labels.parent_span_id",
    "labels.tracestate",     "labels.trace_origin", "labels.error_kind"};

std::string label_of(std::string_view attribute) {
  std::string label = "labels.";
  for (char c : attribute) label += c == '.' || c == '*' || c == '\\' ? '_' : c;
  return label;
}

bool has_field(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; });
}

}  // namespace

std::string ecs_name(std::string_view attribute) {
  for (const Name& name : kNames) {
    if (name.attribute == attribute) return std::string(name.field);
  }
  // Not of ECS, but what Elastic's own agents and the Kibana views for Kubernetes call it. Names of
  // pod labels hold dots of their own: "app" and "app.kubernetes.io/name" cannot both be fields.
  constexpr std::string_view kKubernetes = "k8s.";
  bool foreign = attribute.find(".label.") != std::string_view::npos ||
                 attribute.find(".annotation.") != std::string_view::npos;
  if (attribute.substr(0, kKubernetes.size()) == kKubernetes && !foreign) {
    return "kubernetes." + std::string(attribute.substr(kKubernetes.size()));
  }
  return label_of(attribute);
}

Fields ecs_resource(const Fields& attributes) {
  Fields fields;
  bool kubernetes = false;
  bool pod = false;
  for (const auto& [attribute, value] : attributes) {
    std::string name = ecs_name(attribute);
    if (has_field(fields, name)) name = label_of(attribute);
    std::string unique = name;
    for (int i = 2; has_field(fields, unique) ||
                    std::find(kOwnLabels.begin(), kOwnLabels.end(), unique) != kOwnLabels.end();
         ++i) {
      unique = name + "_" + std::to_string(i);
    }
    fields.emplace_back(std::move(unique), value);
    kubernetes |= attribute.substr(0, 4) == "k8s.";
    pod |= attribute == "k8s.pod.name";
  }
  if (kubernetes) fields.emplace_back("orchestrator.type", "kubernetes");
  if (pod) fields.emplace_back("orchestrator.resource.type", "pod");
  return fields;
}

}  // namespace waybill::outputs::elasticsearch
