// SPDX-License-Identifier: Apache-2.0
// URIs as schemas use them: resolved against each other (RFC 3986, 5.2), never fetched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill::contract {

// The absolute URI that `reference` means beside `base`.
std::string resolve_uri(std::string_view base, std::string_view reference);
bool is_absolute_uri(std::string_view uri);

struct SplitUri {
  std::string_view document;                 // all but the fragment
  std::optional<std::string_view> fragment;  // without its hash sign
};
SplitUri split_uri(std::string_view uri);

// A step of a JSON pointer (RFC 6901) as the name it stands for: ~1 is a slash, ~0 a tilde.
std::string name_of_step(std::string_view step);

// "file:///…" of an absolute path, and back. Nothing: no such URI.
std::string file_uri(std::string_view path);
std::optional<std::string> path_of_uri(std::string_view uri);

}  // namespace waybill::contract
