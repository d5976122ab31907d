// SPDX-License-Identifier: Apache-2.0
#include "lineage/container.h"

#include <algorithm>

namespace waybill::lineage {

namespace {

constexpr size_t kIdDigits = 64, kUidSize = 36;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), is_hex);
}

std::string_view take(std::string_view& text, char end) {
  size_t at = text.find(end);
  std::string_view part = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return part;
}

// "pod0a1b…" of a cgroup's name, where systemd's have _ for -; a UUID, or empty.
std::string uid_of(std::string_view name) {
  size_t at = name.rfind("pod");
  if (at == name.npos || name.size() < at + 3 + kUidSize) return {};
  std::string uid(name.substr(at + 3, kUidSize));
  std::replace(uid.begin(), uid.end(), '_', '-');
  for (size_t i = 0; i < uid.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? uid[i] != '-' : !is_hex(uid[i])) return {};
  }
  return uid;
}

// "cri-containerd-ID.scope", "docker-ID.scope", "ID": the id, or empty.
std::string_view id_of(std::string_view name) {
  if (name.ends_with(".scope")) name.remove_suffix(6);
  if (name.size() > kIdDigits && name[name.size() - kIdDigits - 1] == '-') {
    if (name.find("conmon") != name.npos) return {};  // the container's keeper, not the container
    name.remove_prefix(name.size() - kIdDigits);
  }
  return is_id(name) ? name : std::string_view();
}

void read_cgroup(std::string_view text, OwnContainer& out) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    take(line, ':');
    take(line, ':');
    // Of containers within containers the innermost counts, which stands last.
    for (std::string_view path = line; !path.empty();) {
      std::string_view name = take(path, '/');
      if (std::string uid = uid_of(name); !uid.empty()) out.pod_uid = std::move(uid);
      if (std::string_view id = id_of(name); !id.empty()) out.id = id;
    }
    if (!out.id.empty()) return;
  }
}

void read_mounts(std::string_view text, OwnContainer& out) {
  std::string id;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    for (int field = 0; field < 3; ++field) take(line, ' ');
    std::string_view root = take(line, ' ');  // of the mount, within its file system
    std::string_view point = take(line, ' ');
    if (point != "/etc/hosts" && point != "/etc/hostname" && point != "/etc/resolv.conf") continue;
    std::string_view before;
    while (!root.empty()) {
      std::string_view name = take(root, '/');
      if (before == "pods" && out.pod_uid.empty()) out.pod_uid = uid_of("pod" + std::string(name));
      if ((before == "containers" || before == "overlay-containers") && is_id(name)) id = name;
      before = name;
    }
  }
  // In a pod these files are those of the pod's sandbox, whose id is not the container's.
  if (out.pod_uid.empty()) out.id = std::move(id);
}

}  // namespace

OwnContainer find_container(std::string_view cgroup, std::string_view mountinfo) {
  OwnContainer found;
  read_cgroup(cgroup, found);
  if (found.id.empty()) read_mounts(mountinfo, found);
  return found;
}

}  // namespace waybill::lineage
