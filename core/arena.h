// SPDX-License-Identifier: Apache-2.0
// Arena: memory that lives as long as its batch and is freed at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace waybill {

// Bump allocation over a list of blocks. clear() keeps the blocks for the next batch, so a warm
// arena allocates nothing. Addresses stay put until clear(). One thread at a time.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = delete;

  // `size` bytes aligned to `align` (a power of two, at most 16); never null.
  char* allocate(size_t size, size_t align = 1) {
    size_t start = (used_ + align - 1) & ~(align - 1);
    if (current_ < blocks_.size() && start + size <= blocks_[current_].size) {
      used_ = start + size;
      return blocks_[current_].bytes.get() + start;
    }
    return allocate_in_next_block(size);
  }

  // A copy of `bytes` followed by `padding` readable zero bytes.
  std::string_view copy(std::string_view bytes, size_t padding = 0);

  // Gives back the last `size` bytes of the newest allocation (a guess that was too large).
  void give_back(size_t size) { used_ -= size; }

  void clear() {
    current_ = 0;
    used_ = 0;
  }

  // Bytes held, used or not: what the budget is charged with.
  size_t capacity() const { return capacity_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  char* allocate_in_next_block(size_t size);

  std::vector<Block> blocks_;
  size_t current_ = 0;  // the block in use
  size_t used_ = 0;     // bytes used of it
  size_t capacity_ = 0;
};

}  // namespace waybill
