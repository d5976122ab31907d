// SPDX-License-Identifier: Apache-2.0
#include "lineage/resource.h"

#include <simdjson.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <map>

#include "core/buffer.h"
#include "core/json_text.h"

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

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
    if (error != std::errc{} || end != text.data() + i + 3) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

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

Identity resolve_identity(const ResourceInput& input, const Environment& given,
                          std::vector<std::string>& warnings) {
  // Every record carries these: one wrong byte, and backends refuse all of them.
  auto usable = [&](const char* name, const std::string& value) {
    if (is_utf8(value)) return true;
    warnings.push_back(std::string(name) + " is not valid UTF-8: it is ignored");
    return false;
  };
  auto environment = [&](const char* name) {
    auto value = given(name);
    // OTEL_RESOURCE_ATTRIBUTES is judged as a whole.
    bool own = std::string_view(name) != kResourceAttributes;
    if (value && own && !usable(name, *value)) value.reset();
    return value;
  };
  // Weakest first: each later source overwrites.
  std::map<std::string, std::string> all;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
    all["host.name"] = host.data();
  }
  // Names as POD_NAME or CONTAINER_NAME mean something to others outside of Kubernetes.
  bool in_pod = environment("KUBERNETES_SERVICE_HOST") || environment("POD_NAME");
  for (const Detected& detected : kDownwardApi) {
    if (!in_pod) break;
    for (const char* variable : detected.variables) {
      auto value = variable != nullptr ? environment(variable) : std::nullopt;
      if (!value) continue;
      all[detected.attribute] = *value;
      break;
    }
  }
  if (auto text = environment(kResourceAttributes)) {
    auto pairs = parse_resource_attributes(*text);
    if (!pairs) {
      warnings.push_back(
          "OTEL_RESOURCE_ATTRIBUTES is not of the form key=value,key=value with percent-encoded "
          "values: all of it is ignored");
    } else {
      for (auto& [key, value] : *pairs) all[key] = value;
    }
  }
  if (auto name = environment("OTEL_SERVICE_NAME")) all["service.name"] = *name;
  for (const auto& [key, value] : input.resource) all[key] = value;
  auto set = [&](const char* key, const std::string& value) {
    if (!value.empty()) all[key] = value;
  };
  set("service.name", input.service_name);
  set("service.version", input.service_version);
  set("service.namespace", input.service_namespace);
  set("deployment.environment.name", input.environment);
  if (usable("--service", input.service_flag)) set("service.name", input.service_flag);

  Identity identity;
  auto name = all.find("service.name");
  if (name != all.end()) {
    identity.service_name = name->second;
    all.erase(name);
  }
  identity.resource.assign(all.begin(), all.end());
  identity.resource_json = json_of(identity.resource);
  return identity;
}

}  // namespace waybill::lineage
