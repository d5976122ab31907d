// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/process.h"

#include <pwd.h>
#include <simdjson.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace waybill::inputs::exec {

namespace {

// What a shell would run for `command`; empty when that is nothing.
std::string found_by_path(const std::string& command) {
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/usr/bin:/bin";
  if (command.find('/') != std::string::npos) folders = "";
  while (true) {
    std::string_view folder = folders.substr(0, folders.find(':'));
    std::string path = folder.empty() ? command : std::string(folder) + "/" + command;
    std::error_code failed;
    std::string real = std::filesystem::canonical(path, failed).string();
    if (!failed && access(real.c_str(), X_OK) == 0) return real;
    if (folder.size() == folders.size()) return "";
    folders.remove_prefix(folder.size() + 1);
  }
}

// Of one that has ended already nothing but its name tells.
std::string executable_of(pid_t pid, const std::string& command) {
  std::array<char, 4096> path;
  std::string link = "/proc/" + std::to_string(pid) + "/exe";
  ssize_t size = readlink(link.c_str(), path.data(), path.size());
  bool known = size > 0 && static_cast<size_t>(size) < path.size();
  return known ? std::string(path.data(), static_cast<size_t>(size)) : found_by_path(command);
}

// Its number where the user has no name, as in containers.
std::string owner() {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  bool named = getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
               found != nullptr && *found->pw_name != '\0';
  return named ? found->pw_name : std::to_string(geteuid());
}

}  // namespace

std::vector<std::pair<std::string, std::string>> process_attributes(pid_t pid,
                                                                    const std::string& command) {
  std::vector<std::pair<std::string, std::string>> found;
  // Every record carries these: one wrong byte, and backends refuse all of them.
  auto add = [&](const char* name, std::string value) {
    if (value.empty() || !simdjson::validate_utf8(value.data(), value.size())) return;
    found.emplace_back(name, std::move(value));
  };
  add("process.pid", std::to_string(pid));
  add("process.parent_pid", std::to_string(getpid()));
  std::string path = executable_of(pid, command);
  add("process.executable.name", path.substr(path.rfind('/') + 1));
  add("process.executable.path", path);
  add("process.command", command);
  add("process.owner", owner());
  return found;
}

}  // namespace waybill::inputs::exec
