// SPDX-License-Identifier: Apache-2.0
// The part of an output's section that all HTTP outputs share.
//
//   struct LokiSettings : http::Settings { std::string endpoint; … };
//   config::OptionTable<LokiSettings> table;
//   http::add_options(table);             // timeout, headers, auth, tls, proxy, batch, type, …
//   table.required_text("endpoint", &LokiSettings::endpoint, "…");
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.h"
#include "outputs/basics.h"

namespace waybill::outputs::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// One of: user with password, token, api_key. Nothing ever prints a value of these.
struct AuthSettings {
  std::string user, password, password_file;
  std::string token, token_file;      // Authorization: Bearer …
  std::string api_key, api_key_file;  // Authorization: ApiKey … (Elasticsearch)
};

struct TlsSettings {
  std::string ca_file, cert_file, key_file;
  bool insecure_skip_verify = false;
};

struct Settings {
  Duration timeout = std::chrono::seconds(30);           // of a whole request, connecting included
  Duration response_timeout = std::chrono::seconds(30);  // until the answer begins
  Pairs headers;
  AuthSettings auth;
  TlsSettings tls;
  std::string proxy;
  int64_t concurrency = 1;  // requests at a time, at most
  BatchSettings batch;
  SpoolOptions spool;
};

const config::OptionTable<AuthSettings>& auth_options();
const config::OptionTable<TlsSettings>& tls_options();

// Adds every shared option to the table of S, which derives from Settings.
template <typename S>
config::OptionTable<S>& add_options(config::OptionTable<S>& table) {
  using namespace std::chrono_literals;
  add_common_options(table)
      .duration("timeout", static_cast<Duration S::*>(&Settings::timeout), 100ms, 10min,
                "how long a whole request may take, connecting included")
      .duration("response_timeout", static_cast<Duration S::*>(&Settings::response_timeout), 100ms,
                10min, "how long the answer may take to begin, once the request is sent")
      .integer(
          "concurrency", static_cast<int64_t S::*>(&Settings::concurrency), 1, 32,
          "requests at a time, at most: as many as the backend answers without getting slower; "
          "with more than one, later records may arrive before earlier ones")
      .string_map("headers", static_cast<Pairs S::*>(&Settings::headers),
                  "more headers for every request")
      .section("auth", static_cast<AuthSettings S::*>(&Settings::auth), auth_options(),
               "credentials")
      .section("tls", static_cast<TlsSettings S::*>(&Settings::tls), tls_options(),
               "for https endpoints")
      .text("proxy", static_cast<std::string S::*>(&Settings::proxy),
            "URL of a proxy; those in the environment are ignored");
  return table;
}

// An http or https URL, taken apart.
struct Url {
  std::string scheme;          // "http" or "https"
  std::string user, password;  // percent-decoded; empty without credentials
  std::string host;            // lower case; an IPv6 address without its brackets
  int port = 0;                // the scheme's own when the text has none
  bool port_said = false;
  std::string path;   // "" or "/…", without the final slashes of a bare prefix
  std::string query;  // without '?'

  // Without credentials, with `more_path` behind the path: "http://host:3100" + "/loki/api/…".
  std::string text(std::string_view more_path = {}) const;
  bool loopback() const;  // localhost, 127.0.0.0/8, ::1
};

// Takes a URL apart. An Error says what is wrong and how a right one looks. A text without a
// scheme ("loki:3100") is refused with the suggestion to put http:// before it.
Result<Url> parse_url(std::string_view text);

// parse_url for the value of `key`, with the Error as a fault there. Credentials in the URL are
// moved to settings.auth, or a fault when there are some already.
std::optional<Url> read_url(const config::Section& section, std::string_view key,
                            std::string_view text, Settings& settings);

// What goes into the Authorization header; reads `*_file`. Empty without credentials.
Result<std::string> authorization(const AuthSettings& auth);

// Reports what one key alone does not show: two kinds of credentials, a header with a line break
// or one that we set ourselves, a certificate without its key, an unreadable file. False when there
// was something.
bool check_settings(const config::Section& section, const Settings& settings);

}  // namespace waybill::outputs::http
