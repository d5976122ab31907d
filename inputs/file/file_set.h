// SPDX-License-Identifier: Apache-2.0
// FileSet: the files an input follows: finds them, knows them again, lets them go.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "inputs/file/glob_scan.h"
#include "inputs/file/settings.h"
#include "inputs/file/tail_file.h"
#include "inputs/file/watcher.h"
#include "inputs/input.h"

namespace waybill::inputs::file {

// Main thread only. Files stay at their address until reap().
class FileSet {
 public:
  FileSet(const FileSettings& settings, std::string input, const Context& context,
          Watcher& watcher);
  FileSet(FileSet&&) = delete;

  // What the last run left, and the files that are there now.
  void start();
  // Looks at all names again. The files that may have something to read.
  std::vector<TailFile*> scan();
  // A file was called `was` and is called `path` now. Null if it never was one of ours, or if it
  // is followed already and has nothing new.
  TailFile* find_renamed(const std::string& was, const std::string& path);

  // Makes sure the file is open, closing another one if too many are. False: not now.
  bool ensure_open(TailFile& file);
  // Looks for one that was closed and has lost its name where it was. False: it is gone.
  bool find_again(TailFile& file);
  // The file was truncated or rewritten: it begins anew, under a new nonce.
  void begin_again(TailFile& file);
  // Not a log after all: forgotten, and not looked at again.
  void ignore(TailFile& file, const char* why);
  // Of the files that start() has found: gzip files, oldest first. Each is to be read to its end
  // before the next one, and before all others.
  const std::deque<TailFile*>& history() const { return history_; }
  // Before the first read of one, and again when it is not what its checkpoint was about. False: it
  // cannot be opened, and is let go.
  bool begin_history(TailFile& file);
  // All of it has been read, as far as it can be: closes it.
  void end_history(TailFile& file);
  // Read to its end and nameless for long enough, or gone.
  void let_go(TailFile& file);
  // Closes and forgets files that were let go and are settled.
  void reap();

  TailFile* by_number(uint64_t number);
  TailFile* by_watch(int watch);
  const std::vector<std::unique_ptr<TailFile>>& files() const { return files_; }

  // What was to be read and cannot be, by path, and why.
  const std::map<std::string, std::string>& unread() const { return unread_; }
  // `code`: an errno.
  void cannot_read(const std::string& path, int code);

  // Hands everything to remember to the CheckpointStore.
  void save();
  // Before records of `file` leave: its nonce is on disk, with what a restart knows the file by,
  // after the next make_nonces_durable().
  void needs_nonce(const TailFile& file) { has_new_nonce_ |= !file.nonce_kept; }
  Result<void> make_nonces_durable();

 private:
  // A checkpoint whose file has not been seen; kept for a while, as a file system may be mounted
  // late or a name may come back.
  struct Unclaimed {
    FileCheckpoint checkpoint;
    SteadyTime until;
  };

  TailFile* find_or_add(const std::string& path);
  TailFile* add(const std::string& path, FileKey key);
  void begin(TailFile& file, uint64_t offset, const Id128& nonce);
  void begin_new(TailFile& file);
  bool claim(TailFile& file);
  void find_history();
  std::vector<Unclaimed>::iterator find_past(TailFile& file);
  void conclude();
  void forget_unclaimed();
  bool take_over(TailFile& file);
  uint64_t first_offset(TailFile& file);
  bool link_allowed(const std::string& path, uint64_t owner);
  void look_for_rotated();
  void make_room();
  void watch(TailFile& file);
  void tell_once(const std::string& path, const std::string& message);
  void tell_passed_over() const;

  const FileSettings& settings_;
  const std::string input_;
  const Context context_;
  Watcher& watcher_;
  GlobScan globs_;
  size_t max_open_;
  bool known_ = false;  // there was a checkpoint of this input
  bool first_ = true;   // the first scan
  uint64_t scans_ = 0;
  uint64_t last_number_ = 0;

  std::vector<std::unique_ptr<TailFile>> files_;
  std::unordered_map<uint64_t, TailFile*> by_number_;
  std::unordered_map<int, TailFile*> by_watch_;
  std::map<FileKey, TailFile*> by_key_;
  std::map<FileKey, uint64_t> ignored_;  // and in which scan it was seen last
  std::vector<Unclaimed> unclaimed_;
  std::deque<TailFile*> history_;
  TailFile* current_ = nullptr;          // of the history, the one that is being read,
  std::optional<FileCheckpoint> taken_;  // the checkpoint that it goes on at,
  std::vector<FileCheckpoint> tried_;    // and others that were not about it
  std::set<std::string> told_;
  std::map<std::string, std::string> unread_;
  uint64_t passed_files_ = 0, passed_bytes_ = 0;  // by start_at: end
  bool has_new_nonce_ = false;
};

}  // namespace waybill::inputs::file
