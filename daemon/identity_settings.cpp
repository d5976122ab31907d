// SPDX-License-Identifier: Apache-2.0
#include "daemon/identity_settings.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "daemon/metadata/client.h"
#include "lineage/cloud.h"
#include "lineage/container.h"
#include "lineage/host.h"
#include "lineage/podinfo.h"

namespace waybill::daemon {

namespace {

constexpr size_t kLargestFile = 1024 * 1024;

// Files of /proc have no size to go by.
std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || text.size() > kLargestFile) return std::nullopt;
  return text;
}

void add_clouds(const std::vector<std::string>& names, CloudAnswers& answers,
                std::vector<std::string>& notes, lineage::Attributes& out) {
  auto fetch = [](const lineage::MetadataRequest& request) { return metadata::fetch(request); };
  for (const std::string& name : names) {
    auto known = answers.find(name);
    if (known == answers.end()) {
      auto found = lineage::ask_cloud(name, lineage::process_environment, fetch);
      if (!found) {
        notes.push_back(fmt::format(
            "resource.detect: {} does not answer, so records have no cloud attributes of it: {}",
            name, found.error().what));
        continue;
      }
      known = answers.emplace(name, std::move(*found)).first;
    }
    out.insert(out.end(), known->second.begin(), known->second.end());
  }
}

void add_machine(const config::DetectSettings& detect, lineage::Attributes& out) {
  auto add = [&](const lineage::Attributes& found) {
    out.insert(out.end(), found.begin(), found.end());
  };
  utsname kernel{};
  if (detect.host)
    add(lineage::host_attributes(uname(&kernel) == 0 ? kernel.machine : "", read_file));
  if (detect.os) add(lineage::os_attributes(read_file));
}

void add_container(bool own, lineage::Attributes& out) {
  lineage::OwnContainer container = lineage::find_container(
      read_file("/proc/self/cgroup").value_or(""), read_file("/proc/self/mountinfo").value_or(""));
  // Beside what it reads, a sidecar is in another container of the same pod.
  if (own && !container.id.empty()) out.push_back({"container.id", container.id, "the cgroup"});
  if (!container.pod_uid.empty()) {
    out.push_back({"k8s.pod.uid", container.pod_uid, "the cgroup"});
  }
}

}  // namespace

Identity identity_of(const config::Config& config, const IdentityRequest& request,
                     std::vector<std::string>& notes, std::vector<lineage::Said>& said) {
  const config::ServiceSettings& service = config.service;
  lineage::ResourceInput input{request.service,
                               service.name,
                               service.version,
                               service.namespace_,
                               service.environment,
                               config.resource,
                               {}};
  add_machine(config.detect, input.detected);
  if (request.clouds != nullptr) {
    add_clouds(config.detect.clouds, *request.clouds, notes, input.detected);
  }
  add_container(request.own_container, input.detected);
  lineage::Attributes files = lineage::pod_files(config.detect.podinfo, read_file);
  input.detected.insert(input.detected.end(), files.begin(), files.end());
  return lineage::resolve_identity(input, lineage::process_environment, notes, &said);
}

}  // namespace waybill::daemon
