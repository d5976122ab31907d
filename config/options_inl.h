// SPDX-License-Identifier: Apache-2.0
// Bodies of options.h.
#pragma once

#include <algorithm>

#include "config/options.h"

namespace waybill::config {

namespace detail {

OptionInfo option(const char* key, OptionKind kind, const char* prose, std::string default_text);
// `text` as one would write it in YAML: in quotes where it would be read as something else.
std::string yaml_text(std::string_view text);
std::string yaml_list(const std::vector<std::string>& texts);
std::string yaml_map(const std::vector<std::pair<std::string, std::string>>& pairs);
std::string number_text(double number);
// Fills info.bounds, min and max; a bound that no value can cross is left out.
void set_bounds(OptionInfo& info, int64_t min, int64_t max);
void set_bounds(OptionInfo& info, double min, double max);

// Whether the value may be used; reports a fault at `key` when it is outside.
bool within(const Section& section, const OptionInfo& info, bool inside);
// The index of the value of `key` among `names`, or nothing; a strange word is a fault.
std::optional<size_t> choose(const Section& section, const OptionInfo& info);
// Reports that the section lacks a required key, unless it is there (or was reported for its
// value).
void require(const Section& section, const OptionInfo& info);
// A text that must not be empty.
std::optional<std::string> filled_text(const Section& section, const std::string& key);

inline int64_t clamped(size_t bytes) {
  constexpr auto kMost = static_cast<size_t>(std::numeric_limits<int64_t>::max());
  return static_cast<int64_t>(bytes < kMost ? bytes : kMost);
}

}  // namespace detail

template <typename S>
OptionTable<S>& OptionTable<S>::custom(OptionInfo info, Reader read) {
  list_.push_back(std::move(info));
  readers_.push_back(std::move(read));
  return *this;
}

template <typename S>
OptionTable<S>& OptionTable<S>::flag(const char* key, bool S::*member, const char* prose) {
  OptionInfo info =
      detail::option(key, OptionKind::kBoolean, prose, S{}.*member ? "true" : "false");
  return custom(info, [key = info.key, member](const Section& section, S& out) {
    if (auto value = section.boolean(key)) out.*member = *value;
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::integer(const char* key, int64_t S::*member, int64_t min,
                                        int64_t max, const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kInteger, prose, std::to_string(S{}.*member));
  detail::set_bounds(info, min, max);
  return custom(info, [info, member, min, max](const Section& section, S& out) {
    auto value = section.integer(info.key);
    if (value && detail::within(section, info, *value >= min && *value <= max)) {
      out.*member = *value;
    }
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::number(const char* key, double S::*member, double min, double max,
                                       const char* prose) {
  OptionInfo info =
      detail::option(key, OptionKind::kNumber, prose, detail::number_text(S{}.*member));
  detail::set_bounds(info, min, max);
  return custom(info, [info, member, min, max](const Section& section, S& out) {
    auto value = section.number(info.key);
    if (value && detail::within(section, info, *value >= min && *value <= max)) {
      out.*member = *value;
    }
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::text(const char* key, std::string S::*member, const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kString, prose, detail::yaml_text(S{}.*member));
  return custom(info, [key = info.key, member](const Section& section, S& out) {
    if (auto value = section.string(key)) out.*member = std::move(*value);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::required_text(const char* key, std::string S::*member,
                                              const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kString, prose, "");
  info.required = true;
  info.min = 1;
  return custom(info, [info, member](const Section& section, S& out) {
    detail::require(section, info);
    if (auto value = detail::filled_text(section, info.key)) out.*member = std::move(*value);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::path(const char* key, std::string S::*member, const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kPath, prose, detail::yaml_text(S{}.*member));
  return custom(info, [key = info.key, member](const Section& section, S& out) {
    if (auto value = detail::filled_text(section, key)) out.*member = std::move(*value);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::duration(const char* key, Duration S::*member, Duration min,
                                         Duration max, const char* prose) {
  Duration initial = S{}.*member;
  OptionInfo info =
      detail::option(key, OptionKind::kDuration, prose,
                     initial == Duration::max() ? "" : duration_text(initial.count()));
  detail::set_bounds(info, int64_t{min.count()}, int64_t{max.count()});
  return custom(info, [info, member, min, max](const Section& section, S& out) {
    auto value = section.duration_ns(info.key);
    if (!value) return;
    Duration duration{*value};
    if (detail::within(section, info, duration >= min && duration <= max)) out.*member = duration;
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::bytes(const char* key, size_t S::*member, size_t min, size_t max,
                                      const char* prose) {
  int64_t initial = detail::clamped(S{}.*member);
  OptionInfo info =
      detail::option(key, OptionKind::kBytes, prose, initial == kAny ? "" : bytes_text(initial));
  detail::set_bounds(info, detail::clamped(min), detail::clamped(max));
  return custom(info, [info, member, min, max](const Section& section, S& out) {
    auto value = section.bytes(info.key);
    if (!value) return;
    auto size = static_cast<size_t>(*value);
    if (detail::within(section, info, size >= min && size <= max)) out.*member = size;
  });
}

template <typename S>
template <typename E>
OptionTable<S>& OptionTable<S>::choice(const char* key, E S::*member,
                                       std::vector<std::string> names, const char* prose) {
  auto initial = static_cast<size_t>(S{}.*member);
  WAYBILL_CHECK(initial < names.size(), "the default of a choice needs a name");
  OptionInfo info =
      detail::option(key, OptionKind::kChoice, prose, detail::yaml_text(names[initial]));
  info.choices = std::move(names);
  return custom(info, [info, member](const Section& section, S& out) {
    if (auto index = detail::choose(section, info)) out.*member = static_cast<E>(*index);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::strings(const char* key, std::vector<std::string> S::*member,
                                        const char* prose) {
  OptionInfo info =
      detail::option(key, OptionKind::kStrings, prose, detail::yaml_list(S{}.*member));
  return custom(info, [key = info.key, member](const Section& section, S& out) {
    if (auto value = section.strings(key)) out.*member = std::move(*value);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::required_strings(const char* key,
                                                 std::vector<std::string> S::*member,
                                                 const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kStrings, prose, "");
  info.required = true;
  return custom(info, [info, member](const Section& section, S& out) {
    detail::require(section, info);
    auto value = section.strings(info.key);
    if (!value) return;
    if (value->empty()) section.fault(info.key, "an empty list: name at least one");
    bool blank = std::find(value->begin(), value->end(), "") != value->end();
    if (blank) section.fault(info.key, "one of these is empty: is a variable not set?");
    out.*member = std::move(*value);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::string_map(const char* key, Pairs S::*member, const char* prose) {
  OptionInfo info =
      detail::option(key, OptionKind::kStringMap, prose, detail::yaml_map(S{}.*member));
  return custom(info, [key = info.key, member](const Section& section, S& out) {
    if (auto value = section.string_map(key)) out.*member = std::move(*value);
  });
}

template <typename S>
template <typename T>
OptionTable<S>& OptionTable<S>::section(const char* key, T S::*member, const OptionTable<T>& table,
                                        const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kSection, prose, "");
  info.children = table.list();
  return custom(info, [key = info.key, member, &table](const Section& section, S& out) {
    if (auto below = section.section(key)) table.read(*below, out.*member);
  });
}

template <typename S>
OptionTable<S>& OptionTable<S>::other(const char* key, OptionKind kind, const char* prose) {
  return custom(detail::option(key, kind, prose, ""), Reader());
}

template <typename S>
OptionTable<S>& OptionTable<S>::not_built(const char* key, const char* prose) {
  OptionInfo info = detail::option(key, OptionKind::kString, prose, "");
  info.built = false;
  return custom(std::move(info), Reader());
}

template <typename S>
void OptionTable<S>::read_known(const Section& section, S& out) const {
  for (const Reader& reader : readers_) {
    if (reader) reader(section, out);
  }
}

template <typename S>
void OptionTable<S>::read(const Section& section, S& out) const {
  read_known(section, out);
  section.refuse_unknown(list_);
}

}  // namespace waybill::config
