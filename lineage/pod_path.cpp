// SPDX-License-Identifier: Apache-2.0
#include "lineage/pod_path.h"

#include <algorithm>
#include <array>

namespace waybill::lineage {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kIdDigits = 64;
constexpr std::string_view kLog = ".log";

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Kubernetes, "Object Names and IDs": what pods, namespaces and containers may be called.
bool is_dns_name(std::string_view text, size_t longest) {
  auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), fine);
}

// A UUID; of static pods, 32 hex digits.
bool is_uid(std::string_view text) {
  return text.size() >= 32 && text.size() <= 36 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
         });
}

// The last component, taken off the path.
std::string_view take_last(std::string_view& path) {
  size_t slash = path.rfind('/');
  std::string_view last = slash == path.npos ? path : path.substr(slash + 1);
  path = slash == path.npos ? std::string_view() : path.substr(0, slash);
  return last;
}

// The file's name in front of ".log", whatever rotation put behind it; empty without.
std::string_view stem_of(std::string_view file) {
  size_t end = file.find(kLog);
  if (end == file.npos) return {};
  std::string_view behind = file.substr(end + kLog.size());
  return behind.empty() || behind.front() == '.' || behind.front() == '-' ? file.substr(0, end)
                                                                          : std::string_view();
}

// "a_b_c" in so many parts; false when there are not just as many.
template <size_t N>
bool split(std::string_view text, std::array<std::string_view, N>& parts) {
  for (size_t i = 0; i < N; ++i) {
    size_t end = text.find('_');
    if ((end == text.npos) != (i + 1 == N)) return false;
    parts[i] = text.substr(0, end);
    if (i + 1 < N) text.remove_prefix(end + 1);
  }
  return true;
}

Pairs of_kubelet(std::string_view restarts, std::string_view container, std::string_view pod) {
  std::array<std::string_view, 3> names;
  bool known = is_digits(restarts) && restarts.size() <= 10 && is_dns_name(container, 63) &&
               split(pod, names) && is_dns_name(names[0], 63) && is_dns_name(names[1], 253) &&
               is_uid(names[2]);
  if (!known) return {};
  return {{"k8s.container.name", std::string(container)},
          {"k8s.container.restart_count", std::string(restarts)},
          {"k8s.namespace.name", std::string(names[0])},
          {"k8s.pod.name", std::string(names[1])},
          {"k8s.pod.uid", std::string(names[2])}};
}

Pairs of_link(std::string_view stem) {
  std::array<std::string_view, 3> names;
  if (!split(stem, names) || names[2].size() <= kIdDigits + 1) return {};
  std::string_view id = names[2].substr(names[2].size() - kIdDigits);
  std::string_view container = names[2].substr(0, names[2].size() - kIdDigits - 1);
  bool known = is_id(id) && names[2][container.size()] == '-' && is_dns_name(container, 63) &&
               is_dns_name(names[0], 253) && is_dns_name(names[1], 63);
  if (!known) return {};
  return {{"container.id", std::string(id)},
          {"k8s.container.name", std::string(container)},
          {"k8s.namespace.name", std::string(names[1])},
          {"k8s.pod.name", std::string(names[0])}};
}

}  // namespace

Pairs attributes_of_path(std::string_view path) {
  std::string_view stem = stem_of(take_last(path));
  if (stem.empty()) return {};
  std::string_view folder = take_last(path);
  if (folder == "containers") return of_link(stem);
  std::string_view above = take_last(path);
  if (above == "containers" && is_id(folder) && stem.starts_with(folder)) {
    return {{"container.id", std::string(folder)}};
  }
  if (take_last(path) != "pods") return {};
  return of_kubelet(stem, folder, above);
}

}  // namespace waybill::lineage
