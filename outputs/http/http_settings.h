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
#include "outputs/http/auth.h"
#include "outputs/http/tls.h"

namespace waybill::outputs::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Which of several endpoints a request goes to.
enum class Balance : uint8_t {
  kFailover,    // the first one that is well
  kRoundRobin,  // each that is well in turn
};

// How bodies are compressed, of those that a backend knows.
enum class Coding : uint8_t { kNone, kGzip, kZstd };

struct Settings {
  std::string endpoint;  // one of these two
  std::vector<std::string> endpoints;
  Balance balance = Balance::kFailover;
  Duration timeout = std::chrono::seconds(30);           // of a whole request, connecting included
  Duration response_timeout = std::chrono::seconds(30);  // until the answer begins
  Pairs headers;
  AuthSettings auth;
  TlsSettings tls;
  std::string proxy;  // an URL, "environment", or empty for none
  std::vector<std::string> no_proxy;
  bool http2 = true;
  int64_t compression_level = 1;  // where the backend has a choice of compression
  int64_t concurrency = 1;        // requests at a time, at most
  BatchSettings batch;
  SpoolOptions spool;
};

// Adds every shared option to the table of S, which derives from Settings. `endpoint` says what it
// is the URL of.
template <typename S>
config::OptionTable<S>& add_options(config::OptionTable<S>& table, const char* endpoint) {
  using namespace std::chrono_literals;
  add_common_options(table)
      .text("endpoint", static_cast<std::string S::*>(&Settings::endpoint), endpoint)
      .strings("endpoints", static_cast<std::vector<std::string> S::*>(&Settings::endpoints),
               "the same of several equivalent ones, instead of `endpoint`")
      .choice("balance", static_cast<Balance S::*>(&Settings::balance), {"failover", "round_robin"},
              "which of `endpoints` requests go to: the first that is well, or all that are, in "
              "turn. One that fails is left alone for 30 s, then up to 5 minutes")
      .duration("timeout", static_cast<Duration S::*>(&Settings::timeout), 100ms, 10min,
                "how long a whole request may take, connecting included")
      .duration("response_timeout", static_cast<Duration S::*>(&Settings::response_timeout), 100ms,
                10min,
                "how long the answer may take to begin, once the request is sent or stands still")
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
            "URL of a proxy (http, https, socks5, socks5h), or `environment` for that of "
            "HTTPS_PROXY and the like, which are ignored otherwise")
      .strings("no_proxy", static_cast<std::vector<std::string> S::*>(&Settings::no_proxy),
               "hosts, domains and networks (10.0.0.0/8) that are reached without the proxy")
      .flag("http2", static_cast<bool S::*>(&Settings::http2),
            "HTTP/2 where an https endpoint offers it, HTTP/1.1 otherwise; false: never");
  return table;
}

// Adds `compression_level` to the table of a backend that can compress bodies.
template <typename S>
config::OptionTable<S>& add_compression_level(config::OptionTable<S>& table) {
  return table.integer("compression_level", static_cast<int64_t S::*>(&Settings::compression_level),
                       1, 19, "1 is the fastest; gzip has 9 levels, zstd 19");
}

// An URL, taken apart: http, https, or unix for HTTP over a Unix socket (unix:///run/x.sock, with
// a path of the server behind a colon: unix:///run/x.sock:/prefix).
struct Url {
  std::string scheme;          // "http", "https" or "unix"
  std::string socket;          // of unix: the path of the socket
  std::string user, password;  // percent-decoded; empty without credentials
  std::string host;            // lower case; an IPv6 address without its brackets
  int port = 0;                // the scheme's own when the text has none
  bool port_said = false;
  std::string path;   // "" or "/…", without the final slashes of a bare prefix
  std::string query;  // without '?'

  // Without credentials, with `more_path` behind the path: "http://host:3100" + "/loki/api/…".
  std::string text(std::string_view more_path = {}) const;
  bool loopback() const;  // localhost, 127.0.0.0/8, ::1, a Unix socket
};

// What libcurl needs to send to a URL as Url::text() writes it.
struct Route {
  std::string url;         // http or https
  std::string socket;      // of a Unix socket; empty: none
  std::string connect_to;  // "NAME:PORT:HOST:PORT" where the server is called otherwise; empty: no
};
Route route_of(std::string_view url, const std::string& server_name);

// Takes a URL apart. An Error says what is wrong and how a right one looks. A text without a
// scheme ("loki:3100") is refused with the suggestion to put http:// before it.
Result<Url> parse_url(std::string_view text);

// parse_url for the value of `key`, with the Error as a fault there. Credentials in the URL are
// moved to settings.auth, or a fault when there are some already.
std::optional<Url> read_url(const config::Section& section, std::string_view key,
                            std::string_view text, Settings& settings);

// The URLs of `endpoint` or `endpoints`, read_url() for each. Empty when any is at fault, or none
// is there, which is one.
std::vector<Url> read_urls(const config::Section& section, Settings& settings);

// Reports what one key alone does not show: what check_auth() and check_tls() do, a header with a
// line break or one that we set ourselves, a proxy that is none, a level that `coding` has not.
// False when there was something.
bool check_settings(const config::Section& section, const Settings& settings,
                    Coding coding = Coding::kNone);

}  // namespace waybill::outputs::http
