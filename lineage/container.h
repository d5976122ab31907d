// SPDX-License-Identifier: Apache-2.0
// The container that this process runs in, by what the kernel tells it, without any API.
#pragma once

#include <string>
#include <string_view>

namespace waybill::lineage {

struct OwnContainer {
  std::string id;       // 64 hex; empty: none, or it cannot be told
  std::string pod_uid;  // a UUID; empty likewise
};

// From the texts of /proc/self/cgroup (cgroup v1, and v2 without a namespace of its own) and
// /proc/self/mountinfo (v2, where the first only says "0::/"): cgroups(7), proc(5).
OwnContainer find_container(std::string_view cgroup, std::string_view mountinfo);

}  // namespace waybill::lineage
