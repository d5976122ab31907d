// SPDX-License-Identifier: Apache-2.0
#include "contract/sources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "contract/uri.h"
#include "core/percent.h"

namespace waybill::contract {

namespace {

constexpr size_t kMostBytes = size_t{64} << 20;

bool is_urn(std::string_view uri) {
  return uri.size() > 4 && (uri[0] | 0x20) == 'u' && (uri[1] | 0x20) == 'r' &&
         (uri[2] | 0x20) == 'n' && uri[3] == ':';
}

// What stands behind the mapping's URI, if it is one of a step's ends. The steps of a URN are
// parted by colons.
std::optional<std::string> below(std::string_view uri, const Mapping& mapping) {
  if (!uri.starts_with(mapping.uri)) return std::nullopt;
  std::string rest(uri.substr(mapping.uri.size()));
  bool urn = is_urn(mapping.uri);
  bool parted = rest.empty() || rest.front() == '/' || (urn && rest.front() == ':');
  if (!parted && !mapping.uri.ends_with('/') && !(urn && mapping.uri.ends_with(':'))) {
    return std::nullopt;
  }
  if (urn) std::replace(rest.begin(), rest.end(), ':', '/');
  return rest;
}

// A URN has no place for a file's ending: of what is not there without one, the file with it.
std::string with_ending(std::string path) {
  std::error_code code;
  for (const char* ending : {"", ".json", ".schema.json"}) {
    if (std::filesystem::is_regular_file(path + ending, code)) return path + ending;
  }
  return path;
}

// A step that would leave the folder.
bool leaves(std::string_view path) {
  if (path.find('\0') != path.npos) return true;
  for (const auto& step : std::filesystem::path(path)) {
    if (step == "..") return true;
  }
  return false;
}

}  // namespace

Result<Mapping> parse_mapping(std::string_view text) {
  // A URI may have "=" in its query only, and a folder's URI has none.
  size_t at = text.find('=');
  if (at == text.npos) {
    return Error{Action::kFixConfig, fmt::format("\"{}\" maps nothing: write URI=DIR, like "
                                                 "https://example.com/schemas=./schemas",
                                                 text)};
  }
  Mapping mapping{std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
  if (!is_absolute_uri(mapping.uri)) {
    return Error{
        Action::kFixConfig,
        fmt::format("\"{}\" is no absolute URI: it wants a scheme, like https:", mapping.uri)};
  }
  std::error_code code;
  if (!std::filesystem::is_directory(mapping.folder, code)) {
    return Error{Action::kFixConfig, fmt::format("{}: no such folder: {} cannot be mapped to it",
                                                 mapping.folder, mapping.uri)};
  }
  return mapping;
}

Sources::Sources(std::vector<Mapping> mappings) : mappings_(std::move(mappings)) {
  std::stable_sort(mappings_.begin(), mappings_.end(),
                   [](const Mapping& a, const Mapping& b) { return a.uri.size() > b.uri.size(); });
}

Result<Sources::Found> Sources::find(std::string_view uri) const {
  std::string_view text = meta_schema(uri);
  if (!text.empty()) return Found{std::string(text), std::string(uri)};
  std::string path;
  if (auto file = path_of_uri(uri)) path = *file;
  for (const auto* mappings : {&mappings_, &beside_}) {
    for (const Mapping& mapping : *mappings) {
      auto rest = path.empty() ? below(uri, mapping) : std::nullopt;
      if (!rest) continue;
      auto decoded = percent_decoded(std::string_view(*rest).substr(0, rest->find('?')));
      if (!decoded || leaves(*decoded)) {
        return Error{Action::kFixConfig,
                     fmt::format("{} names no file below {}", uri, mapping.folder)};
      }
      path = mapping.folder + (decoded->starts_with('/') ? "" : "/") + *decoded;
      if (is_urn(uri)) path = with_ending(std::move(path));
    }
  }
  if (path.empty()) {
    return Error{Action::kFixConfig,
                 fmt::format("{} is neither built in nor in a folder that stands for a URI, and "
                             "nothing is fetched from the network: map it to a folder",
                             uri)};
  }
  auto read = read_schema_file(path);
  if (!read) return std::move(read).error();
  return Found{std::move(*read), path};
}

namespace {

// What the process was given open is read as it is; elsewhere what is no file may wait for ever, or
// never end.
bool is_given(std::string_view path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

}  // namespace

Result<std::string> read_schema_file(const std::string& path) {
  bool given = is_given(path);
  // A named pipe without a writer would hold up even opening it.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | (given ? 0 : O_NONBLOCK));
  if (descriptor < 0) return errno_error(path, errno);
  std::unique_ptr<FILE, int (*)(FILE*)> file(::fdopen(descriptor, "r"), std::fclose);
  if (!file) {
    Error error = errno_error(path, errno);
    ::close(descriptor);
    return error;
  }
  struct stat status {};
  if (!given && ::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode) &&
      !S_ISDIR(status.st_mode)) {
    return Error{Action::kFixConfig,
                 path +
                     ": a pipe or a device: a schema is read again and again, so put it in a "
                     "file"};
  }
  std::string text;
  char block[1 << 14];
  while (size_t got = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, got);
    if (text.size() > kMostBytes) {
      return Error{Action::kFixConfig, fmt::format("{}: larger than {} MiB: this is no schema",
                                                   path, kMostBytes >> 20)};
    }
  }
  if (std::ferror(file.get()) != 0) return errno_error(path, errno);
  return text;
}

}  // namespace waybill::contract
