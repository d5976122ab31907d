// SPDX-License-Identifier: Apache-2.0
#include "lineage/resource.h"

#include <simdjson.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <map>

#include "core/ascii.h"
#include "core/buffer.h"
#include "core/json_text.h"
#include "core/percent.h"

namespace waybill::lineage {

namespace {

constexpr char kResourceAttributes[] = "OTEL_RESOURCE_ATTRIBUTES";

struct Detected {
  const char* attribute;
  std::array<const char*, 3> variables;  // the first that is set; null: no more
};

constexpr std::array kDownwardApi = {
    Detected{"k8s.pod.name", {"POD_NAME", "K8S_POD_NAME", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME"}},
    Detected{"k8s.namespace.name", {"POD_NAMESPACE", "K8S_NAMESPACE", "K8S_POD_NAMESPACE"}},
    Detected{"k8s.pod.uid", {"POD_UID", "K8S_POD_UID", nullptr}},
    Detected{"k8s.pod.ip", {"POD_IP", "K8S_POD_IP", nullptr}},
    Detected{"k8s.node.name", {"NODE_NAME", "K8S_NODE_NAME", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME"}},
    Detected{"k8s.container.name", {"CONTAINER_NAME", "K8S_CONTAINER_NAME", nullptr}},
};

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string json_of(const std::vector<std::pair<std::string, std::string>>& resource) {
  if (resource.empty()) return {};
  Buffer out;
  out.push_back('{');
  for (const auto& [name, value] : resource) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
    append_json_string(out, value);
  }
  out.push_back('}');
  return std::string(out.view());
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_resource_attributes(
    std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view part = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    if (part.empty()) continue;
    size_t equals = part.find('=');
    if (equals == part.npos || equals == 0) return std::nullopt;
    auto key = percent_decoded(trimmed(part.substr(0, equals)));
    auto value = percent_decoded(trimmed(part.substr(equals + 1)));
    if (!key || !value || !is_utf8(*key) || !is_utf8(*value)) return std::nullopt;
    pairs.emplace_back(std::move(*key), std::move(*value));
  }
  return pairs;
}

namespace {

// What was said so far, from the weakest on: each later one beats those before it.
class Gathered {
 public:
  explicit Gathered(std::vector<std::string>& warnings) : warnings_(warnings) {}

  void set(std::string name, std::string value, std::string origin) {
    Attributes& by = all_[name];
    by.insert(by.begin(), {std::move(name), std::move(value), std::move(origin)});
  }
  // The same of what came from outside. Every record carries these: one wrong byte, and backends
  // refuse all of them.
  void set_if_text(std::string name, std::string value, std::string origin) {
    if (is_utf8(value) && is_utf8(name)) {
      return set(std::move(name), std::move(value), std::move(origin));
    }
    warnings_.push_back(origin + " is not valid UTF-8: it is ignored");
  }

  Identity identity() const {
    Identity made;
    for (const auto& [name, by] : all_) {
      if (name == "service.name") {
        made.service_name = by.front().value;
      } else {
        made.resource.emplace_back(name, by.front().value);
      }
    }
    made.resource_json = json_of(made.resource);
    return made;
  }
  std::vector<Said> said() const {
    std::vector<Said> out;
    for (const auto& [name, by] : all_) out.push_back({name, by});
    return out;
  }

 private:
  std::vector<std::string>& warnings_;
  std::map<std::string, Attributes> all_;
};

void gather_downward_api(const Environment& environment, Gathered& all) {
  // Names as POD_NAME or CONTAINER_NAME mean something to others outside of Kubernetes.
  if (!environment("KUBERNETES_SERVICE_HOST") && !environment("POD_NAME")) return;
  for (const Detected& detected : kDownwardApi) {
    for (const char* variable : detected.variables) {
      auto value = variable != nullptr ? environment(variable) : std::nullopt;
      if (!value) continue;
      all.set_if_text(detected.attribute, *value, variable);
      if (is_utf8(*value)) break;
    }
  }
}

void gather_opentelemetry(const Environment& environment, Gathered& all,
                          std::vector<std::string>& warnings) {
  if (auto text = environment(kResourceAttributes)) {
    auto pairs = parse_resource_attributes(*text);
    if (!pairs) {
      warnings.push_back(
          "OTEL_RESOURCE_ATTRIBUTES is not of the form key=value,key=value with percent-encoded "
          "values: all of it is ignored");
    } else {
      for (auto& [key, value] : *pairs) all.set(key, value, kResourceAttributes);
    }
  }
  if (auto name = environment("OTEL_SERVICE_NAME")) {
    all.set_if_text("service.name", *name, "OTEL_SERVICE_NAME");
  }
}

void gather_config(const ResourceInput& input, Gathered& all) {
  for (const auto& [key, value] : input.resource) all.set(key, value, "resource of the config");
  auto set = [&](const char* name, const char* key, const std::string& value) {
    if (!value.empty()) all.set(name, value, std::string("service.") + key + " of the config");
  };
  set("service.name", "name", input.service_name);
  set("service.version", "version", input.service_version);
  set("service.namespace", "namespace", input.service_namespace);
  set("deployment.environment.name", "environment", input.environment);
}

}  // namespace

Identity resolve_identity(const ResourceInput& input, const Environment& environment,
                          std::vector<std::string>& warnings, std::vector<Said>* said) {
  Gathered all(warnings);
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
    all.set("host.name", host.data(), "the host");
  }
  for (const Attribute& one : input.detected) all.set_if_text(one.name, one.value, one.origin);
  gather_downward_api(environment, all);
  gather_opentelemetry(environment, all, warnings);
  gather_config(input, all);
  if (!input.service_flag.empty()) {
    all.set_if_text("service.name", input.service_flag, "--service");
  }
  if (said != nullptr) *said = all.said();
  return all.identity();
}

Identity with_attributes(const Identity& identity,
                         const std::vector<std::pair<std::string, std::string>>& attributes) {
  static std::atomic<uint64_t> last{0};
  std::map<std::string, std::string> all(identity.resource.begin(), identity.resource.end());
  for (const auto& [name, value] : attributes) all[name] = value;
  Identity made;
  made.service_name = identity.service_name;
  made.resource.assign(all.begin(), all.end());
  made.resource_json = json_of(made.resource);
  made.number = ++last;
  return made;
}

}  // namespace waybill::lineage
