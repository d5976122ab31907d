// SPDX-License-Identifier: Apache-2.0
// The machine that Waybill runs on, by OpenTelemetry's names.
#pragma once

#include <string_view>

#include "lineage/attributes.h"

namespace waybill::lineage {

// host.id out of /etc/machine-id, else D-Bus' file; host.arch by OpenTelemetry's names of `machine`
// (uname(2): "x86_64" is amd64), as it is where it has none. What cannot be told is left out.
Attributes host_attributes(std::string_view machine, const ReadFile& read_file);

// os.type, and os.name, os.version, os.description out of os-release(5): in a container that of
// its image.
Attributes os_attributes(const ReadFile& read_file);

}  // namespace waybill::lineage
