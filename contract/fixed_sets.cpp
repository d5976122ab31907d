// SPDX-License-Identifier: Apache-2.0
#include "contract/automaton.h"
#include "contract/automaton_tree.h"

namespace waybill::contract {

namespace {

constexpr size_t kMostPlaces = 256;
constexpr size_t kMostSets = 8;

using Set = std::vector<PointRange>;

bool same(const Set& a, const Set& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first || a[i].last != b[i].last) return false;
  }
  return true;
}

// Appends a set for each place; false where there is no fixed number of them.
bool flatten(const PatternNode& node, std::vector<const Set*>& places) {
  size_t before = places.size();
  switch (node.kind) {
    case PatternNode::Kind::kSet:
      if (!node.set.empty() && node.set.back().last >= 0x80) return false;
      places.push_back(&node.set);
      break;
    case PatternNode::Kind::kSequence:
      for (const auto& part : node.parts) {
        if (!flatten(*part, places)) return false;
      }
      break;
    case PatternNode::Kind::kChoice: return false;
    case PatternNode::Kind::kRepeat:
      if (node.least != node.most) return false;
      for (uint32_t i = 0; i < node.least; ++i) {
        if (!flatten(*node.parts.front(), places)) return false;
        if (places.size() == before) break;  // however often nothing is repeated
      }
      break;
  }
  return places.size() <= kMostPlaces;
}

}  // namespace

std::optional<FixedSets> fixed_sets(std::string_view re2) {
  auto tree = parse_pattern(re2);
  if (!tree || !tree->from_start || !tree->to_end) return std::nullopt;
  std::vector<const Set*> places;
  if (!flatten(*tree->root, places)) return std::nullopt;
  FixedSets made;
  std::vector<const Set*> sets;
  for (const Set* place : places) {
    size_t index = 0;
    while (index < sets.size() && !same(*sets[index], *place)) ++index;
    if (index == kMostSets) return std::nullopt;
    if (index == sets.size()) {
      sets.push_back(place);
      for (const PointRange& range : *place) {
        for (uint32_t byte = range.first; byte <= range.last; ++byte) {
          made.members[byte] |= static_cast<uint8_t>(1u << index);
        }
      }
    }
    auto bit = static_cast<uint8_t>(1u << index);
    if (made.runs.empty() || made.runs.back().set != bit) made.runs.push_back({bit, 0});
    ++made.runs.back().count;
    ++made.size;
  }
  return made;
}

}  // namespace waybill::contract
