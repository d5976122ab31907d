// SPDX-License-Identifier: Apache-2.0
#include "daemon/surroundings.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace waybill::daemon {

namespace {

// What is wrong with a folder that something is to be made in, or read from; "" when nothing is.
std::string fault_of_folder(const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    if (errno == ENOENT) return fmt::format("the folder {} is not there: make it", folder);
    return fmt::format("the folder {} cannot be looked at: {}", folder, std::strerror(errno));
  }
  if (!S_ISDIR(status.st_mode)) return folder + " is no folder";
  return "";
}

std::string folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// One that is not there yet is made by the start.
std::string fault_of_state_dir(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return "";
  if (!S_ISDIR(status.st_mode)) return path + " is no folder";
  if (status.st_uid != geteuid()) {
    return fmt::format(
        "{} belongs to uid {}: a daemon that runs as uid {}, as this check does, "
        "refuses it",
        path, status.st_uid, geteuid());
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return "";
  return fmt::format(
      "{} can be written to by others (mode {:04o}), so the start refuses it: chmod "
      "700 it",
      path, status.st_mode & 07777);
}

// The folder that stands before the first wildcard of a glob.
std::string fixed_folder_of(const std::string& glob) {
  return folder_of(glob.substr(0, glob.find_first_of("*?[")));
}

class Look {
 public:
  Look(const Plan& plan, const PlanRequest& request) : plan_(plan), request_(request) {}

  std::vector<config::Fault> all() {
    const config::Config& config = plan_.config;
    if (!request_.config_file.empty()) {
      warn_at(nullptr, "state_dir", fault_of_state_dir(state_dir_of(config)));
      const std::string& letters = config.dead_letters.path;
      if (config.dead_letters.size != 0 && !letters.empty()) {
        warn_at("dead_letters", "path", fault_of_folder(folder_of(letters)));
      }
    }
    for (const config::Named& named : config.inputs) {
      if (named.type == "file") look_at_includes(named.section);
      std::string path = named.section.raw("path").value_or("");
      if (path.empty()) continue;
      if (named.type == "unix") warn(named.section, "path", fault_of_folder(folder_of(path)));
      if (named.type == "journald") warn(named.section, "path", fault_of_folder(path));
    }
    for (const auto& output : plan_.outputs) {
      if (!output->file_path.empty()) look_at_file(*output);
    }
    return std::move(warnings_);
  }

 private:
  // Files may come later, folders seldom do: a misspelt one is never seen.
  void look_at_includes(const config::Section& section) {
    std::string before;
    for (const std::string& glob :
         section.strings("include").value_or(std::vector<std::string>())) {
      std::string folder = fixed_folder_of(glob);
      struct stat status {};
      if (folder == before || stat(folder.c_str(), &status) == 0) continue;
      before = folder;
      warn(
          section, "include",
          errno == ENOENT
              ? fmt::format("the folder {} is not there yet: until it is, nothing is read", folder)
              : fmt::format("the folder {} cannot be looked at: {}", folder, std::strerror(errno)));
    }
  }

  void look_at_file(const outputs::Output& output) {
    std::string fault = fault_of_folder(output.file_folder);
    for (const config::Named& named : plan_.config.outputs) {
      if (request_.to.empty() && named.name == output.name) {
        return warn(named.section, "path", std::move(fault));
      }
    }
    add("--to", {}, "", std::move(fault));
  }

  void warn(const config::Section& section, const char* key, std::string fault) {
    std::string path = section.path();
    if (!path.empty()) path += '.';
    add(section.file(), section.position_of(key), path + key + ": ", std::move(fault));
  }

  // At a key of the root, or of the section `below` it.
  void warn_at(const char* below, const char* key, std::string fault) {
    std::optional<config::Section> section = plan_.root;
    if (section && below != nullptr) section = section->section(below);
    if (section && section->has(key)) return warn(*section, key, std::move(fault));
    add(request_.config_file, {}, std::string(key) + ": ", std::move(fault));
  }

  void add(std::string file, config::Position position, std::string_view key, std::string fault) {
    if (fault.empty()) return;
    warnings_.push_back({std::move(file), position, fmt::format("warning: {}{}", key, fault)});
  }

  const Plan& plan_;
  const PlanRequest& request_;
  std::vector<config::Fault> warnings_;
};

}  // namespace

std::vector<config::Fault> missing_surroundings(const Plan& plan, const PlanRequest& request) {
  return Look(plan, request).all();
}

}  // namespace waybill::daemon
