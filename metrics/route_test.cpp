// SPDX-License-Identifier: Apache-2.0
#include "metrics/route.h"

#include <doctest/doctest.h>

using namespace waybill::metrics;

namespace {

std::string route(std::string_view value) {
  std::string out;
  append_route(out, value);
  return out;
}

}  // namespace

TEST_CASE("route: ids in paths become placeholders") {
  CHECK(route("/orders/42") == "/orders/{id}");
  CHECK(route("/orders/42/items/7") == "/orders/{id}/items/{id}");
  CHECK(route("/orders/42/") == "/orders/{id}/");
  CHECK(route("/u/550e8400-e29b-41d4-a716-446655440000") == "/u/{id}");
  CHECK(route("/u/550E8400E29B41D4A716446655440000/x") == "/u/{id}/x");
  CHECK(route("/blob/deadbeef01") == "/blob/{id}");
  CHECK(route("/ulid/01ARZ3NDEKTSV4RRFFQ69G5FAV") == "/ulid/{id}");
  CHECK(route("/invoices/INV-2024-0042") == "/invoices/{id}");
  CHECK(route("/days/2026-01-02") == "/days/{id}");
  CHECK(route("/users/jane@example.com") == "/users/{id}");
  CHECK(route("/files/a%20b") == "/files/{id}");
  CHECK(route("/st\xC3\xA4"
              "dte") == "/{id}");
}

TEST_CASE("route: words stay, and so do templates") {
  for (std::string_view same :
       {"/", "//", "/orders", "/api/v1/orders", "/oauth2/token", "/facade", "/defaced", "/mp3",
        "/orders/{id}", "/orders/:order_id", "/health-check", "/a.b/c_d", "/static/app.js"}) {
    CHECK(route(same) == same);
  }
}

TEST_CASE("route: queries, fragments, parameters, hosts and versions are left out") {
  CHECK(route("/orders/42?page=2") == "/orders/{id}");
  CHECK(route("/orders#top") == "/orders");
  CHECK(route("/cart;jsessionid=1A2B") == "/cart");
  CHECK(route("https://shop.example:8443/orders/42?x=1") == "/orders/{id}");
  CHECK(route("https://shop.example") == "/");
  CHECK(route("https://shop.example?x") == "/");
  CHECK(route("GET /orders/42 HTTP/1.1") == "GET /orders/{id}");
  CHECK(route("POST http://a/b/1 HTTP/1.0") == "POST /b/{id}");
}

TEST_CASE("route: what is no path goes over as it is") {
  for (std::string_view same : {"", "200", "GET", "orders/42", "GET orders", "ORDER 42", "a b",
                                "://x", "1://x/2", "checkout"}) {
    CHECK(route(same) == same);
  }
}
