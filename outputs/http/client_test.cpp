// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/client.h"

#include <doctest/doctest.h>

#include "outputs/http/test_server.h"

namespace waybill::outputs::http {
namespace {

using ServerAnswer = test::Answer;
using test::Received;
using test::TestServer;

TEST_CASE("client: methods are what was asked for, each by itself") {
  TestServer server([](const Received&, size_t number) {
    return ServerAnswer{number == 1 ? 409 : 200, "{\"n\":" + std::to_string(number) + "}", {}};
  });
  Result<Client> client = Client::connect(Settings(), "Test");
  REQUIRE(client);
  auto got = client->ask("GET", server.url() + "/a");
  REQUIRE(got);
  CHECK(got->status == 200);
  CHECK(got->body == "{\"n\":0}");
  got = client->ask("POST", server.url() + "/b", "{}");
  REQUIRE(got);
  CHECK(got->status == 409);
  CHECK_FALSE(got->fine());
  REQUIRE(client->ask("PUT", server.url() + "/c", "{\"x\":1}"));
  REQUIRE(client->ask("POST", server.url() + "/d", "{}"));
  REQUIRE(client->ask("GET", server.url() + "/e"));
  std::vector<Received> all = server.received();
  REQUIRE(all.size() == 5);
  CHECK(all[0].head.starts_with("GET /a HTTP/1.1\r\n"));
  CHECK(all[1].head.starts_with("POST /b HTTP/1.1\r\n"));
  CHECK(all[1].has("Content-Type: application/json"));
  CHECK(all[2].head.starts_with("PUT /c HTTP/1.1\r\n"));
  CHECK(all[2].body == "{\"x\":1}");
  CHECK(all[3].head.starts_with("POST /d HTTP/1.1\r\n"));
  CHECK(all[4].head.starts_with("GET /e HTTP/1.1\r\n"));
  CHECK(all[4].body.empty());
}

TEST_CASE("client: what is no 2xx is an Error, and so is no answer") {
  TestServer server([](const Received&, size_t) { return ServerAnswer{403, "{\"no\":\n1}", {}}; });
  Result<Client> client = Client::connect(Settings(), "Test");
  REQUIRE(client);
  auto body = client->demand("GET", server.url() + "/a");
  REQUIRE_FALSE(body);
  CHECK(body.error().what.starts_with(server.url() + "/a: HTTP 403: {\"no\":"));
  CHECK(body.error().what.find('\n') == std::string::npos);
  body = client->demand("GET", "http://127.0.0.1:" + std::to_string(test::closed_port()) + "/a");
  REQUIRE_FALSE(body);
  CHECK(body.error().what.find("connection refused; is Test running there?") != std::string::npos);
}

}  // namespace
}  // namespace waybill::outputs::http
