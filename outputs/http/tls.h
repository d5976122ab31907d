// SPDX-License-Identifier: Apache-2.0
// Whom we trust and who we are over TLS: `tls:` of an output over HTTP.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"
#include "config/section.h"
#include "core/result.h"

namespace waybill::outputs::http {

struct TlsSettings {
  enum class Version : uint8_t { k12, k13 };
  std::string ca_file, cert_file, key_file;
  std::string server_name;  // whose certificate it has to be; empty: the endpoint's host
  Version min_version = Version::k12;
  bool insecure_skip_verify = false;
};

const config::OptionTable<TlsSettings>& tls_options();

// What the files held when they were read, PEM.
struct TlsFiles {
  std::string authorities, certificate, key;
};
// The Error (kFixConfig) names a file that cannot be read or is no PEM.
Result<TlsFiles> read_files(const TlsSettings& tls);
std::vector<std::string> files_of(const TlsSettings& tls);

// Reports a certificate without its key, files that cannot be used, a name that is none. False when
// there was something.
bool check_tls(const config::Section& section, const TlsSettings& tls);

}  // namespace waybill::outputs::http
