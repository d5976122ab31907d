// SPDX-License-Identifier: Apache-2.0
#include "inputs/place.h"

#include <filesystem>

#include "config/address.h"

namespace waybill::inputs {

namespace {

constexpr std::string_view kEveryIpv4 = "0.0.0.0";

bool is_ipv6(const std::string& host) { return host.find(':') != std::string::npos; }

// A socket bound to `wide` takes what is sent to `host`, too.
bool covers(const std::string& wide, const std::string& host) {
  if (wide.empty()) return true;
  return wide == kEveryIpv4 && (host.empty() || !is_ipv6(host));
}

}  // namespace

Place network_place(std::string_view protocol, const std::string& listen) {
  Place place{"listen", protocol, {}, 0};
  std::optional<config::Address> address = config::parse_address(listen);
  if (!address) return place;
  place.port = address->port;
  place.host = address->host;
  // The IPv6 wildcard takes IPv4, too (see bind_address()).
  if (place.host == "*" || place.host == "::") place.host.clear();
  if (place.host == "localhost") place.host = "127.0.0.1";
  return place;
}

Place socket_place(const std::string& path) {
  std::error_code failed;
  std::filesystem::path whole = std::filesystem::absolute(path, failed);
  return {"path", "unix", failed ? path : whole.lexically_normal().string(), 0};
}

bool collide(const Place& a, const Place& b) {
  if (a.protocol != b.protocol) return false;
  if (a.protocol == "unix") return a.host == b.host;
  if (a.port == 0 || a.port != b.port) return false;
  return a.host == b.host || covers(a.host, b.host) || covers(b.host, a.host);
}

std::string text_of(const Place& place) {
  std::string text = std::string(place.protocol) + " ";
  if (place.protocol == "unix") return text + place.host;
  std::string host = is_ipv6(place.host) ? "[" + place.host + "]" : place.host;
  return text + host + ":" + std::to_string(place.port);
}

}  // namespace waybill::inputs
