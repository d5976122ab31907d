// SPDX-License-Identifier: Apache-2.0
// OptionTable: declares each option of a component once — key, prose, type, default, bounds, and
// the member of the settings struct it fills. The default is the member's initial value.
//
//   struct UdpSettings { std::string listen = "127.0.0.1:5514"; bool trust_service = false; };
//
//   const config::OptionTable<UdpSettings>& table() {
//     static const auto made = config::OptionTable<UdpSettings>()
//         .text("listen", &UdpSettings::listen, "address and port to receive on")
//         .flag("trust_service", &UdpSettings::trust_service, "whether senders may name a service")
//         .not_built("rate", "limit per sender");
//     return made;
//   }
//   UdpSettings settings;
//   table().read(section, settings);  // faults, unknown keys included, go to the diagnostics
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/section.h"
#include "core/check.h"
#include "core/clock.h"

namespace waybill::config {

// How values are written in docs and messages: "1MiB", "300ms"; in the largest unit that is exact.
std::string bytes_text(int64_t bytes);
std::string duration_text(int64_t nanoseconds);

template <typename S>
class OptionTable {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  static constexpr int64_t kAny = std::numeric_limits<int64_t>::max();

  OptionTable& flag(const char* key, bool S::*member, const char* prose);
  OptionTable& integer(const char* key, int64_t S::*member, int64_t min, int64_t max,
                       const char* prose);
  OptionTable& number(const char* key, double S::*member, double min, double max,
                      const char* prose);
  OptionTable& text(const char* key, std::string S::*member, const char* prose);
  OptionTable& required_text(const char* key, std::string S::*member, const char* prose);
  OptionTable& path(const char* key, std::string S::*member, const char* prose);
  OptionTable& duration(const char* key, Duration S::*member, Duration min, Duration max,
                        const char* prose);
  OptionTable& bytes(const char* key, size_t S::*member, size_t min, size_t max, const char* prose);
  // An enum by its names, in the order of its values from 0.
  template <typename E>
  OptionTable& choice(const char* key, E S::*member, std::vector<std::string> names,
                      const char* prose);
  OptionTable& strings(const char* key, std::vector<std::string> S::*member, const char* prose);
  OptionTable& required_strings(const char* key, std::vector<std::string> S::*member,
                                const char* prose);
  OptionTable& string_map(const char* key, Pairs S::*member, const char* prose);
  // A mapping below `key`, read by its own table into a member. The table must outlive this one.
  template <typename T>
  OptionTable& section(const char* key, T S::*member, const OptionTable<T>& table,
                       const char* prose);
  // Accepted and left for others to read (`type`, which the registry has read already).
  OptionTable& other(const char* key, OptionKind kind, const char* prose);
  // Known from the design, not there in this version: using it is a fault that says so.
  OptionTable& not_built(const char* key, const char* prose);
  // For what no kind above fits: `read` gets the section and looks at info.key itself.
  using Reader = std::function<void(const Section&, S&)>;
  OptionTable& custom(OptionInfo info, Reader read);

  const OptionList& list() const { return list_; }
  // Fills `out` from `section`; members of absent keys keep their values.
  void read(const Section& section, S& out) const;
  // The same, and keys that are not in the table are left for others.
  void read_known(const Section& section, S& out) const;

 private:
  OptionList list_;
  std::vector<Reader> readers_;
};

}  // namespace waybill::config

#include "config/options_inl.h"
