// SPDX-License-Identifier: Apache-2.0
// FileSet: files that no include names any more, and that are not read to their end.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>

#include "inputs/file/file_set.h"

namespace waybill::inputs::file {

namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Folder open_folder(const std::string& path) {
  return Folder(opendir((path + "/").c_str()), closedir);
}

bool is_at(const std::string& path, const FileKey& key) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && key_of(status) == key;
}

// The path of the file `key` in `folder`; empty when it is not there.
std::string find_in(const std::string& folder, const FileKey& key) {
  Folder stream = open_folder(folder);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    if (entry->d_ino != key.inode) continue;
    std::string path = folder + "/" + entry->d_name;
    if (is_at(path, key)) return path;
  }
  return "";
}

}  // namespace

TailFile* FileSet::find_renamed(const std::string& was, const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
  FileKey key = key_of(status);
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    // Open, it is followed whatever it is called; closed, it is opened again by its name.
    TailFile& file = *found->second;
    if (file.is_open() || file.let_go || file.seen_in_scan == scans_) return nullptr;
    file.path = path;
    file.rotated = true;
    return file.notice(status) ? &file : nullptr;
  }
  if (context_.once || ignored_.contains(key)) return nullptr;
  if (!selected(settings_.include, settings_.exclude, was)) return nullptr;
  TailFile* file = add(path, key);
  if (file == nullptr) return nullptr;
  file->lost_since = steady_now();
  file->rotated = true;
  return file;
}

// What a rename makes of a name stays in its folder, as a rule; a link may be turned to another
// file, and the one that it led to stays where it is.
bool FileSet::find_again(TailFile& file) {
  if (!file.place.empty() && is_at(file.place, file.key)) {
    file.rotated |= file.path != file.place;
    file.path = file.place;
    return true;
  }
  std::set<std::string> folders;
  for (const std::string& path : {file.path, file.place}) {
    size_t slash = path.rfind('/');
    if (slash != std::string::npos) folders.insert(path.substr(0, slash));
  }
  for (const std::string& folder : folders) {
    std::string path = find_in(folder, file.key);
    if (path.empty()) continue;
    file.path = std::move(path);
    file.rotated = true;
    return true;
  }
  return false;
}

// Files that were renamed out of our globs while we were not there still hold unread lines.
void FileSet::look_for_rotated() {
  std::map<uint64_t, const FileCheckpoint*> wanted;  // by inode
  std::set<std::string> folders;
  for (const Unclaimed& left : unclaimed_) {
    size_t slash = left.checkpoint.path.rfind('/');
    if (slash == std::string::npos || left.checkpoint.head_size == 0) continue;
    wanted[left.checkpoint.inode] = &left.checkpoint;
    folders.insert(left.checkpoint.path.substr(0, slash));
  }
  for (const std::string& folder : folders) {
    Folder stream = open_folder(folder);
    while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
      struct stat status {};
      if (fstatat(dirfd(stream.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      FileKey key = key_of(status);
      if (!S_ISREG(status.st_mode) || by_key_.contains(key) || ignored_.contains(key)) continue;
      std::string path = folder + "/" + entry->d_name;
      auto found = wanted.find(key.inode);
      if (found == wanted.end()) continue;
      // Under the name that an include had it is there because nobody wants it any more: the globs
      // have changed.
      if (found->second->path == path && !found->second->rotated) continue;
      auto made = std::make_unique<TailFile>(++last_number_, path, key, context_.max_line);
      if (!ensure_open(*made) || !claim(*made)) continue;
      made->lost_since = steady_now();
      made->rotated = true;
      by_number_[made->number] = made.get();
      by_key_[key] = made.get();
      files_.push_back(std::move(made));
    }
  }
}

}  // namespace waybill::inputs::file
