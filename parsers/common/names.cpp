// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/names.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "core/check.h"
#include "parsers/common/dialects.h"

namespace waybill::parsers {

namespace {

constexpr Name kNames[] = {
#include "parsers/common/names.inc"
};

// Names of which dialect_names() has more.
constexpr size_t kMost = std::size(kNames) + 64;
constexpr size_t kBuckets = 2048;  // a power of two, about eight times as many as there are names
static_assert(kMost * 4 < kBuckets && kMost < 65535);

// The first eight bytes of a key, of a shorter one with zeros behind it.
uint64_t head_of(std::string_view key) {
  uint64_t head;
  std::memcpy(&head, key.data(), 8);
  if (key.size() < 8) head &= (uint64_t{1} << (key.size() * 8)) - 1;
  return head;
}

size_t bucket_of(std::string_view key, uint64_t head) {
  auto last = static_cast<unsigned char>(key.back());
  uint64_t mixed = (head ^ uint64_t{last} << 48 ^ key.size() << 40) * 0x9E3779B97F4A7C15u;
  return static_cast<size_t>(mixed >> 53);
}

struct Table {
  std::array<uint16_t, kBuckets> buckets{};  // index into `names` + 1; 0: free
  std::array<uint64_t, kMost> heads{};       // of `names`
  std::array<Name, kMost> names{};
  size_t count = std::size(kNames);

  Table() {
    std::copy(std::begin(kNames), std::end(kNames), names.begin());
    uint8_t row = 0;
    for (const DialectName& one : dialect_names()) {
      WAYBILL_CHECK(count < kMost, "more names of dialects than there is room for");
      names[count++] = Name{one.name.name, Slot::kOfDialect, row++};
    }
    for (size_t i = 0; i < count; ++i) {
      char padded[64] = {};
      std::string_view name = names[i].name;
      WAYBILL_CHECK(name.size() + 8 <= sizeof padded, "a name is too long for its table");
      std::memcpy(padded, name.data(), name.size());
      heads[i] = head_of({padded, name.size()});
      size_t at = bucket_of({padded, name.size()}, heads[i]);
      while (buckets[at] != 0) at = (at + 1) % kBuckets;
      buckets[at] = static_cast<uint16_t>(i + 1);
    }
  }
};

const Table& table() {
  static const Table made;
  return made;
}

}  // namespace

std::span<const Name> all_names() { return std::span(table().names).first(table().count); }

const Name* find_name(std::string_view key) {
  static const Table& all = table();
  if (key.empty()) return nullptr;
  uint64_t head = head_of(key);
  for (size_t at = bucket_of(key, head); all.buckets[at] != 0; at = (at + 1) % kBuckets) {
    size_t index = all.buckets[at] - 1u;
    const Name& name = all.names[index];
    if (all.heads[index] != head || name.name.size() != key.size()) continue;
    if (key.size() <= 8 || name.name.substr(8) == key.substr(8)) return &name;
  }
  return nullptr;
}

}  // namespace waybill::parsers
