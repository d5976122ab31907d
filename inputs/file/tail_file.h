// SPDX-License-Identifier: Apache-2.0
// TailFile: one file that is followed, whatever its name becomes.
//
// The open descriptor is the identity. A *generation* is what a file holds until it is truncated
// or rewritten: each has its own Source, nonce and offsets from 0.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "inputs/ack_frontier.h"
#include "inputs/fd.h"
#include "inputs/file/gzip_file.h"
#include "inputs/file/identity.h"
#include "inputs/line_carry.h"

namespace waybill::inputs::file {

// Main thread only.
class TailFile {
 public:
  TailFile(uint64_t number, std::string path, FileKey key, size_t max_line);
  TailFile(TailFile&&) = delete;

  // ---- the descriptor ----
  // Opens `path` if it still is this file. 0, or an errno: ESTALE when it is another one.
  int open();
  void close();
  int fd() const { return fd_.get(); }
  bool is_open() const { return static_cast<bool>(fd_); }

  // ---- history ----
  bool is_compressed() const;
  // Makes a gzip file history, which is read once (`--once`): offsets and prints are those of the
  // bytes that it holds from now on. False: it is none.
  bool unpack();
  bool is_history() const { return history_; }
  int64_t modified() const { return written_ns_; }  // of history: ns since 1970
  // Of those bytes, of the first `size`. While nothing has been read.
  Print head(uint64_t size) { return gzip().head(size); }
  // The next begin() is at a place that was marked so; read() says if it is not.
  void expect(const Print& mark) { expected_ = mark; }
  bool confirmed() const { return confirmed_; }  // it was
  // What of it cannot be read, compressed bytes, and where and why: told once.
  struct Damage {
    uint64_t bytes = 0;
    std::string what;
  };
  std::optional<Damage> take_damage();

  // ---- generations ----
  // A new one begins at `offset`; what was held of the last one is forgotten.
  void begin(std::shared_ptr<const Source> source, uint64_t offset);
  const std::shared_ptr<const Source>& source() const { return source_; }
  uint64_t generation() const { return generation_; }

  // ---- reading ----
  enum class Look {
    kQuiet,       // everything has been read
    kMore,        // there is more
    kReplaced,    // truncated or rewritten: begin() a new generation
    kCompressed,  // no log
    kFailed,      // gone from under us (a network file system): closed, open() it again later
  };
  // Before each run of reads: one fstat, and the bytes before our position if anything changed.
  Look look();

  struct Read {
    size_t bytes = 0;
    bool more = false;   // the read was as large as the room: call again
    int failed = 0;      // errno: closed, it is opened again later
    bool other = false;  // history that is not what its checkpoint was about: begin() it elsewhere
  };
  // One read, not beyond `limit`, into a batch as lines of its sources[source].
  Read read(Batch& into, uint32_t source);
  // The unfinished line as a line. Needs room for held().
  void finish_line(Batch& into, uint32_t source) { carry_.finish(into, source); }
  const LineCarry& carry() const { return carry_; }
  uint64_t position() const { return carry_.position(); }
  uint64_t size() const { return size_; }  // as last seen
  // Of history: of the compressed bytes.
  uint64_t unread() const;
  uint64_t links() const { return links_; }  // names it has, as last seen
  uint64_t count_links();                    // now; while it is open

  // What stat says of the file's name. Whether look() would find something new.
  bool notice(const struct stat& status);

  // ---- what has been settled ----
  AckFrontier frontier;
  // As it stands now; reads at most two KiB of the file.
  FileCheckpoint checkpoint();
  // The last one had a head: a restart can tell which file it was about.
  bool was_recognisable() const { return saved_generation_ == generation_ && saved_head_.size > 0; }

  // ---- kept by FileSet and FileInput ----
  const uint64_t number;  // unique within the input
  const FileKey key;
  std::string path;      // a name it has, or had last
  bool rotated = false;  // which no include has: it was renamed
  std::string place;     // when it was closed to make room: its name then, links resolved
  int watch = -1;        // inotify's number for it
  uint64_t seen_in_scan = 0;
  std::optional<SteadyTime> lost_since;  // no include names it any more
  SteadyTime last_bytes;                 // when something was read last, or since it was found
  bool queued = false;                   // waits for its turn
  bool looked = false;                   // in the middle of a run of reads
  bool let_go = false;                   // not followed any more; stays until all is settled
  bool forgotten = false;                // without a checkpoint: deleted, or no log
  bool nonce_kept = false;               // on disk, with a head to know the file by
  uint64_t limit = UINT64_MAX;           // --once: the end as it was at the start
  uint64_t in_batch = 0;                 // the last batch with bytes of it,
  uint32_t batch_source = 0;             // and the place of its Source there

 private:
  GzipFile& gzip();  // made when it is asked for: many files may wait for their turn
  Read read_history(Batch& into, uint32_t source);
  bool only_nuls(uint64_t from, uint64_t to) const;
  size_t skip_holes(char* bytes, size_t size, bool at_end);
  void remember_mark(const char* bytes, size_t size);

  Fd fd_;
  bool history_ = false;
  std::unique_ptr<GzipFile> gzip_;  // of history, while it is being read
  int64_t written_ns_ = 0;
  uint64_t left_ = 0;   // of history: compressed bytes to be read
  bool ended_ = false;  // of history: all of it was read
  std::string fault_;
  Print expected_;
  bool confirmed_ = false;
  std::shared_ptr<const Source> source_;
  uint64_t generation_ = 0;
  LineCarry carry_;
  bool fresh_ = true;      // nothing of this generation was read yet
  bool reserved_ = false;  // behind position() there was nothing but NULs, when last looked at
  uint64_t size_ = 0;
  uint64_t links_ = 1;
  int64_t modified_ns_ = -1;  // when it was looked at; -1: look closely
  Print mark_;                // of the bytes before position()
  bool suspect_ = false;      // bytes changed while they were read

  Print saved_head_;  // as in the last checkpoint, with its generation and offset
  Print saved_mark_;
  uint64_t saved_generation_ = 0;
  uint64_t saved_offset_ = UINT64_MAX;
};

}  // namespace waybill::inputs::file
