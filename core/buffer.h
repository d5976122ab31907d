// SPDX-License-Identifier: Apache-2.0
// Buffer: a growing byte buffer that never zeroes what is about to be overwritten.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "core/check.h"

namespace waybill {

// What encoders write into. Grows by doubling; clear() keeps the memory. One thread at a time.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }

  // Room for `size` more bytes at the end; what is written there counts after advance().
  char* reserve(size_t size) {
    if (capacity_ - size_ < size) grow(size);
    return data_.get() + size_;
  }
  void advance(size_t size) { size_ += size; }

  void append(const void* bytes, size_t size) {
    char* to = reserve(size);
    if (size != 0) std::memcpy(to, bytes, size);
    size_ += size;
  }
  void append(std::string_view bytes) { append(bytes.data(), bytes.size()); }
  void push_back(char byte) {
    *reserve(1) = byte;
    ++size_;
  }

  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_.get(), size_}; }
  void resize(size_t size) {  // only to shrink
    WAYBILL_CHECK(size <= size_, "Buffer::resize may only shrink");
    size_ = size;
  }
  void clear() { size_ = 0; }
  // Takes the first `count` bytes away; what stands behind them moves to the front.
  void drop_front(size_t count) {
    size_ -= count;
    if (size_ != 0) std::memmove(data_.get(), data_.get() + count, size_);
  }
  void release() {  // gives the memory back, too
    data_.reset();
    size_ = capacity_ = 0;
  }
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  void grow(size_t size) {
    size_t wanted = capacity_ * 2 > size_ + size ? capacity_ * 2 : size_ + size;
    if (wanted < 256) wanted = 256;
    // realloc moves large blocks by remapping pages instead of copying them.
    char* grown = static_cast<char*>(std::realloc(data_.get(), wanted));
    WAYBILL_CHECK(grown != nullptr, "out of memory");
    (void)data_.release();
    data_.reset(grown);
    capacity_ = wanted;
  }

  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace waybill
