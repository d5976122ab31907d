// SPDX-License-Identifier: Apache-2.0
#include "inputs/peer_sources.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace waybill::inputs {

std::string address_text(const sockaddr_storage& address, socklen_t size) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(in.sin_port));
  }
  if (address.ss_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    std::string port = ":" + std::to_string(ntohs(in.sin6_port));
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
      inet_ntop(AF_INET, in.sin6_addr.s6_addr + 12, text, sizeof text);
      return text + port;
    }
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]" + port;
  }
  if (address.ss_family == AF_UNIX && size > offsetof(sockaddr_un, sun_path)) {
    sockaddr_un un{};
    std::memcpy(&un, &address, std::min<size_t>(size, sizeof un));
    size_t length = std::min<size_t>(size, sizeof un) - offsetof(sockaddr_un, sun_path);
    if (un.sun_path[0] != '\0') return {un.sun_path, strnlen(un.sun_path, length)};
    return "@" + std::string(un.sun_path + 1, length - 1);  // an abstract name
  }
  return "";
}

PeerSources::Peer& PeerSources::of(const sockaddr_storage& address, socklen_t size) {
  size_t length = std::min<size_t>(size, sizeof address);
  std::string_view key(reinterpret_cast<const char*>(&address), length);
  if (!order_.empty() && order_.front().key == key) return order_.front().peer;
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return order_.front().peer;
  }
  if (order_.size() >= limit_) {
    by_key_.erase(order_.back().key);
    order_.pop_back();
  }
  auto source = std::make_shared<Source>(model_);
  source->number = next_source_number();
  source->nonce = random_id();
  source->peer = address_text(address, static_cast<socklen_t>(length));
  order_.push_front({std::string(key), {std::move(source), 0}});
  by_key_.emplace(order_.front().key, order_.begin());
  return order_.front().peer;
}

}  // namespace waybill::inputs
