// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "core/log.h"
#include "delivery/own_files.h"

namespace waybill::delivery {

namespace {

// First line of each file, for people and for versions to come.
constexpr std::string_view kHeading = "waybill spool 1\n";
constexpr std::string_view kSuffix = ".seg";
constexpr size_t kNameDigits = 16;
constexpr size_t kReadSize = 256 * 1024;
// Less than this is sooner in the page cache than on the disk.
constexpr size_t kWorthDirect = 256 * 1024;

std::optional<uint64_t> sequence_of(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) return {};
  uint64_t first = 0;
  auto [end, fault] = std::from_chars(name.data(), name.data() + kNameDigits, first, 16);
  if (fault != std::errc() || end != name.data() + kNameDigits) return {};
  return first;
}

std::string spell(uint64_t first, std::string_view suffix) {
  return fmt::format("{:016x}{}", first, suffix);
}

// Of bytes [begin, end) of a file.
Result<FrameTail> read_tail_of(int file, size_t begin, size_t end) {
  std::string bytes(end - begin, '\0');
  for (size_t done = 0; done < bytes.size();) {
    ssize_t got =
        pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(begin + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("cannot read it", errno);
    if (got == 0) bytes.resize(done);
    done += static_cast<size_t>(got);
  }
  return read_tail(bytes);
}

}  // namespace

// ---- opening ----

Result<std::unique_ptr<Segments>> Segments::open(int parent, const std::string& parent_path,
                                                 const std::string& folder, size_t segment_bytes) {
  std::string path = parent_path + "/" + folder;
  if (mkdirat(parent, folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_error("cannot make the spool " + path, errno);
  }
  Fd dir(openat(parent, folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir && errno == ENOTDIR) {
    return Error{Action::kFixConfig,
                 "the spool " + path + " is a link, or no folder: move it out of the way"};
  }
  if (!dir) return errno_error("cannot open the spool " + path, errno);
  struct stat status {};
  if (fstat(dir.get(), &status) != 0) return errno_error("fstat " + path, errno);
  if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{Action::kFixConfig,
                 fmt::format("the spool {} belongs to somebody else, or others may write to it: "
                             "remove it, or chown it to uid {} and chmod 700 it",
                             path, geteuid())};
  }
  // A folder whose name is lost with the power takes along what was synced in it.
  Fd above(openat(dir.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above || fsync(above.get()) != 0) {
    return errno_error("cannot sync the folder of " + path, errno, Action::kRetry);
  }
  Result<Fd> lock = open_own_file(dir.get(), "lock", O_RDWR | O_CREAT);
  if (!lock) return std::move(lock).error().within(path);
  if (flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return errno_error("the spool " + path + " is in use", errno, Action::kRetry);
  }
  Result<SpoolCursor> cursor = SpoolCursor::open(dir.get());
  if (!cursor) return std::move(cursor).error().within(path);
  std::unique_ptr<Segments> all(new Segments(std::move(dir), *std::move(lock), std::move(path),
                                             *std::move(cursor), segment_bytes));
  if (Result<void> found = all->find_segments(); !found) return std::move(found).error();
  return all;
}

Result<void> Segments::find_segments() {
  Fd listed(openat(dir_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(listed.get()), closedir);
  if (!entries) return errno_error("cannot list " + path_, errno);
  listed.release();
  while (dirent* entry = readdir(entries.get())) {
    if (auto first = sequence_of(entry->d_name)) segments_.push_back({*first, *first, 0, false});
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  for (size_t i = 0; i + 1 < segments_.size(); ++i) segments_[i].end = segments_[i + 1].first;
  std::erase_if(segments_, [&](Segment& segment) {
    struct stat status {};
    std::string name = name_of(segment);
    bool plain = fstatat(dir_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                 S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == geteuid();
    if (!plain) spdlog::error("{}/{} is not a plain file of ours: not read", path_, name);
    segment.bytes = static_cast<size_t>(status.st_size);
    return !plain;
  });
  if (Result<void> mended = mend_tail(); !mended) return mended;
  uint64_t oldest = segments_.empty() ? 0 : segments_.front().first;
  settled_ = cursor_.position().value_or(oldest);
  end_ = std::max(segments_.empty() ? 0 : segments_.back().end, settled_);
  settled_ = std::max(settled_, std::min(oldest, end_));
  next_ = settled_;
  forget_settled();
  return {};
}

// Finds the end of the last file's frames. A complete one that is damaged may have been counted as
// safe: it stays, to be counted as lost. What was never written to its end is cut off.
Result<void> Segments::mend_tail() {
  if (segments_.empty()) return {};
  Segment& last = segments_.back();
  Result<Fd> file = open_own_file(dir_.get(), name_of(last).c_str(), O_RDWR);
  if (!file) return std::move(file).error().within(path_);
  next_ = last.first;
  last.end = UINT64_MAX;  // so that read() looks at all of it
  end_ = UINT64_MAX;
  size_t good = std::min(last.bytes, kHeading.size());
  uint64_t end = last.first;
  bool damaged = false;
  while (std::optional<Frame> frame = read()) {
    size_t behind = read_at_ - (window_.size() - window_used_);
    damaged |= behind - frame->size != good;
    good = behind;
    end = frame->sequence + 1;
  }
  reading_ = Fd();
  if (good < last.bytes) {
    Result<FrameTail> tail = read_tail_of(file->get(), good, last.bytes);
    if (!tail) return std::move(tail).error().within(path_ + "/" + name_of(last));
    good += tail->size;
    end += tail->damaged;
    damaged |= tail->damaged > 0;
  }
  last.damaged = damaged;
  last.end = end;
  if (good < last.bytes) {
    torn_ = last.bytes - good;
    if (ftruncate(file->get(), static_cast<off_t>(good)) != 0) {
      return errno_error("cannot cut " + path_ + "/" + name_of(last), errno);
    }
    last.bytes = good;
  }
  if (end == last.first) {
    unlinkat(dir_.get(), name_of(last).c_str(), 0);
    segments_.pop_back();
  }
  return {};
}

std::string Segments::name_of(const Segment& segment) const {
  return spell(segment.first, kSuffix);
}

size_t Segments::bytes() const {
  size_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.bytes;
  return sum;
}

// ---- writing ----

size_t Segments::offset_for(size_t bytes) const {
  bool goes_on = writing_ && segments_.back().bytes + bytes <= segment_bytes_;
  return goes_on ? segments_.back().bytes : kHeading.size();
}

Result<void> Segments::write(std::string_view frames, uint64_t records, bool sync) {
  if (writing_ && offset_for(frames.size()) != segments_.back().bytes) end_segment();
  if (!writing_) {
    if (Result<void> begun = begin_segment(); !begun) return begun;
  }
  Result<void> done = append(frames, records, sync);
  if (done) return {};
  // What a failed sync has left on disk cannot be known: the next write goes to a file of its own.
  Segment& last = segments_.back();
  bool cut = ftruncate(writing_.get(), static_cast<off_t>(last.bytes)) == 0;
  if (!cut) spdlog::warn("cannot cut {}/{}", path_, name_of(last));
  if (unsynced_) end_segment();  // of what was written before
  writing_ = Fd();
  if (last.first == last.end) {
    unlinkat(dir_.get(), name_of(last).c_str(), 0);
    segments_.pop_back();
  }
  return done;
}

Result<void> Segments::begin_segment() {
  Segment segment{end_, end_, 0, false};
  std::string name = name_of(segment);
  Result<Fd> file = open_own_file(dir_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error().within(path_);
  // A full disk shows here, not in the middle of a record. Where files cannot be reserved, later.
  int reserved = fallocate(file->get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(segment_bytes_));
  Result<void> done;
  if (reserved != 0 && errno == ENOSPC) done = errno_error("a new file", errno, Action::kRetry);
  if (done) done = write_at(file->get(), kHeading, 0);
  if (done && fsync(dir_.get()) != 0) done = errno_error("cannot sync the folder", errno);
  if (!done) {
    unlinkat(dir_.get(), name.c_str(), 0);
    return std::move(done).error().within(path_);
  }
  segment.bytes = kHeading.size();
  writing_ = *std::move(file);
  direct_ = Fd();
  if (direct_works_) {
    Result<Fd> direct = open_own_file(dir_.get(), name.c_str(), O_WRONLY | O_DIRECT);
    direct_works_ = direct.has_value();
    if (direct) direct_ = *std::move(direct);
  }
  segments_.push_back(segment);
  return {};
}

// Gives back what was reserved and not used.
void Segments::end_segment() {
  if (std::exchange(unsynced_, false) && fdatasync(writing_.get()) != 0) {
    sync_fault_ = errno_error("cannot sync " + path_, errno, Action::kRetry);
  }
  if (ftruncate(writing_.get(), static_cast<off_t>(segments_.back().bytes)) != 0) {
    spdlog::debug("cannot trim {}/{}", path_, name_of(segments_.back()));
  }
  writing_ = Fd();
}

Result<void> Segments::sync() {
  if (sync_fault_) return *std::exchange(sync_fault_, std::nullopt);
  if (!std::exchange(unsynced_, false) || fdatasync(writing_.get()) == 0) return {};
  Error fault = errno_error("cannot sync " + path_, errno, Action::kRetry);
  writing_ = Fd();  // nothing more goes there
  return fault;
}

Result<void> Segments::append(std::string_view frames, uint64_t records, bool sync) {
  Segment& last = segments_.back();
  if (Result<void> done = put(frames, last.bytes); !done) {
    return std::move(done).error().within(path_);
  }
  if (sync && fdatasync(writing_.get()) != 0) {
    return errno_error("cannot sync " + path_, errno, Action::kRetry);
  }
  unsynced_ = !sync;
  last.bytes += frames.size();
  last.end += records;
  end_ += records;
  return {};
}

// What is large goes to the disk without a stay in the page cache, which would cost more than all
// else that a spool does: only whole blocks can, so no block is ever written both ways.
Result<void> Segments::put(std::string_view bytes, size_t offset) {
  const size_t head = (kBlock - offset % kBlock) % kBlock;
  const size_t bulk = bytes.size() > head ? (bytes.size() - head) / kBlock * kBlock : 0;
  const bool congruent = (reinterpret_cast<uintptr_t>(bytes.data()) + head) % kBlock == 0;
  if (!direct_ || !congruent || bulk < kWorthDirect) return write_at(writing_.get(), bytes, offset);
  Result<void> done = write_at(writing_.get(), bytes.substr(0, head), offset);
  if (!done) return done;
  done = write_at(direct_.get(), bytes.substr(head, bulk), offset + head);
  if (!done) {
    spdlog::debug("{}: written through the page cache from now on: {}", path_, done.error().what);
    direct_works_ = false;
    direct_ = Fd();
    done = write_at(writing_.get(), bytes.substr(head, bulk), offset + head);
  }
  if (done) done = write_at(writing_.get(), bytes.substr(head + bulk), offset + head + bulk);
  return done;
}

// ---- reading ----

std::optional<Frame> Segments::read() {
  while (next_ < end_) {
    if (!open_for_reading()) return {};
    std::string_view rest = window_.view().substr(window_used_);
    FrameRead found = read_frame(rest);
    if (found.fault == FrameFault::kShort || rest.empty()) {
      size_t wanted = std::max(found.frame.size, kFrameHeader);
      if (fill(wanted)) continue;
    }
    if (found.fault == FrameFault::kNone && !rest.empty()) {
      window_used_ += found.frame.size;
      if (found.frame.sequence < next_) continue;
      next_ = found.frame.sequence + 1;
      return found.frame;
    }
    auto segment = std::find_if(segments_.begin(), segments_.end(),
                                [&](const Segment& one) { return one.first == reading_first_; });
    if (rest.empty()) {
      // The end of this file. Frames that it should have had and had not were damaged.
      segment->damaged |= next_ < segment->end;
      next_ = std::max(next_, segment->end);
      reading_ = Fd();
      continue;
    }
    segment->damaged = true;
    window_used_ += find_frame(rest);
  }
  return {};
}

void Segments::skip_to_end() {
  next_ = end_;
  // Where reading goes on in this file, if there will be more of it.
  reading_ = Fd();
  if (!writing_) return;
  Result<Fd> file = open_own_file(dir_.get(), name_of(segments_.back()).c_str(), O_RDONLY);
  if (!file) return;
  reading_ = *std::move(file);
  reading_first_ = segments_.back().first;
  read_at_ = segments_.back().bytes;
  window_.clear();
  window_used_ = 0;
}

// The file that holds next_. False: there is none, and all that is left counts as read.
bool Segments::open_for_reading() {
  auto holds = [&](const Segment& one) { return next_ < one.end; };
  auto segment = std::find_if(segments_.begin(), segments_.end(), holds);
  if (segment == segments_.end()) {
    next_ = end_;
    return false;
  }
  if (reading_ && reading_first_ == segment->first) return true;
  reading_ = Fd();
  window_.clear();
  window_used_ = 0;
  Result<Fd> file = open_own_file(dir_.get(), name_of(*segment).c_str(), O_RDONLY);
  if (!file) {
    spdlog::error("{}: {}: its records are lost", path_, file.error().what);
    segment->damaged = true;
    next_ = segment->end;
    return next_ < end_ && open_for_reading();
  }
  reading_ = *std::move(file);
  reading_first_ = segment->first;
  read_at_ = kHeading.size();
  return true;
}

// Makes `wanted` bytes or more stand in the window; false when the file does not have them.
bool Segments::fill(size_t wanted) {
  auto segment = std::find_if(segments_.begin(), segments_.end(),
                              [&](const Segment& one) { return one.first == reading_first_; });
  size_t have = window_.size() - window_used_;
  size_t left = segment->bytes > read_at_ ? segment->bytes - read_at_ : 0;
  if (have + left < wanted) wanted = have + left;
  if (have >= wanted || left == 0) return false;
  size_t size = std::min(left, std::max(wanted - have, kReadSize));
  window_.drop_front(std::exchange(window_used_, 0));
  while (window_.size() < have + size) {
    size_t missing = have + size - window_.size();
    ssize_t got =
        pread(reading_.get(), window_.reserve(missing), missing, static_cast<off_t>(read_at_));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    window_.advance(static_cast<size_t>(got));
    read_at_ += static_cast<size_t>(got);
  }
  return window_.size() > have;
}

// ---- forgetting ----

Result<void> Segments::settle(uint64_t sequence) {
  if (sequence <= settled_) return {};
  if (Result<void> moved = cursor_.move(sequence); !moved) {
    return std::move(moved).error().within(path_);
  }
  settled_ = sequence;
  forget_settled();
  return {};
}

void Segments::forget_settled() {
  while (!segments_.empty() && segments_.front().end <= settled_) {
    forget(segments_.front());
    segments_.pop_front();
  }
}

void Segments::forget(const Segment& segment) {
  if (&segment == &segments_.back()) {
    writing_ = Fd();
    unsynced_ = false;
  }
  if (reading_ && reading_first_ == segment.first) reading_ = Fd();
  std::string name = name_of(segment);
  if (segment.damaged) {
    std::string kept = spell(segment.first, ".damaged");
    spdlog::error("{}/{} is damaged: kept as {}", path_, name, kept);
    renameat(dir_.get(), name.c_str(), dir_.get(), kept.c_str());
  } else {
    unlinkat(dir_.get(), name.c_str(), 0);
  }
}

uint64_t Segments::drop_oldest() {
  if (segments_.empty()) return 0;
  Segment oldest = segments_.front();
  uint64_t unread = oldest.end > next_ ? oldest.end - std::max(next_, oldest.first) : 0;
  next_ = std::max(next_, oldest.end);
  settled_ = std::max(settled_, oldest.end);
  if (Result<void> moved = cursor_.move(settled_); !moved) {
    spdlog::warn("{}: {}", path_, moved.error().what);
  }
  forget_settled();
  return unread;
}

}  // namespace waybill::delivery
