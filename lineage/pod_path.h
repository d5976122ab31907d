// SPDX-License-Identifier: Apache-2.0
// What the path of a container's log says of the container.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waybill::lineage {

// (attribute, value), sorted by name. Empty for any other path. Known are, below any folder:
//
//   …/pods/NAMESPACE_POD_UID/CONTAINER/RESTARTS.log          the kubelet's own
//   …/containers/POD_NAMESPACE_CONTAINER-ID.log              its links to them
//   …/containers/ID/ID-json.log                              Docker's json-file
//
// also with what rotation puts behind (`.20260102-030405`, `.gz`, `.1`).
std::vector<std::pair<std::string, std::string>> attributes_of_path(std::string_view path);

}  // namespace waybill::lineage
