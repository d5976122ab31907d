// SPDX-License-Identifier: Apache-2.0
// What `waybill setup grafana` is asked for (docs/cli.md).
#pragma once

#include <string>

namespace waybill::daemon::grafana {

// Empty: not said.
struct Request {
  std::string folder;      // --dir: where files are written
  std::string mounted_at;  // where Grafana finds that folder, if elsewhere
  std::string url;         // of the Grafana to install in
  std::string token_file, ca_file;
  std::string loki, prometheus, tempo, jaeger;  // an URL, or uid:UID of a data source that is there
  std::string output;  // of the config: the Loki output that counts, of several
};

}  // namespace waybill::daemon::grafana
