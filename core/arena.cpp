// SPDX-License-Identifier: Apache-2.0
#include "core/arena.h"

#include <algorithm>
#include <cstring>

namespace waybill {

namespace {
constexpr size_t kBlockSize = 16 * 1024;
}

char* Arena::allocate_in_next_block(size_t size) {
  size_t next = blocks_.empty() ? 0 : current_ + 1;
  while (next < blocks_.size() && blocks_[next].size < size) ++next;
  if (next == blocks_.size()) {
    size_t block = std::max(size, kBlockSize);
    // new[] aligns to 16, which is all that allocate() promises.
    blocks_.push_back(Block{std::unique_ptr<char[]>(new char[block]), block});
    capacity_ += block;
  }
  current_ = next;
  used_ = size;
  return blocks_[current_].bytes.get();
}

std::string_view Arena::copy(std::string_view bytes, size_t padding) {
  char* to = allocate(bytes.size() + padding);
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  std::memset(to + bytes.size(), 0, padding);
  return {to, bytes.size()};
}

}  // namespace waybill
