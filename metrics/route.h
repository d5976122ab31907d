// SPDX-License-Identifier: Apache-2.0
// Routes: paths of requests without what tells one request from the next.
#pragma once

#include <string>
#include <string_view>

namespace waybill::metrics {

// Appends `value`. Of a path ("/orders/42?x=1"), a URL, or a request line ("GET /orders/42
// HTTP/1.1") it appends the path alone, in front of it the method where there was one, without
// query and parameters, and with {id} for each part that is a number, a UUID, hex, or otherwise an
// id. Anything else goes over as it is.
void append_route(std::string& out, std::string_view value);

// Whether one part of a path names a thing, not a kind of things: "42", "INV-2024-0042",
// "01ARZ3NDEKTSV4RRFFQ69G5FAV", "a@b.example"; but not "v1", "oauth2" or "orders".
bool is_id(std::string_view part);

}  // namespace waybill::metrics
