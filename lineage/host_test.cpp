// SPDX-License-Identifier: Apache-2.0
#include "lineage/host.h"

#include <doctest/doctest.h>

#include <map>

using namespace waybill::lineage;

namespace {

using Files = std::map<std::string, std::string>;

ReadFile reader(Files files) {
  return [files = std::move(files)](const std::string& path) -> std::optional<std::string> {
    auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  };
}

std::string text_of(const Attributes& all) {
  std::string text;
  for (const Attribute& one : all) text += one.name + "=" + one.value + ";";
  return text;
}

const std::string kId = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("host: id and architecture") {
  CHECK(text_of(host_attributes("x86_64", reader({{"/etc/machine-id", kId + "\n"}}))) ==
        "host.id=" + kId + ";host.arch=amd64;");
  Files dbus = {{"/etc/machine-id", "uninitialized\n"}, {"/var/lib/dbus/machine-id", kId}};
  CHECK(text_of(host_attributes("aarch64", reader(dbus))) ==
        "host.id=" + kId + ";host.arch=arm64;");
  CHECK(text_of(host_attributes("riscv64", reader({}))) == "host.arch=riscv64;");
  CHECK(host_attributes("", reader({})).empty());
}

TEST_CASE("os: what os-release says, as a shell would read it") {
  CHECK(text_of(os_attributes(reader({}))) == "os.type=linux;");
  Files files = {{"/etc/os-release",
                  "PRETTY_NAME=\"Debian \\\"12\\\"\"\n# NAME=no\nNAME='Debian GNU/Linux'\n"
                  "VERSION_ID=12\nVERSION=\"12 (bookworm)\""},
                 {"/usr/lib/os-release", "NAME=other"}};
  CHECK(text_of(os_attributes(reader(files))) ==
        "os.type=linux;os.name=Debian GNU/Linux;os.version=12;os.description=Debian \"12\";");
  CHECK(text_of(os_attributes(reader({{"/usr/lib/os-release", "NAME=\nVERSION_ID=\"3"}}))) ==
        "os.type=linux;os.version=3;");
}
