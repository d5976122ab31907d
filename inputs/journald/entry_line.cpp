// SPDX-License-Identifier: Apache-2.0
#include "inputs/journald/entry_line.h"

#include <algorithm>
#include <charconv>

#include "core/canonical.h"
#include "core/json_text.h"

namespace waybill::inputs::journald {

namespace {

// By PRIORITY: the severities of syslog (RFC 5424, table 2).
constexpr std::array<std::string_view, 8> kLevels = {"emerg",   "alert",  "crit", "error",
                                                     "warning", "notice", "info", "debug"};
// Keys of the line itself: a field that is called so gets another one.
constexpr std::array<std::string_view, 6> kOwnKeys = {"timestamp", "level",  "service_name",
                                                      "message",   "caller", "journald"};
constexpr std::string_view kServiceSuffix = ".service";

bool read_number(std::string_view text, uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string lower_case(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lower;
}

}  // namespace

void EntryLine::begin() {
  has_.fill(false);
  names_.clear();
  own_.clear();
  trusted_.clear();
  line_.clear();
}

void EntryLine::field(std::string_view data) {
  size_t equals = data.find('=');
  if (equals == std::string_view::npos || equals == 0) return;
  std::string_view name = data.substr(0, equals);
  std::string_view value = data.substr(equals + 1);
  auto known = std::find(kKnownNames.begin(), kKnownNames.end(), name);
  if (known != kKnownNames.end()) {
    auto index = static_cast<size_t>(known - kKnownNames.begin());
    if (!has_[index]) {
      has_[index] = true;
      known_[index] = value;
      return;
    }
  }
  // Those of journald begin with '_'; no program can send such a one.
  bool trusted = name.front() == '_';
  add(trusted ? trusted_ : own_, trusted ? name.substr(1) : name, value);
}

void EntryLine::add(Buffer& members, std::string_view name, std::string_view value) {
  std::string key = lower_case(name);
  bool own = &members == &own_;
  std::string base = own ? key : "_" + key;
  auto taken = [&](const std::string& one) {
    return std::find(names_.begin(), names_.end(), one) != names_.end() ||
           (own && std::find(kOwnKeys.begin(), kOwnKeys.end(), one) != kOwnKeys.end());
  };
  std::string unique = base;
  for (int number = 2; taken(unique); ++number) unique = base + "_" + std::to_string(number);
  names_.push_back(unique);
  members.push_back(',');
  append_json_string(members, own ? unique : unique.substr(1));
  members.push_back(':');
  append_json_string(members, value);
}

std::string_view EntryLine::finish(uint64_t realtime_us) {
  line_.push_back('{');
  timestamp(realtime_us);
  level();
  service();
  if (has_[kMessage]) member("message", known_[kMessage]);
  caller();
  line_.append(own_.view());
  if (!trusted_.empty()) {
    line_.append(",\"journald\":{");
    line_.append(trusted_.view().substr(1));
    line_.push_back('}');
  }
  line_.append("}\n");
  return line_.view();
}

void EntryLine::member(std::string_view key, std::string_view value) {
  line_.push_back(',');
  append_json_string(line_, key);
  line_.push_back(':');
  append_json_string(line_, value);
}

// When the program sent it, if journald was told; else when journald took it.
void EntryLine::timestamp(uint64_t realtime_us) {
  uint64_t us = realtime_us;
  if (has_[kSourceTime] && !read_number(known_[kSourceTime], us)) us = realtime_us;
  constexpr uint64_t kMost = INT64_MAX / 1000;
  char text[32];
  char* end = write_rfc3339(static_cast<int64_t>(std::min(us, kMost)) * 1000, 6, text);
  line_.append("\"timestamp\":\"");
  line_.append(std::string_view(text, static_cast<size_t>(end - text)));
  line_.push_back('"');
}

void EntryLine::level() {
  uint64_t priority = kLevels.size();
  if (!has_[kPriority] || !read_number(known_[kPriority], priority)) return;
  if (priority < kLevels.size()) member("level", kLevels[priority]);
}

// The unit that it runs in; what is no service (a session, the kernel) calls itself something.
void EntryLine::service() {
  std::string_view unit = has_[kUnit] ? std::string_view(known_[kUnit]) : std::string_view();
  if (unit.size() > kServiceSuffix.size() && unit.ends_with(kServiceSuffix)) {
    member("service_name", unit.substr(0, unit.size() - kServiceSuffix.size()));
  } else if (has_[kIdentifier] && !known_[kIdentifier].empty()) {
    member("service_name", known_[kIdentifier]);
  }
  if (has_[kUnit]) add(trusted_, "systemd_unit", unit);
  if (has_[kIdentifier]) add(own_, kKnownNames[kIdentifier], known_[kIdentifier]);
}

void EntryLine::caller() {
  if (!has_[kFile]) return;
  std::string place = known_[kFile];
  if (has_[kLine]) place += ":" + known_[kLine];
  member("caller", place);
}

}  // namespace waybill::inputs::journald
