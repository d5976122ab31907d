// SPDX-License-Identifier: Apache-2.0
#include "lineage/podinfo.h"

#include <doctest/doctest.h>

#include <map>

using namespace waybill::lineage;

namespace {

Attributes found(const std::map<std::string, std::string>& files,
                 const std::string& folder = "/etc/podinfo") {
  return pod_files(folder, [&](const std::string& path) -> std::optional<std::string> {
    auto file = files.find(path);
    if (file == files.end()) return std::nullopt;
    return file->second;
  });
}

// The last one of the name, which is the strongest; "" without.
std::string last(const Attributes& all, std::string_view name) {
  std::string value;
  for (const Attribute& one : all) {
    if (one.name == name) value = one.value;
  }
  return value;
}

}  // namespace

TEST_CASE("pod files: labels and annotations as the kubelet writes them") {
  Attributes all =
      found({{"/etc/podinfo/labels",
              "app=\"x\"\napp.kubernetes.io/name=\"shop\"\napp.kubernetes.io/instance=\"shop-eu\"\n"
              "app.kubernetes.io/version=\"1.4\"\n"},
             {"/etc/podinfo/annotations",
              "resource.opentelemetry.io/team=\"a \\\"b\\\" \\\\ \\n c=d\"\n"
              "resource.opentelemetry.io/=\"nothing\"\nkubernetes.io/config.seen=\"2026\"\n"
              "resource.opentelemetry.io/service.name=\"annotated\""},
             {"/etc/podinfo/name", "shop-0"},
             {"/etc/podinfo/uid", "u-1\n"},
             {"/var/run/secrets/kubernetes.io/serviceaccount/namespace", "eu\n"}});
  CHECK(last(all, "service.name") == "annotated");
  CHECK(last(all, "service.version") == "1.4");
  CHECK(last(all, "team") == "a \"b\" \\ \n c=d");
  CHECK(last(all, "k8s.pod.name") == "shop-0");
  CHECK(last(all, "k8s.pod.uid") == "u-1");
  CHECK(last(all, "k8s.namespace.name") == "eu");
  CHECK(all.size() == 8);
}

TEST_CASE("pod files: the instance names the service, and the volume the namespace") {
  Attributes all = found({{"/p/labels",
                           "app.kubernetes.io/instance=\"i\"\n"
                           "app.kubernetes.io/name=\"n\"\n"},
                          {"/p/namespace", "mine"},
                          {"/var/run/secrets/kubernetes.io/serviceaccount/namespace", "other"}},
                         "/p");
  CHECK(last(all, "service.name") == "i");
  CHECK(last(all, "k8s.namespace.name") == "mine");
}

TEST_CASE("pod files: none, empty ones and rubbish") {
  CHECK(found({}).empty());
  CHECK(found({{"/etc/podinfo/labels", "\n=\n\"\n\\"}, {"/etc/podinfo/name", "\n"}}).empty());
  CHECK(found({{"/name", "x"}}, "").empty());
}
