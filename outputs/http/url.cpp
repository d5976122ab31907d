// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/percent.h"
#include "outputs/http/http_settings.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return copy;
}

Error wrong(std::string why) { return Error{Action::kFixConfig, std::move(why)}; }

// Splits "host:port" or "[v6]:port" into `url`.
Result<void> read_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    size_t close = authority.find(']');
    if (close == std::string_view::npos) return wrong("the IPv6 address has no closing bracket");
    url.host = lower(authority.substr(1, close - 1));
    std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return wrong("there is text behind the bracket");
    if (!rest.empty()) port = rest.substr(1);
    url.port_said = !rest.empty();
  } else {
    size_t colon = authority.find(':');
    url.host = lower(authority.substr(0, colon));
    url.port_said = colon != std::string_view::npos;
    if (url.port_said) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return wrong("it has no host name; it looks like http://host:3100");
  auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == ':' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (!std::all_of(url.host.begin(), url.host.end(), legal)) {
    return wrong(fmt::format("'{}' is not a host name", printable(url.host)));
  }
  url.port = url.scheme == "https" ? 443 : 80;
  if (!url.port_said) return {};
  auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (code != std::errc() || end != port.data() + port.size() || url.port < 1 || url.port > 65535) {
    return wrong(fmt::format("'{}' is not a port (1 to 65535)", printable(port)));
  }
  return {};
}

}  // namespace

std::string Url::text(std::string_view more_path) const {
  if (scheme == "unix") {
    std::string below = path.ends_with(more_path) ? path : path + std::string(more_path);
    return "unix://" + socket + (below.empty() ? "" : ":" + below);
  }
  bool v6 = host.find(':') != std::string::npos;
  std::string whole = scheme + "://" + (v6 ? "[" + host + "]" : host);
  if (port_said) whole += fmt::format(":{}", port);
  whole += path;
  // Many write the whole URL of a push where others want the server's.
  if (!path.ends_with(more_path)) whole += more_path;
  bool has_query = more_path.find('?') != std::string_view::npos;
  if (!query.empty()) whole += (has_query ? "&" : "?") + query;
  return whole;
}

bool Url::loopback() const {
  return scheme == "unix" || host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

namespace {

// "/run/x.sock" or "/run/x.sock:/prefix", behind unix://.
Result<Url> read_socket(std::string_view text) {
  constexpr size_t kMaxSocket = 107;  // sockaddr_un.sun_path, and its end
  Url url;
  url.scheme = "unix";
  url.host = "localhost";
  size_t divider = std::min(text.find(":/"), text.size());
  url.socket = text.substr(0, divider);
  if (divider < text.size()) url.path = text.substr(divider + 1);
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  if (!url.socket.starts_with('/') || url.socket.size() < 2) {
    return wrong("a Unix socket is named by its whole path: unix:///run/loki.sock");
  }
  if (url.socket.size() > kMaxSocket) {
    return wrong(fmt::format("the path of a Unix socket has at most {} bytes", kMaxSocket));
  }
  return url;
}

}  // namespace

Route route_of(std::string_view url, const std::string& server_name) {
  constexpr std::string_view kUnix = "unix://";
  Route route;
  if (url.starts_with(kUnix)) {
    url.remove_prefix(kUnix.size());
    size_t divider = std::min(url.find(":/"), url.size());
    route.socket = url.substr(0, divider);
    route.url = "http://localhost";
    if (divider < url.size()) route.url += url.substr(divider + 1);
    return route;
  }
  route.url = url;
  if (server_name.empty() || !url.starts_with("https://")) return route;
  Result<Url> parts = parse_url(url);
  if (!parts) return route;
  bool v6 = parts->host.find(':') != std::string::npos;
  std::string host = v6 ? "[" + parts->host + "]" : parts->host;
  route.connect_to = fmt::format("{}:{}:{}:{}", server_name, parts->port, host, parts->port);
  parts->host = server_name;
  route.url = parts->text();
  return route;
}

Result<Url> parse_url(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return wrong("a URL cannot hold blanks or control characters");
    }
  }
  size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return wrong(fmt::format("it has no scheme; did you mean http://{}?",
                             printable(text.substr(text.rfind('@') + 1))));
  }
  Url url;
  url.scheme = lower(text.substr(0, colon));
  if (url.scheme == "unix") return read_socket(text.substr(colon + 3));
  if (url.scheme != "http" && url.scheme != "https") {
    return wrong(
        fmt::format("the scheme '{}' is not one of http, https and unix", printable(url.scheme)));
  }
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  if (size_t mark = text.find('?'); mark != std::string_view::npos) {
    url.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  url.path = text.substr(slash);
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  // The last '@': a password may hold one that nobody has escaped.
  if (size_t at = authority.rfind('@'); at != std::string_view::npos) {
    std::string_view user = authority.substr(0, at);
    size_t divider = std::min(user.find(':'), user.size());
    url.user = percent_decoded_loosely(user.substr(0, divider));
    if (divider < user.size()) url.password = percent_decoded_loosely(user.substr(divider + 1));
    authority = authority.substr(at + 1);
  }
  if (Result<void> read = read_authority(authority, url); !read) return std::move(read).error();
  return url;
}

std::optional<Url> read_url(const config::Section& section, std::string_view key,
                            std::string_view text, Settings& settings) {
  if (text.empty()) return std::nullopt;  // required, and reported as missing
  Result<Url> url = parse_url(text);
  if (!url) {
    section.fault(key, "this is not a usable URL: " + url.error().what);
    return std::nullopt;
  }
  if (!url->user.empty() || !url->password.empty()) {
    AuthSettings& auth = settings.auth;
    bool same = auth.user == url->user && auth.password == url->password;
    bool other = !auth.user.empty() || !auth.token.empty() || !auth.token_file.empty() ||
                 !auth.api_key.empty() || !auth.api_key_file.empty() || !auth.aws.region.empty();
    if (other && !same) {
      section.fault(key,
                    "there are credentials both in this URL and elsewhere: keep those under "
                    "`auth`");
      return std::nullopt;
    }
    auth.user = url->user;
    auth.password = url->password;
  }
  return *std::move(url);
}

}  // namespace waybill::outputs::http
