// SPDX-License-Identifier: Apache-2.0
#include "lineage/container.h"

#include <doctest/doctest.h>

using namespace waybill::lineage;

namespace {

const std::string kId = "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef";
const std::string kUid = "0a1b2c3d-0000-1111-2222-333344445555";

}  // namespace

TEST_CASE("own container: cgroup v1") {
  OwnContainer docker = find_container("12:pids:/docker/" + kId + "\n0::/\n", "");
  CHECK(docker.id == kId);
  CHECK(docker.pod_uid.empty());
  OwnContainer pod = find_container(
      "11:memory:/kubepods/burstable/pod" + kUid + "/" + kId + "\n1:name=systemd:/\n", "");
  CHECK(pod.id == kId);
  CHECK(pod.pod_uid == kUid);
}

TEST_CASE("own container: cgroup v2, as systemd names it") {
  std::string slice =
      "0::/kubepods.slice/kubepods-besteffort.slice/"
      "kubepods-besteffort-pod0a1b2c3d_0000_1111_2222_333344445555.slice/";
  OwnContainer pod = find_container(slice + "cri-containerd-" + kId + ".scope\n", "");
  CHECK(pod.id == kId);
  CHECK(pod.pod_uid == kUid);
  CHECK(find_container("0::/system.slice/docker-" + kId + ".scope", "").id == kId);
  CHECK(find_container("0::/machine.slice/libpod-" + kId + ".scope/container", "").id == kId);
  CHECK(find_container(slice + "crio-conmon-" + kId + ".scope", "").id.empty());
  // One within another.
  CHECK(find_container("0::/docker/" + std::string(64, 'a') + "/kubepods/" + kId, "").id == kId);
}

TEST_CASE("own container: cgroup v2 with a namespace of its own, by what is mounted") {
  auto mounts = [](const std::string& root, const std::string& point) {
    return "1 2 0:55 / / rw - overlay overlay rw\n3 1 8:1 " + root + " " + point +
           " rw,relatime - ext4 /dev/sda1 rw\n";
  };
  CHECK(find_container("0::/\n",
                       mounts("/var/lib/docker/containers/" + kId + "/hostname", "/etc/hostname"))
            .id == kId);
  CHECK(find_container(
            "0::/", mounts("/x/overlay-containers/" + kId + "/userdata/hostname", "/etc/hostname"))
            .id == kId);
  // A pod's hosts are its own; the other files are of its sandbox, which is another container.
  OwnContainer pod = find_container(
      "0::/\n", mounts("/var/lib/docker/containers/" + kId + "/hostname", "/etc/hostname") +
                    mounts("/var/lib/kubelet/pods/" + kUid + "/etc-hosts", "/etc/hosts"));
  CHECK(pod.pod_uid == kUid);
  CHECK(pod.id.empty());
  CHECK(find_container("0::/", mounts("/containers/" + kId + "/data", "/data")).id.empty());
}

TEST_CASE("own container: none on a host, and none of rubbish") {
  for (std::string_view text :
       {"", "0::/system.slice/waybill.service\n", "::", ":::/\n\n", "0::/pod/pod/",
        "0::/user.slice/user-1000.slice/session-2.scope", "\xff\xff/pod123"}) {
    OwnContainer found = find_container(text, text);
    CHECK(found.id.empty());
    CHECK(found.pod_uid.empty());
  }
}
