// SPDX-License-Identifier: Apache-2.0
// Segments: a spool's records on disk, in order, in files of a few MiB.
//
//   <folder>/<first sequence, 16 hex digits>.seg     a line that says what it is, then frames
//   <folder>/cursor                                  what is settled (cursor.h)
//
// A record is durable when it was synced. What is settled is forgotten by whole files: first
// the cursor is durable, then files are removed, so that a crash between the two only leaves files
// that the next start removes. A damaged file is never removed but renamed to *.damaged.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/buffer.h"
#include "core/result.h"
#include "delivery/spool/cursor.h"
#include "delivery/spool/frame.h"
#include "delivery/state_dir.h"

namespace waybill::delivery {

// One thread at a time. One per folder, in any process: the folder is locked.
class Segments {
 public:
  // Opens `folder` in `parent` (an open folder, at `parent_path`, for messages; outlives this), or
  // makes it. Reads no more than the last file: its torn end is cut off. An Error of action kRetry:
  // another one holds it just now.
  static Result<std::unique_ptr<Segments>> open(int parent, const std::string& parent_path,
                                                const std::string& folder, size_t segment_bytes);
  Segments(Segments&&) = delete;

  // Where in its file a write of so many bytes goes. Large ones need not be copied by the kernel
  // when their address is congruent to it modulo kBlock.
  size_t offset_for(size_t bytes) const;
  static constexpr size_t kBlock = 4096;

  // Appends `records` frames, whose sequence numbers go on from end(). All or nothing: after an
  // Error, nothing of them is there. Durable when it returns, unless `sync` is false.
  Result<void> write(std::string_view frames, uint64_t records, bool sync = true);
  // What was written is durable when it returns. After an Error, what was written since the last
  // sync may be lost or not, and is not tried again.
  Result<void> sync();

  // The next record that was not read since the start; valid until the next call. Nothing when all
  // have been read. Damaged ones are passed over: then the sequence number jumps.
  std::optional<Frame> read();

  // What was written last need not be read: read() goes on behind it.
  void skip_to_end();
  // Nor those below `sequence`, which read() has come to.
  void skip_to(uint64_t sequence) { next_ = std::max(next_, sequence); }

  // Records below `sequence` need not be kept any more. Durable when it returns.
  Result<void> settle(uint64_t sequence);
  // Removes the oldest file, or the unread rest of the only one, whether it was settled or not.
  // Returns how many of its records had not been read.
  uint64_t drop_oldest();

  uint64_t begin() const { return settled_; }  // the oldest record that is kept
  uint64_t next() const { return next_; }      // the one that read() would give, if it is intact
  uint64_t end() const { return end_; }        // behind the newest
  size_t bytes() const;                        // on disk
  bool empty() const { return settled_ == end_; }
  // Bytes that were cut off a torn end at the start.
  size_t torn() const { return torn_; }
  const std::string& path() const { return path_; }

 private:
  struct Segment {
    uint64_t first = 0;
    uint64_t end = 0;  // behind its last record
    size_t bytes = 0;  // written and synced
    bool damaged = false;
  };

  Segments(Fd dir, Fd lock, std::string path, SpoolCursor cursor, size_t segment_bytes)
      : dir_(std::move(dir)),
        lock_(std::move(lock)),
        path_(std::move(path)),
        segment_bytes_(segment_bytes),
        cursor_(std::move(cursor)) {}

  Result<void> find_segments();
  Result<void> mend_tail();
  Result<void> begin_segment();
  void end_segment();
  Result<void> append(std::string_view frames, uint64_t records, bool sync);
  Result<void> put(std::string_view bytes, size_t offset);
  void forget(const Segment& segment);
  void forget_settled();
  bool open_for_reading();
  bool fill(size_t wanted);
  std::string name_of(const Segment& segment) const;

  const Fd dir_;
  const Fd lock_;
  const std::string path_;
  const size_t segment_bytes_;
  SpoolCursor cursor_;
  std::deque<Segment> segments_;  // by first sequence number
  uint64_t settled_ = 0, next_ = 0, end_ = 0;
  size_t torn_ = 0;

  Fd writing_;                       // the last segment; none: the next write begins a new one
  Fd direct_;                        // the same file, past the page cache, where that can be
  bool direct_works_ = true;         // as far as is known
  bool unsynced_ = false;            // what was written to it last is not durable yet
  std::optional<Error> sync_fault_;  // of a segment that was ended since

  // What is being read: bytes [read_at_ - (window_.size() - window_used_), read_at_) of the file.
  Fd reading_;
  uint64_t reading_first_ = 0;
  size_t read_at_ = 0;
  Buffer window_;
  size_t window_used_ = 0;
};

}  // namespace waybill::delivery
