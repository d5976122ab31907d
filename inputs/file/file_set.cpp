// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/file_set.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/log.h"

namespace waybill::inputs::file {

namespace {

constexpr size_t kMaxUnclaimed = 10'000;
constexpr size_t kMaxTold = 10'000;

size_t open_limit(size_t wanted) {
  if (wanted > 0) return wanted;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<size_t>(8, static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20)) / 2);
}

// The offset behind the last '\n' of the first `size` bytes; 0 when there is none in reach.
uint64_t last_line_start(int fd, uint64_t size, size_t reach) {
  std::vector<char> bytes(static_cast<size_t>(std::min<uint64_t>(size, reach)));
  uint64_t begin = size - bytes.size();
  ssize_t got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(begin));
  if (got <= 0) return size;
  const void* end = memrchr(bytes.data(), '\n', static_cast<size_t>(got));
  if (end == nullptr) return begin == 0 ? 0 : size;
  return begin + static_cast<uint64_t>(static_cast<const char*>(end) - bytes.data()) + 1;
}

// The name of an open file now, links resolved; empty when it cannot be told.
std::string place_of(int fd) {
  char name[4096];
  ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
  return size > 0 && size < static_cast<ssize_t>(sizeof name) && name[0] == '/'
             ? std::string(name, static_cast<size_t>(size))
             : std::string();
}

}  // namespace

FileSet::FileSet(const FileSettings& settings, std::string input, const Context& context,
                 Watcher& watcher)
    : settings_(settings),
      input_(std::move(input)),
      context_(context),
      watcher_(watcher),
      globs_(settings.include, settings.exclude),
      max_open_(open_limit(settings.max_open_files)) {}

void FileSet::start() {
  known_ = context_.checkpoints.known(input_);
  SteadyTime until = steady_now() + settings_.keep_unclaimed;
  for (FileCheckpoint& checkpoint : context_.checkpoints.load(input_)) {
    unclaimed_.push_back({std::move(checkpoint), until});
  }
  scan();
  first_ = false;
  look_for_rotated();
  find_history();
  if (files_.empty()) {
    spdlog::info("input {}: no file matches yet", input_);
  }
  tell_passed_over();
  // From now on this input is known, even without files: whatever comes is read from its start.
  // Also after a crash in the first second, so this is written before anything else happens.
  if (known_) return save();
  has_new_nonce_ = true;
  if (Result<void> kept = make_nonces_durable(); !kept) {
    spdlog::warn("input {}: checkpoints: {}", input_, kept.error().what);
  }
}

std::vector<TailFile*> FileSet::scan() {
  ++scans_;
  std::vector<TailFile*> ready;
  for (const std::string& path : globs_.paths()) {
    TailFile* file = find_or_add(path);
    if (file != nullptr) ready.push_back(file);
  }
  for (const std::string& problem : globs_.take_problems()) {
    spdlog::warn("input {}: cannot list {}", input_, problem);
    if (size_t end = problem.rfind(": "); end != problem.npos && unread_.size() < kMaxTold) {
      unread_.insert_or_assign(problem.substr(0, end), problem.substr(end + 2));
    }
  }
  SteadyTime now = steady_now();
  for (const auto& file : files_) {
    if (file->let_go) continue;
    if (file->seen_in_scan == scans_) {
      file->lost_since.reset();
      continue;
    }
    if (!file->lost_since) file->lost_since = now;
    ready.push_back(file.get());  // only the descriptor can tell
  }
  std::erase_if(ignored_, [&](const auto& item) { return item.second != scans_; });
  forget_unclaimed();
  watcher_.watch_folders(globs_.folders());
  return ready;
}

// The file behind `path`, if it may have something to read.
TailFile* FileSet::find_or_add(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) cannot_read(path, errno);
    return nullptr;
  }
  if (S_ISLNK(status.st_mode)) {
    if (!link_allowed(path, status.st_uid) || stat(path.c_str(), &status) != 0) return nullptr;
  }
  if (!S_ISREG(status.st_mode)) {
    if (!S_ISDIR(status.st_mode)) tell_once(path, "is no regular file and is not read");
    return nullptr;
  }
  FileKey key = key_of(status);
  if (auto ignored = ignored_.find(key); ignored != ignored_.end()) {
    ignored->second = scans_;
    return nullptr;
  }
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    TailFile& file = *found->second;
    if (file.seen_in_scan != scans_) file.path = path;
    file.seen_in_scan = scans_;
    file.rotated = false;
    if (std::exchange(file.let_go, false)) watch(file);  // it came back
    return file.notice(status) ? &file : nullptr;
  }
  if (context_.once && !first_) return nullptr;  // came after the present end
  return add(path, key);
}

