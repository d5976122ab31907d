// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"

#include <fmt/format.h>

#include <cmath>

#include "config/scalars.h"
#include "core/json_text.h"

namespace waybill::config {

namespace {

struct Unit {
  int64_t size;
  const char* name;
};

constexpr Unit kSizes[] = {
    {1LL << 40, "TiB"}, {1LL << 30, "GiB"}, {1LL << 20, "MiB"}, {1LL << 10, "KiB"}};
constexpr Unit kTimes[] = {{3'600'000'000'000, "h"}, {60'000'000'000, "m"}, {1'000'000'000, "s"},
                           {1'000'000, "ms"},        {1'000, "us"},         {1, "ns"}};

std::string bounds_text(const std::string& min, const std::string& max) {
  if (!min.empty() && !max.empty()) return fmt::format("{} to {}", min, max);
  if (!min.empty()) return "at least " + min;
  return max.empty() ? "" : "at most " + max;
}

std::string value_text(OptionKind kind, int64_t value) {
  if (kind == OptionKind::kBytes) return bytes_text(value);
  if (kind == OptionKind::kDuration) return duration_text(value);
  return std::to_string(value);
}

}  // namespace

std::string bytes_text(int64_t bytes) {
  for (const Unit& unit : kSizes) {
    if (bytes != 0 && bytes % unit.size == 0) {
      return fmt::format("{}{}", bytes / unit.size, unit.name);
    }
  }
  return std::to_string(bytes);
}

std::string duration_text(int64_t nanoseconds) {
  for (const Unit& unit : kTimes) {
    if (nanoseconds != 0 && nanoseconds % unit.size == 0) {
      return fmt::format("{}{}", nanoseconds / unit.size, unit.name);
    }
  }
  return "0s";
}

namespace detail {

OptionInfo option(const char* key, OptionKind kind, const char* prose, std::string default_text) {
  OptionInfo info;
  info.key = key;
  info.kind = kind;
  info.prose = prose;
  info.default_text = std::move(default_text);
  return info;
}

std::string yaml_text(std::string_view text) {
  // Characters that never mean anything to YAML; all else goes into quotes.
  bool plain = text.find_first_not_of(
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789_-./") == std::string_view::npos;
  plain = plain && !text.empty() && text[0] != '-' && text != "null" && text != "Null" &&
          text != "NULL" && !looks_like_number(text) && !looks_like_boolean(text);
  return text.empty() || plain ? std::string(text) : json_string(text);
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) items.push_back(text.empty() ? "\"\"" : yaml_text(text));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string yaml_map(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> items;
  for (const auto& [key, value] : pairs) {
    std::string text = value.empty() ? "\"\"" : yaml_text(value);
    items.push_back(fmt::format("{}: {}", yaml_text(key), text));
  }
  return fmt::format("{{{}}}", fmt::join(items, ", "));
}

std::string number_text(double number) { return fmt::format("{}", number); }

void set_bounds(OptionInfo& info, int64_t min, int64_t max) {
  const double scale = info.kind == OptionKind::kDuration ? 1e9 : 1;
  // Sizes and durations are never negative, so 0 bounds nothing.
  bool from_zero = info.kind == OptionKind::kBytes || info.kind == OptionKind::kDuration;
  bool has_min = min > (from_zero ? 0 : std::numeric_limits<int64_t>::min());
  bool has_max = max < std::numeric_limits<int64_t>::max();
  if (has_min) info.min = static_cast<double>(min) / scale;
  if (has_max) info.max = static_cast<double>(max) / scale;
  info.bounds = bounds_text(has_min ? value_text(info.kind, min) : "",
                            has_max ? value_text(info.kind, max) : "");
}

void set_bounds(OptionInfo& info, double min, double max) {
  const auto any = static_cast<double>(std::numeric_limits<int64_t>::max());
  if (min > -any) info.min = min;
  if (max < any) info.max = max;
  info.bounds = bounds_text(info.min ? number_text(min) : "", info.max ? number_text(max) : "");
}

bool within(const Section& section, const OptionInfo& info, bool inside) {
  if (!inside) {
    section.fault(info.key,
                  fmt::format("{} is out of range ({})", section.shown(info.key), info.bounds));
  }
  return inside;
}

std::optional<size_t> choose(const Section& section, const OptionInfo& info) {
  std::optional<std::string> word = section.string(info.key);
  if (!word) return std::nullopt;
  for (size_t i = 0; i < info.choices.size(); ++i) {
    if (info.choices[i] == *word) return i;
  }
  std::string close = suggestion(*word, info.choices);
  section.fault(
      info.key,
      fmt::format("{} is not one of {}{}", section.shown(info.key), fmt::join(info.choices, ", "),
                  close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close)));
  return std::nullopt;
}

void require(const Section& section, const OptionInfo& info) {
  if (!section.has(info.key)) {
    section.fault("", fmt::format("needs '{}' ({})", info.key, info.prose));
  }
}

std::optional<std::string> filled_text(const Section& section, const std::string& key) {
  std::optional<std::string> text = section.string(key);
  if (text && text->empty()) {
    section.fault(key, "must not be empty");
    return std::nullopt;
  }
  return text;
}

}  // namespace detail

}  // namespace waybill::config
