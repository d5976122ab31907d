// SPDX-License-Identifier: Apache-2.0
#include "inputs/peer_sources.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

using namespace waybill;
using namespace waybill::inputs;

namespace {

sockaddr_storage ipv4(const char* host, uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  inet_pton(AF_INET, host, &in.sin_addr);
  sockaddr_storage all{};
  std::memcpy(&all, &in, sizeof in);
  return all;
}

sockaddr_storage ipv6(const char* host, uint16_t port) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  inet_pton(AF_INET6, host, &in.sin6_addr);
  sockaddr_storage all{};
  std::memcpy(&all, &in, sizeof in);
  return all;
}

}  // namespace

TEST_CASE("addresses as people write them") {
  CHECK(address_text(ipv4("192.0.2.7", 514), sizeof(sockaddr_in)) == "192.0.2.7:514");
  CHECK(address_text(ipv6("2001:db8::1", 514), sizeof(sockaddr_in6)) == "[2001:db8::1]:514");
  CHECK(address_text(ipv6("::ffff:192.0.2.7", 5), sizeof(sockaddr_in6)) == "192.0.2.7:5");
  sockaddr_storage all{};
  all.ss_family = AF_UNIX;
  CHECK(address_text(all, sizeof(sa_family_t)).empty());
  CHECK(address_text(all, 0).empty());
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::strcpy(un.sun_path, "/run/me.sock");
  std::memcpy(&all, &un, sizeof un);
  CHECK(address_text(all, offsetof(sockaddr_un, sun_path) + 13) == "/run/me.sock");
  std::memcpy(un.sun_path, "\0me", 3);
  std::memcpy(&all, &un, sizeof un);
  CHECK(address_text(all, offsetof(sockaddr_un, sun_path) + 3) == "@me");
}

TEST_CASE("one source per peer, the longest unheard of is forgotten") {
  Source model;
  model.input = "net";
  model.network = true;
  PeerSources peers(model, 3);
  auto of = [&](uint16_t port) -> PeerSources::Peer& {
    return peers.of(ipv4("192.0.2.1", port), sizeof(sockaddr_in));
  };
  auto first = of(1).source;
  of(1).offset = 100;
  auto second = of(2).source;
  of(3);
  CHECK(first->number != second->number);
  CHECK(first->nonce != second->nonce);
  CHECK(first->peer == "192.0.2.1:1");
  CHECK(first->network);
  CHECK(of(1).source == first);
  CHECK(of(1).offset == 100);
  of(4);  // forgets 2
  CHECK(peers.size() == 3);
  CHECK(of(1).source == first);
  CHECK(of(2).source != second);
  CHECK(of(2).offset == 0);
  for (uint16_t port = 10; port < 5000; ++port) of(port);
  CHECK(peers.size() == 3);
}