bool FileSet::link_allowed(const std::string& path, uint64_t owner) {
  // Whoever may write to a log folder could otherwise have any file of ours shipped.
  if (settings_.follow_links || owner == 0 || owner == geteuid()) return true;
  tell_once(path, "is a symlink of another user and is not followed: see `follow_links`");
  return false;
}

TailFile* FileSet::add(const std::string& path, FileKey key) {
  auto made = std::make_unique<TailFile>(++last_number_, path, key, context_.max_line);
  TailFile& file = *made;
  file.seen_in_scan = scans_;
  if (!ensure_open(file)) return nullptr;  // tried again in the next scan
  // What a gzip file holds is known when it is read: see begin_history().
  bool later = context_.once && file.is_compressed() && file.unpack();
  if (!later && !claim(file) && !take_over(file)) begin_new(file);
  by_number_[file.number] = &file;
  by_key_[key] = &file;
  files_.push_back(std::move(made));
  return &file;
}

void FileSet::begin(TailFile& file, uint64_t offset, const Id128& nonce) {
  auto source = std::make_shared<Source>();
  source->number = next_source_number();
  source->input = input_;
  source->path = file.path;
  source->format = settings_.format;
  source->trust_service = settings_.trust_service;
  source->nonce = nonce;
  file.begin(std::move(source), offset);
}

void FileSet::begin_new(TailFile& file) {
  uint64_t offset = first_offset(file);
  if (offset > 0) {
    context_.ledger.missed(MissReason::kStartAt, offset);
    ++passed_files_;
    passed_bytes_ += offset;
  }
  begin(file, offset, random_id());
}

void FileSet::begin_again(TailFile& file) { begin(file, 0, random_id()); }

uint64_t FileSet::first_offset(TailFile& file) {
  if (!first_ || known_ || context_.once || settings_.start_at == StartAt::kBeginning) return 0;
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return 0;
  if (file.is_compressed()) return 0;  // to be ignored, not followed from its end
  // A line that is being written right now is news, not history.
  return last_line_start(file.fd(), static_cast<uint64_t>(status.st_size),
                         std::min<size_t>(context_.max_line + 1, 64 * 1024));
}

// Takes over the checkpoint that is about this file, if there is one.
bool FileSet::claim(TailFile& file) {
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return false;
  auto same_inode = [&](const Unclaimed& left) { return left.checkpoint.inode == file.key.inode; };
  for (auto at = std::find_if(unclaimed_.begin(), unclaimed_.end(), same_inode);
       at != unclaimed_.end(); at = std::find_if(std::next(at), unclaimed_.end(), same_inode)) {
    Match matched = match(file.fd(), static_cast<uint64_t>(status.st_size), at->checkpoint);
    if (matched == Match::kOther) continue;
    if (matched == Match::kSame) {
      begin(file, at->checkpoint.offset, at->checkpoint.nonce);
      file.nonce_kept = true;
    } else {
      begin_again(file);
    }
    unclaimed_.erase(at);
    return true;
  }
  return false;
}

// A file system that was mounted anew has another device number, and the same files: this one goes
// on where the one that we still hold has been settled.
bool FileSet::take_over(TailFile& file) {
  struct stat status {};
  if (first_ || fstat(file.fd(), &status) != 0) return false;
  for (const auto& old : files_) {
    bool may_be = old->key.inode == file.key.inode && old->key.device != file.key.device &&
                  old->path == file.path && old->seen_in_scan != scans_ && !old->let_go;
    if (!may_be) continue;
    FileCheckpoint checkpoint = old->checkpoint();
    bool same = match(file.fd(), static_cast<uint64_t>(status.st_size), checkpoint) == Match::kSame;
    if (!same) continue;
    begin(file, checkpoint.offset, checkpoint.nonce);
    old->forgotten = true;
    let_go(*old);
    return true;
  }
  return false;
}

bool FileSet::ensure_open(TailFile& file) {
  if (file.is_open()) return true;
  make_room();
  int failed = file.open();
  if (failed != 0) {
    // Renamed or removed a moment ago is no fault: the next scan sees what has become of it.
    if (failed != ENOENT && failed != ESTALE) cannot_read(file.path, failed);
    return false;
  }
  told_.erase(file.path);
  unread_.erase(file.path);
  watch(file);
  return true;
}

