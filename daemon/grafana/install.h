// SPDX-License-Identifier: Apache-2.0
// Install: data sources and dashboards into a running Grafana, over its HTTP API. What is there
// under the same uid is replaced.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "daemon/grafana/content.h"
#include "daemon/grafana/request.h"

namespace waybill::daemon::grafana {

// What became of it, for people: one line for each thing that was installed, and what went wrong
// with the others.
struct Installed {
  std::vector<std::string> done, failed;
};

// Installs into the Grafana at `request.url`, with the token in request.token_file (empty: what
// the URL has, or none). The Error: nothing was sent, as the URL, a file or the server is not what
// it should be. Blocks.
Result<Installed> install(const Request& request, const Content& content);

}  // namespace waybill::daemon::grafana
