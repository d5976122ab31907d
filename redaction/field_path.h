// SPDX-License-Identifier: Apache-2.0
// FieldPath: a path of the record with wildcards, as context.*.ssn.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace waybill::redaction {

// `*` stands for one part of a path (a key, or any element of a list), `**` for any number of them,
// none included. A key with dots in it counts as so many parts. Matching goes part by part and
// costs the same whatever the path: a set of places of the pattern that the parts so far lead to.
class FieldPath {
 public:
  using Places = uint32_t;
  static constexpr size_t kMostParts = 30;

  // The Error (kFixConfig) says what is wrong: an empty part, too many of them, a place that no
  // line fills or that is never redacted.
  static Result<FieldPath> parse(std::string_view text);

  Places start() const { return closed(1); }
  // After `key`, which may have dots in it.
  Places step(Places places, std::string_view key) const;
  bool is_end(Places places) const { return (places >> parts_.size() & 1) != 0; }

  // A part of a key without which no JSON line has a match, where the path leads into its context;
  // empty: none that is sure.
  std::string_view needle() const;

  // Whether it matches the record's own place `path` ("message", "error.stack").
  bool matches(std::string_view path) const { return is_end(step(start(), path)); }

 private:
  Places closed(Places places) const;
  Places step_part(Places places, std::string_view part) const;

  std::vector<std::string> parts_;
};

}  // namespace waybill::redaction
