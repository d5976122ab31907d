// SPDX-License-Identifier: Apache-2.0
#include "lineage/podinfo.h"

#include <array>
#include <string_view>
#include <utility>

namespace waybill::lineage {

namespace {

constexpr const char* kNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
constexpr std::string_view kAnnotation = "resource.opentelemetry.io/";
constexpr std::string_view kLabel = "app.kubernetes.io/";

struct KnownFile {
  const char* attribute;
  std::array<const char*, 3> names;  // the first that is there; null: no more
};
constexpr KnownFile kFiles[] = {
    {"k8s.pod.name", {"name", "pod_name", "podname"}},
    {"k8s.namespace.name", {"namespace", "pod_namespace", nullptr}},
    {"k8s.pod.uid", {"uid", "pod_uid", nullptr}},
    {"k8s.pod.ip", {"pod_ip", "podip", nullptr}},
    {"k8s.node.name", {"node_name", "nodename", nullptr}},
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

// `"escaped value"` as Go writes it; what escapes stand for otherwise is left as it is.
std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text.remove_prefix(1);
    text.remove_suffix(1);
  }
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    char next = text[++i];
    switch (next) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case '"':
      case '\\': out += next; break;
      default: out += '\\'; out += next;
    }
  }
  return out;
}

// Calls visit(key, value) for each line of the form key="escaped value".
template <typename Visit>
void each_pair(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    size_t equals = line.find('=');
    if (equals != line.npos) visit(line.substr(0, equals), unquoted(line.substr(equals + 1)));
  }
}

void add_labels(const std::string& path, std::string_view text, Attributes& out) {
  std::string name, instance, version;
  each_pair(text, [&](std::string_view key, std::string value) {
    if (!key.starts_with(kLabel)) return;
    key.remove_prefix(kLabel.size());
    if (key == "name") name = std::move(value);
    if (key == "instance") instance = std::move(value);
    if (key == "version") version = std::move(value);
  });
  auto add = [&](const char* attribute, const char* label, std::string value) {
    if (value.empty()) return;
    out.push_back({attribute, std::move(value), std::string(kLabel) + label + " in " + path});
  };
  add("service.name", "name", std::move(name));
  add("service.name", "instance", std::move(instance));
  add("service.version", "version", std::move(version));
}

}  // namespace

Attributes pod_files(const std::string& folder, const ReadFile& read) {
  Attributes found;
  if (auto text = read(kNamespaceFile)) {
    if (std::string_view name = trimmed(*text); !name.empty()) {
      found.push_back({"k8s.namespace.name", std::string(name), kNamespaceFile});
    }
  }
  if (folder.empty()) return found;
  for (const KnownFile& file : kFiles) {
    for (const char* name : file.names) {
      if (name == nullptr) break;
      std::string path = folder + "/" + name;
      auto text = read(path);
      if (!text || trimmed(*text).empty()) continue;
      found.push_back({file.attribute, std::string(trimmed(*text)), std::move(path)});
      break;
    }
  }
  if (auto text = read(folder + "/labels")) add_labels(folder + "/labels", *text, found);
  if (auto text = read(folder + "/annotations")) {
    each_pair(*text, [&](std::string_view key, std::string value) {
      if (!key.starts_with(kAnnotation) || key.size() == kAnnotation.size()) return;
      key.remove_prefix(kAnnotation.size());
      found.push_back({std::string(key), std::move(value),
                       std::string(kAnnotation) + "… in " + folder + "/annotations"});
    });
  }
  return found;
}

}  // namespace waybill::lineage
