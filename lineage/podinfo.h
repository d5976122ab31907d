// SPDX-License-Identifier: Apache-2.0
// What Kubernetes lays into a pod as files: a downwardAPI volume, and the namespace beside the
// service account. No token is read, and nobody is asked.
#pragma once

#include "lineage/attributes.h"

namespace waybill::lineage {

// Weakest first. Of the volume in `folder`: files called name, namespace, uid, node_name and the
// like; `annotations`, of which resource.opentelemetry.io/ATTRIBUTE says an attribute each; and
// `labels`, of which app.kubernetes.io/instance, else app.kubernetes.io/name, names the service,
// and app.kubernetes.io/version its version (semantic-conventions,
// non-normative/k8s-attributes.md).
Attributes pod_files(const std::string& folder, const ReadFile& read);

}  // namespace waybill::lineage
