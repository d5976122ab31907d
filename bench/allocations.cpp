// SPDX-License-Identifier: Apache-2.0
// waybill_allocations: allocations per line on the hot path once it is warm. Exit 1 unless there
// are none (what is allocated per request shows as far below 0.01 a line).
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "bench/hot_path.h"

namespace {
std::atomic<unsigned long> allocations{0};
}

// Every allocation of the process comes through these: operator new calls malloc. glibc offers its
// own under these names for exactly this (malloc(3), "Replacing malloc").
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

void* malloc(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  *memory = __libc_memalign(alignment, size);
  return *memory != nullptr ? 0 : ENOMEM;
}
void free(void* memory) { __libc_free(memory); }
}

namespace {

using waybill::bench::HotPath;
using waybill::bench::Own;
using waybill::bench::Shape;

double per_line(Shape shape, std::string_view output, Own own = Own::kNone) {
  HotPath path(shape, own);
  auto round = [&] {
    path.frame();
    path.parse();
    path.lineage();
    path.contract(false);
    if (shape == Shape::kZap) path.contract(true);
    path.sample();
    if (output == "canonical") return path.canonical();
    path.encode(output);
  };
  constexpr int kWarm = 40;
  constexpr int kMeasured = 160;
  for (int i = 0; i < kWarm; ++i) round();
  unsigned long before = allocations.load();
  for (int i = 0; i < kMeasured; ++i) round();
  auto made = static_cast<double>(allocations.load() - before);
  return made / kMeasured / static_cast<double>(path.lines());
}

}  // namespace

int main() {
  if (allocations.load() == 0) {
    fmt::print(stderr, "waybill_allocations: nothing is counted: is malloc replaced already?\n");
    return 2;
  }
  constexpr std::array shapes = {std::pair{Shape::kZap, "zap"}, std::pair{Shape::kText, "text"},
                                 std::pair{Shape::kRequest, "request"},
                                 std::pair{Shape::kMixed, "mixed"}};
  bool none = true;
  for (const auto& [shape, name] : shapes) {
    for (std::string_view output : {"canonical", "loki", "es", "otlp"}) {
      double count = per_line(shape, output);
      fmt::print("{:<6} {:<10} {:.2f} allocations per line\n", name, output, count);
      none = none && count < 0.005;
    }
  }
  for (const auto& [own, name] : {std::pair{Own::kRegex, "regex"}, {Own::kDissect, "dissect"}}) {
    double count = per_line(Shape::kText, "canonical", own);
    fmt::print("{:<6} {:<10} {:.2f} allocations per line\n", "text", name, count);
    none = none && count < 0.005;
  }
  return none ? 0 : 1;
}
