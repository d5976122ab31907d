// SPDX-License-Identifier: Apache-2.0
#include "daemon/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace waybill::daemon {

namespace {

constexpr size_t kMiB = 1024 * 1024;

std::optional<size_t> number_in(const std::string& path) {
  std::ifstream in(path);
  size_t value = 0;
  if (!(in >> value)) return std::nullopt;  // v2 writes "max" for no limit
  return value;
}

// The process's group in a hierarchy, from /proc/self/cgroup: "0::/path" for v2, "N:memory:/path"
// for v1.
std::string group_path(std::string_view controller) {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    size_t first = line.find(':');
    size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return "/";
}

// A group's own limit and those of all groups above it hold; a container sees its own as the root.
std::optional<size_t> lowest_limit(const std::string& root, std::string group, const char* file) {
  std::optional<size_t> lowest;
  while (true) {
    if (auto limit = number_in(root + group + "/" + file)) {
      lowest = lowest ? std::min(*lowest, *limit) : *limit;
    }
    if (group.empty() || group == "/") return lowest;
    group.resize(group.rfind('/'));
  }
}

}  // namespace

size_t automatic_memory_budget() {
  size_t budget = 64 * kMiB;
  auto v2 = lowest_limit("/sys/fs/cgroup", group_path(""), "memory.max");
  auto v1 = lowest_limit("/sys/fs/cgroup/memory", group_path("memory"), "memory.limit_in_bytes");
  if (v2) budget = std::min(budget, *v2 / 2);
  if (v1) budget = std::min(budget, *v1 / 2);
  return std::max(budget, 4 * kMiB);
}

void keep_large_blocks_apart() {
#ifdef M_MMAP_THRESHOLD
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);
#endif
}

void forget_start_up_code() {
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void*) {
        for (size_t i = 0; i < object->dlpi_phnum; ++i) {
          const auto& segment = object->dlpi_phdr[i];
          // Code alone: it is never written to, so it can be read again. (Of relocated data that
          // holds no more.)
          if (segment.p_type != PT_LOAD || (segment.p_flags & (PF_X | PF_W)) != PF_X) continue;
          uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
          uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
          uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
          // Advice: where it is refused (the kernel's own vdso), nothing is lost.
          ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        }
        return 0;
      },
      nullptr);
}

}  // namespace waybill::daemon