// Closes the file that was quiet for longest, if too many are open: it is opened again, by name
// and inode, when it changes. Files without a name could not be.
void FileSet::make_room() {
  while (true) {
    size_t open = 0;
    TailFile* oldest = nullptr;
    for (const auto& file : files_) {
      if (!file->is_open()) continue;
      ++open;
      if (file->looked || file->let_go || file->links() == 0) continue;
      bool better = oldest == nullptr || (oldest->queued && !file->queued) ||
                    (oldest->queued == file->queued && file->last_bytes < oldest->last_bytes);
      if (better) oldest = file.get();
    }
    if (open < max_open_ || oldest == nullptr) return;
    if (oldest->count_links() == 0) continue;    // removed since
    if (oldest->source()) oldest->checkpoint();  // while its bytes can be read
    oldest->place = place_of(oldest->fd());
    oldest->close();
    return;
  }
}

void FileSet::watch(TailFile& file) {
  if (file.watch < 0 && file.is_open()) file.watch = watcher_.watch_file(file.fd());
  if (file.watch >= 0) by_watch_[file.watch] = &file;
}

void FileSet::ignore(TailFile& file, const char* why) {
  spdlog::info("input {}: {} {}", input_, file.path, why);
  ignored_[file.key] = scans_;
  file.forgotten = true;
  let_go(file);
}

void FileSet::let_go(TailFile& file) {
  watcher_.forget_file(file.watch);
  by_watch_.erase(file.watch);
  file.watch = -1;
  file.let_go = true;
  if (file.links() == 0) file.forgotten = true;
  if (!file.forgotten) return;  // stays open until it is settled, for its checkpoint
  file.close();
  by_key_.erase(file.key);  // its inode number may be used again
}

void FileSet::reap() {
  std::erase_if(files_, [&](const std::unique_ptr<TailFile>& file) {
    if (!file->let_go || file->queued || !file->frontier.idle()) return false;
    if (!file->forgotten) {
      if (unclaimed_.size() < kMaxUnclaimed) {
        unclaimed_.push_back({file->checkpoint(), steady_now() + settings_.keep_unclaimed});
      }
      by_key_.erase(file->key);
    }
    by_number_.erase(file->number);
    return true;
  });
}

TailFile* FileSet::by_number(uint64_t number) {
  auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

TailFile* FileSet::by_watch(int watch) {
  auto found = by_watch_.find(watch);
  return found == by_watch_.end() ? nullptr : found->second;
}

void FileSet::save() {
  std::vector<FileCheckpoint> all;
  all.reserve(files_.size() + unclaimed_.size());
  for (const auto& file : files_) {
    if (!file->forgotten && file->source()) all.push_back(file->checkpoint());
  }
  for (const Unclaimed& left : unclaimed_) all.push_back(left.checkpoint);
  all.insert(all.end(), tried_.begin(), tried_.end());
  if (taken_ && !current_->confirmed()) all.push_back(*taken_);
  for (FileCheckpoint& checkpoint : all) checkpoint.input = input_;
  context_.checkpoints.save(input_, std::move(all));
}

Result<void> FileSet::make_nonces_durable() {
  if (!has_new_nonce_) return {};
  save();
  Result<void> flushed = context_.checkpoints.flush();
  if (!flushed) return flushed;
  has_new_nonce_ = false;
  // Of a file that was still empty a restart could not tell that it is the same one.
  for (const auto& file : files_) {
    if (!file->forgotten) file->nonce_kept = file->was_recognisable();
  }
  return {};
}

void FileSet::cannot_read(const std::string& path, int code) {
  tell_once(path, std::strerror(code));
  if (unread_.size() < kMaxTold) unread_.insert_or_assign(path, std::strerror(code));
}

void FileSet::tell_passed_over() const {
  if (passed_files_ == 0) return;
  spdlog::info(
      "input {}: passed over {} byte{} that {} file{} had before this first start (start_at: end). "
      "To read them, give the input another name, and `start_at: beginning`",
      input_, passed_bytes_, passed_bytes_ == 1 ? "" : "s", passed_files_,
      passed_files_ == 1 ? "" : "s");
}

void FileSet::tell_once(const std::string& path, const std::string& message) {
  if (told_.size() < kMaxTold && told_.insert(path).second) {
    spdlog::warn("input {}: {}: {}", input_, path, message);
  }
}

}  // namespace waybill::inputs::file
