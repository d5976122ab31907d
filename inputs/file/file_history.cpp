// SPDX-License-Identifier: Apache-2.0
// FileSet as a reader of history: which gzip files there are, in which order, and where each goes
// on.
#include <algorithm>
#include <utility>

#include "inputs/file/file_set.h"

namespace waybill::inputs::file {

void FileSet::find_history() {
  for (const auto& file : files_) {
    if (file->is_history()) history_.push_back(file.get());
  }
  std::sort(history_.begin(), history_.end(), [](const TailFile* a, const TailFile* b) {
    return std::pair(a->modified(), a->path) < std::pair(b->modified(), b->path);
  });
}

// The checkpoint that may be about what `file` holds: of the file itself, or of the log that it was
// before it was compressed.
std::vector<FileSet::Unclaimed>::iterator FileSet::find_past(TailFile& file) {
  auto same_head = [&](const FileCheckpoint& known) {
    Print head{known.head_size, known.head_hash};
    return head.size > 0 && file.head(head.size) == head;
  };
  // Its inode number may have been another file's, a short one that began like this one.
  auto itself = [&](const Unclaimed& left) {
    const FileCheckpoint& known = left.checkpoint;
    bool whole = known.path == file.path || known.head_size == file.head(kPrintBytes).size;
    return known.inode == file.key.inode && whole && same_head(known);
  };
  // Without a mark, or by a first line alone, it might be any log that begins like this one: better
  // read twice than never.
  auto before = [&](const Unclaimed& left) {
    const FileCheckpoint& known = left.checkpoint;
    return known.head_size == kPrintBytes && known.mark_size > 0 && same_head(known);
  };
  auto found = std::find_if(unclaimed_.begin(), unclaimed_.end(), itself);
  if (found != unclaimed_.end()) return found;
  return std::find_if(unclaimed_.begin(), unclaimed_.end(), before);
}

bool FileSet::begin_history(TailFile& file) {
  if (current_ != &file) conclude();
  if (!ensure_open(file)) {
    file.forgotten = true;  // what was never begun has no checkpoint
    let_go(file);
    return false;
  }
  current_ = &file;
  if (taken_) tried_.push_back(*std::exchange(taken_, {}));
  auto past = find_past(file);
  if (past == unclaimed_.end()) {
    begin(file, 0, random_id());
    return true;
  }
  taken_ = std::move(past->checkpoint);
  unclaimed_.erase(past);
  file.expect({taken_->mark_size, taken_->mark_hash});
  begin(file, taken_->offset, taken_->nonce);
  file.nonce_kept = true;
  return true;
}

void FileSet::end_history(TailFile& file) {
  file.checkpoint();  // while its bytes can be read
  watcher_.forget_file(file.watch);
  by_watch_.erase(file.watch);
  file.watch = -1;
  file.close();
  if (current_ == &file) conclude();
}

// What was not found is forgotten after a while. History may come to its checkpoint late; and where
// a file is ignored that one is for the next `--once`.
void FileSet::forget_unclaimed() {
  if (context_.once || unclaimed_.empty()) return;
  SteadyTime now = steady_now();
  std::set<uint64_t> ignored;
  for (const auto& item : ignored_) ignored.insert(item.first.inode);
  std::erase_if(unclaimed_, [&](const Unclaimed& left) {
    return left.until < now && !ignored.contains(left.checkpoint.inode);
  });
}

// What was not about the file that was read may be about the next one.
void FileSet::conclude() {
  if (taken_ && !current_->confirmed()) tried_.push_back(*taken_);
  taken_.reset();
  current_ = nullptr;
  for (FileCheckpoint& tried : tried_) unclaimed_.push_back({std::move(tried), steady_now()});
  tried_.clear();
}

}  // namespace waybill::inputs::file
