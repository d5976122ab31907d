// SPDX-License-Identifier: Apache-2.0
// OutputFacts: what pages say of an output that its ledger does not know.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::daemon::admin {

struct OutputFacts {
  std::string target;     // where it sends, for people: no credentials in it
  size_t spool_size = 0;  // bytes that its spool may take on disk; 0: it has none
  std::optional<uint64_t> moved_fields = {};  // outputs::http::moved_fields()
};

// Of OutputState, in its order.
constexpr std::array<std::string_view, 3> kStateNames = {"ok", "retrying", "misconfigured"};

// By name; the outputs of the present config alone.
using OutputFactsByName = std::map<std::string, OutputFacts>;

}  // namespace waybill::daemon::admin
