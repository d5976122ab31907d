// SPDX-License-Identifier: Apache-2.0
#include "lineage/host.h"

#include <algorithm>
#include <array>
#include <utility>

namespace waybill::lineage {

namespace {

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// OpenTelemetry, semantic conventions 1.29, host.arch.
std::string_view arch_of(std::string_view machine) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames = {{
      {"x86_64", "amd64"},
      {"aarch64", "arm64"},
      {"armv7l", "arm32"},
      {"armv6l", "arm32"},
      {"i686", "x86"},
      {"i386", "x86"},
      {"ppc", "ppc32"},
      {"ppc64le", "ppc64"},
      {"ia64", "ia64"},
  }};
  for (const auto& [kernel, ours] : kNames) {
    if (kernel == machine) return ours;
  }
  return machine;
}

// A value as a shell reads it: in quotes, or bare; `\` keeps the next character.
std::string unquoted(std::string_view text) {
  char quote = !text.empty() && (text.front() == '"' || text.front() == '\'') ? text.front() : '\0';
  if (quote != '\0') text.remove_prefix(1);
  std::string value;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quote != '\0' && text[i] == quote) break;
    if (text[i] == '\\' && quote != '\'' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return value;
}

std::string value_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = first_line(text);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') {
      return unquoted(line.substr(name.size() + 1));
    }
  }
  return "";
}

}  // namespace

Attributes host_attributes(std::string_view machine, const ReadFile& read_file) {
  Attributes found;
  for (const char* path : {"/etc/machine-id", "/var/lib/dbus/machine-id"}) {
    std::string id(first_line(read_file(path).value_or("")));
    // Of an image that was never started it says "uninitialized".
    if (id.size() != 32) continue;
    found.push_back({"host.id", std::move(id), path});
    break;
  }
  if (!machine.empty()) found.push_back({"host.arch", std::string(arch_of(machine)), "the host"});
  return found;
}

Attributes os_attributes(const ReadFile& read_file) {
  Attributes found = {{"os.type", "linux", "the host"}};
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    std::optional<std::string> text = read_file(path);
    if (!text) continue;
    constexpr std::array<std::pair<const char*, const char*>, 3> kNames = {{
        {"os.name", "NAME"},
        {"os.version", "VERSION_ID"},
        {"os.description", "PRETTY_NAME"},
    }};
    for (const auto& [attribute, name] : kNames) {
      std::string value = value_of(*text, name);
      if (!value.empty()) found.push_back({attribute, std::move(value), path});
    }
    break;
  }
  return found;
}

}  // namespace waybill::lineage
