// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "config/section.h"

namespace waybill::config {

namespace {

bool same_file_before(const Fault& a, const Fault& b) {
  return std::tie(a.position.line, a.position.column) <
         std::tie(b.position.line, b.position.column);
}

bool same(const Fault& a, const Fault& b) {
  return a.position.line == b.position.line && a.position.column == b.position.column &&
         a.message == b.message && a.file == b.file;
}

}  // namespace

std::string Fault::text() const {
  if (position.line == 0) return fmt::format("{}: {}", file, message);
  return fmt::format("{}:{}:{}: {}", file, position.line, position.column, message);
}

void Diagnostics::add(Fault fault) {
  // Files stay in the order in which they were first at fault.
  auto first = std::find_if(faults_.begin(), faults_.end(),
                            [&](const Fault& other) { return other.file == fault.file; });
  auto last = std::find_if(faults_.rbegin(), faults_.rend(), [&](const Fault& other) {
                return other.file == fault.file;
              }).base();
  if (first == faults_.end()) last = faults_.end();
  auto place = std::upper_bound(first, last, fault, same_file_before);
  for (auto it = place; it != first && !same_file_before(*std::prev(it), fault); --it) {
    if (same(*std::prev(it), fault)) return;
  }
  faults_.insert(place, std::move(fault));
}

}  // namespace waybill::config
