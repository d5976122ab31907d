// SPDX-License-Identifier: Apache-2.0
#include "lineage/pod_path.h"

#include <doctest/doctest.h>

using namespace waybill::lineage;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
const std::string kUid = "0a1b2c3d-0000-1111-2222-333344445555";
const std::string kId(64, 'c');

}  // namespace

TEST_CASE("pod path: the kubelet's files say pod, container and restarts") {
  Pairs wanted = {{"k8s.container.name", "app"},
                  {"k8s.container.restart_count", "3"},
                  {"k8s.namespace.name", "shop"},
                  {"k8s.pod.name", "checkout-5d9c7b-x2x4z"},
                  {"k8s.pod.uid", kUid}};
  std::string folder = "/pods/shop_checkout-5d9c7b-x2x4z_" + kUid + "/app/";
  for (std::string_view root : {"/var/log", "/host/var/log", ""}) {
    for (std::string_view file : {"3.log", "3.log.20260102-030405", "3.log.20260102-030405.gz"}) {
      CHECK(attributes_of_path(std::string(root) + folder + std::string(file)) == wanted);
    }
  }
  // A static pod's uid is a hash.
  Pairs of_static = attributes_of_path("/var/log/pods/kube-system_etcd-node1_" +
                                       std::string(32, 'a') + "/etcd/0.log");
  REQUIRE(of_static.size() == 5);
  CHECK(of_static[1].second == "0");
}

TEST_CASE("pod path: links and Docker's files say the container") {
  CHECK(attributes_of_path("/var/log/containers/web-0_shop_app-1-" + kId + ".log") ==
        Pairs{{"container.id", kId},
              {"k8s.container.name", "app-1"},
              {"k8s.namespace.name", "shop"},
              {"k8s.pod.name", "web-0"}});
  CHECK(attributes_of_path("/var/lib/docker/containers/" + kId + "/" + kId + "-json.log.1") ==
        Pairs{{"container.id", kId}});
}

TEST_CASE("pod path: any other path says nothing") {
  const std::vector<std::string> paths = {"",
                                          "/",
                                          "app.log",
                                          "/var/log/app/1.log",
                                          "/pods/shop_web_" + kUid + "/app/x.log",
                                          "/pods/shop_web_" + kUid + "/app/1.txt",
                                          "/pods/shop_web_" + kUid + "/app/1.logs",
                                          "/pods/shop_web_/app/1.log",
                                          "/pods/shop_web_x_" + kUid + "/app/1.log",
                                          "/pods/web_" + kUid + "/app/1.log",
                                          "/pods/Shop_web_" + kUid + "/app/1.log",
                                          "/pots/shop_web_" + kUid + "/app/1.log",
                                          "/pods/shop_web_" + kUid + "/a\"b/1.log",
                                          "/containers/web_shop_app-" + kId.substr(1) + ".log",
                                          "/containers/web_shop_-" + kId + ".log",
                                          "/containers/" + kId + "/other.log"};
  for (const std::string& path : paths) {
    CAPTURE(path);
    CHECK(attributes_of_path(path).empty());
  }
}
