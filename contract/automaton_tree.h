// SPDX-License-Identifier: Apache-2.0
// The tree of a pattern in translate()'s words, as contract/automaton.cpp needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace waybill::contract {

struct PointRange {
  uint32_t first, last;
};

struct PatternNode {
  enum class Kind : uint8_t { kSet, kSequence, kChoice, kRepeat };
  static constexpr uint32_t kEndless = UINT32_MAX;

  Kind kind = Kind::kSequence;
  std::vector<PointRange> set;  // in order, without overlaps
  std::vector<std::unique_ptr<PatternNode>> parts;
  uint32_t least = 0, most = 0;  // of a kRepeat, whose only part may stand so often
};

struct PatternTree {
  std::unique_ptr<PatternNode> root;
  bool from_start = false;  // \A
  bool to_end = false;      // \z
};

// Nothing: it has what the tree has no word for.
std::optional<PatternTree> parse_pattern(std::string_view re2);

}  // namespace waybill::contract
