// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/glob_scan.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/clock.h"

namespace waybill::inputs::file {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool is_magic(const std::string& part) { return part.find_first_of("*?[\\") != std::string::npos; }

std::vector<std::string> split(const std::string& pattern) {
  std::error_code ignored;
  std::string absolute = pattern;
  if (!pattern.starts_with('/')) {
    absolute = std::filesystem::current_path(ignored).string() + "/" + pattern;
  }
  std::vector<std::string> parts;
  size_t at = 0;
  while (at < absolute.size()) {
    size_t end = std::min(absolute.find('/', at), absolute.size());
    std::string part = absolute.substr(at, end - at);
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
    at = end + 1;
  }
  return parts;
}

// An exclude as it is held to absolute paths. One for names or for any depth stays as it is.
std::string anchored(const std::string& exclude) {
  bool relative = exclude.find('/') != std::string::npos && !exclude.starts_with('/') &&
                  !exclude.starts_with("**");
  if (!relative) return exclude;
  std::string absolute;
  for (const std::string& part : split(exclude)) absolute += "/" + part;
  return absolute;
}

// A path or a glob from the root on, without `.`, `..` and doubled slashes.
std::string from_root(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

}  // namespace

GlobScan::GlobScan(std::vector<std::string> include, std::vector<std::string> exclude) {
  for (const std::string& pattern : include) include_.push_back(split(pattern));
  for (const std::string& pattern : exclude) exclude_.push_back(anchored(pattern));
}

std::vector<std::string> GlobScan::paths() {
  found_.clear();
  folders_.clear();
  for (const Components& parts : include_) {
    if (!parts.empty()) expand("", parts, 0);
  }
  // A folder that no glob leads to any more is forgotten.
  std::erase_if(cache_, [&](const auto& item) { return !folders_.contains(item.first); });
  return {found_.begin(), found_.end()};
}

namespace {

// Some file systems do not say it in the listing. Links are not followed down.
bool is_folder(unsigned char type, const std::string& path) {
  if (type != DT_UNKNOWN) return type == DT_DIR;
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Without a slash a pattern is held to the name alone.
bool fits(const std::string& pattern, const std::string& path) {
  bool whole = pattern.find('/') != std::string::npos;
  const char* text = whole ? path.c_str() : path.c_str() + path.rfind('/') + 1;
  bool any_depth = pattern.find("**") != std::string::npos;  // then a star crosses slashes
  return fnmatch(pattern.c_str(), text, whole && !any_depth ? FNM_PATHNAME : 0) == 0;
}

bool any_fits(const std::vector<std::string>& patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fits(pattern, path); });
}

}  // namespace

bool selected(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
              const std::string& path) {
  const std::string file = from_root(path);
  // "/a/**/b" is "/a/b", too.
  auto finds = [&](const std::string& pattern) {
    std::string glob = from_root(pattern);
    if (fits(glob, file)) return true;
    size_t at = glob.find("**/");
    if (at == std::string::npos) return false;
    return fits(glob.erase(at, 3), file);
  };
  auto leaves_out = [&](const std::string& pattern) {
    std::string glob = anchored(pattern);
    return fits(glob.starts_with('/') ? from_root(glob) : glob, file);
  };
  return std::any_of(include.begin(), include.end(), finds) &&
         std::none_of(exclude.begin(), exclude.end(), leaves_out);
}

void GlobScan::expand(const std::string& folder, const Components& parts, size_t at) {
  const std::string& part = parts[at];
  bool last = at + 1 == parts.size();
  if (part == "**") {
    if (!last) expand(folder, parts, at + 1);
    // A copy: the recursion reads other folders, and the cache may forget this one.
    const std::vector<Entry> inside = entries(folder);
    for (const Entry& entry : inside) {
      if (entry.name.starts_with('.')) continue;
      std::string path = folder + "/" + entry.name;
      bool folder_there = is_folder(entry.type, path);
      if (folder_there) expand(path, parts, at);
      if (last && !folder_there && !excluded(path)) found_.insert(path);
    }
    return;
  }
  if (!is_magic(part)) {
    std::string path = folder + "/" + part;
    if (!last) {
      expand(path, parts, at + 1);
    } else {
      // Its folder matters for being told of its creation; whether it exists is seen by stat.
      folders_.insert(folder.empty() ? "/" : folder);
      if (!excluded(path)) found_.insert(std::move(path));
    }
    return;
  }
  const std::vector<Entry> inside = entries(folder);
  for (const Entry& entry : inside) {
    if (fnmatch(part.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
    std::string path = folder + "/" + entry.name;
    bool may_be_folder = entry.type == DT_DIR || entry.type == DT_LNK || entry.type == DT_UNKNOWN;
    if (!last && may_be_folder) expand(path, parts, at + 1);
    if (last && entry.type != DT_DIR && !excluded(path)) found_.insert(std::move(path));
  }
}

const std::vector<GlobScan::Entry>& GlobScan::entries(const std::string& folder) {
  const std::string path = folder.empty() ? "/" : folder;
  folders_.insert(path);
  Folder& cached = cache_[path];
  int64_t now = wall_now();
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    // A folder that is not there yet is no fault: it may come with the first log.
    if (errno != ENOENT && errno != ENOTDIR && told_.insert(path).second) {
      problems_.push_back(path + ": " + std::strerror(errno));
    }
    cached = {};
    return cached.entries;
  }
  int64_t modified = status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
  bool fresh = now - cached.read_ns < 10 * kSecond && now >= cached.read_ns;
  if (cached.settled && fresh && cached.modified_ns == modified) return cached.entries;

  cached = {};
  std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(path.c_str()), closedir);
  if (!stream) {
    if (errno != ENOENT && errno != ENOTDIR && told_.insert(path).second) {
      problems_.push_back(path + ": " + std::strerror(errno));
    }
    return cached.entries;
  }
  while (const dirent* entry = readdir(stream.get())) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") cached.entries.push_back({std::string(name), entry->d_type});
  }
  told_.erase(path);
  cached.modified_ns = modified;
  cached.read_ns = now;
  // Times have a grain (a tick, on some file systems a second or two): a change right after the
  // read could leave the same time behind.
  cached.settled = now - modified > 3 * kSecond;
  return cached.entries;
}

bool GlobScan::excluded(const std::string& path) const { return any_fits(exclude_, path); }

std::vector<std::string> GlobScan::take_problems() { return std::exchange(problems_, {}); }

}  // namespace waybill::inputs::file
