// SPDX-License-Identifier: Apache-2.0
#include "inputs/place.h"

#include <doctest/doctest.h>

namespace waybill::inputs {
namespace {

bool tcp_collide(const char* a, const char* b) {
  Place first = network_place("tcp", a), second = network_place("tcp", b);
  CHECK(collide(first, second) == collide(second, first));
  return collide(first, second);
}

TEST_CASE("place: ports") {
  CHECK(tcp_collide("127.0.0.1:5515", "127.0.0.1:5515"));
  CHECK(tcp_collide("localhost:5515", "127.0.0.1:5515"));
  CHECK(tcp_collide(":5515", "127.0.0.1:5515"));
  CHECK(tcp_collide("[::]:5515", "0.0.0.0:5515"));
  CHECK(tcp_collide("0.0.0.0:5515", "10.0.0.1:5515"));
  CHECK_FALSE(tcp_collide("0.0.0.0:5515", "[::1]:5515"));
  CHECK_FALSE(tcp_collide("127.0.0.1:5515", "127.0.0.2:5515"));
  CHECK_FALSE(tcp_collide(":5515", ":5516"));
  CHECK_FALSE(tcp_collide("127.0.0.1:0", "127.0.0.1:0"));
  CHECK_FALSE(collide(network_place("tcp", ":5514"), network_place("udp", ":5514")));
}

TEST_CASE("place: paths") {
  CHECK(collide(socket_place("/run/a/../log.sock"), socket_place("/run/log.sock")));
  CHECK_FALSE(collide(socket_place("/run/a.sock"), socket_place("/run/b.sock")));
}

TEST_CASE("place: in words") {
  CHECK(text_of(network_place("udp", "[::1]:5514")) == "udp [::1]:5514");
  CHECK(text_of(network_place("udp", ":5514")) == "udp :5514");
  CHECK(text_of(socket_place("/run/log.sock")) == "unix /run/log.sock");
}

}  // namespace
}  // namespace waybill::inputs
