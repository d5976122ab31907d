// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/tls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "delivery/state_dir.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

// All authorities of a system are a quarter of this.
constexpr size_t kLargestFile = 1024 * 1024;

Result<std::string> read_pem(const char* key, const std::string& path) {
  std::string text;
  if (path.empty()) return text;
  delivery::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::string what = fmt::format("{}: cannot read {}", key, printable(path));
  if (!file) return errno_error(what, errno);
  char bytes[16 * 1024];
  while (text.size() <= kLargestFile) {
    ssize_t got = read(file.get(), bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(what, errno);
    if (got == 0) break;
    text.append(bytes, static_cast<size_t>(got));
  }
  if (text.size() > kLargestFile || text.find("-----BEGIN ") == std::string::npos) {
    return Error{
        Action::kFixConfig,
        fmt::format("{}: {} is no PEM file, which has a line -----BEGIN …", key, printable(path))};
  }
  return text;
}

bool is_host(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

}  // namespace

const config::OptionTable<TlsSettings>& tls_options() {
  static const auto table =
      config::OptionTable<TlsSettings>()
          .path("ca_file", &TlsSettings::ca_file,
                "PEM file of the authorities to trust, instead of the system's; this and the "
                "others are read again when they change")
          .path("cert_file", &TlsSettings::cert_file,
                "PEM file of our own certificate, and of those that lead to its authority")
          .path("key_file", &TlsSettings::key_file, "PEM file of its private key")
          .text("server_name", &TlsSettings::server_name,
                "the name that the server's certificate has to be for, asked for by SNI and Host; "
                "default: the endpoint's host")
          .choice("min_version", &TlsSettings::min_version, {"TLSv1.2", "TLSv1.3"},
                  "the oldest version of TLS that is spoken")
          .flag("insecure_skip_verify", &TlsSettings::insecure_skip_verify,
                "talk to anybody, whatever the certificate says: for experiments only");
  return table;
}

Result<TlsFiles> read_files(const TlsSettings& tls) {
  TlsFiles files;
  Result<std::string> text = read_pem("tls.ca_file", tls.ca_file);
  if (!text) return std::move(text).error();
  files.authorities = *std::move(text);
  text = read_pem("tls.cert_file", tls.cert_file);
  if (!text) return std::move(text).error();
  files.certificate = *std::move(text);
  text = read_pem("tls.key_file", tls.key_file);
  if (!text) return std::move(text).error();
  files.key = *std::move(text);
  return files;
}

std::vector<std::string> files_of(const TlsSettings& tls) {
  std::vector<std::string> files;
  for (const std::string* file : {&tls.ca_file, &tls.cert_file, &tls.key_file}) {
    if (!file->empty()) files.push_back(*file);
  }
  return files;
}

bool check_tls(const config::Section& section, const TlsSettings& tls) {
  bool fine = true;
  auto refuse = [&](std::string why) {
    section.fault("tls", std::move(why));
    fine = false;
  };
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    refuse("cert_file and key_file go together: one of them is missing");
  }
  if (!tls.server_name.empty() && !is_host(tls.server_name)) {
    refuse(fmt::format("server_name: '{}' is not a host name", printable(tls.server_name)));
  }
  if (Result<TlsFiles> files = read_files(tls); !files) refuse(files.error().what);
  return fine;
}

}  // namespace waybill::outputs::http
