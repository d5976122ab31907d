// SPDX-License-Identifier: Apache-2.0
// What stands in daemon/grafana/data, built into the program (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace waybill::daemon::grafana {

// The file of that name; empty when there is none.
std::string_view embedded(std::string_view name);

}  // namespace waybill::daemon::grafana
