// SPDX-License-Identifier: Apache-2.0
// DeadLetters: the file that keeps what a backend has refused for good, one JSON object per line
// (docs/delivery.md, "Dead letters"). `waybill replay` reads it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/drop_reason.h"
#include "core/result.h"
#include "delivery/dead_letters/letter_files.h"
#include "delivery/note.h"

namespace waybill::delivery {

// One refused record.
struct Letter {
  std::string_view output;  // the name of the output whose backend refused it
  DropReason reason = DropReason::kRejected;
  std::string_view words;    // the backend's, for people
  std::string_view encoded;  // the record, as it was sent
  std::string_view note;     // append_note() of it
  std::string_view source;   // append_source_note()
};

// Any thread. The file is made when there is something to write. Another process (a replay beside
// its daemon) may write to the same file: whole letters, under a lock.
class DeadLetters {
 public:
  // Appends the record of a note as canonical JSON. Called by one thread at a time.
  using Render = std::function<void(Buffer& out, const Note& note, std::shared_ptr<Source> source)>;

  // write() waits so long for another process that holds the lock.
  static constexpr Duration kPatience = std::chrono::seconds(5);

  // `path`, `size`, `patience` and the Error: LetterFiles::open().
  static Result<std::unique_ptr<DeadLetters>> open(std::string path, size_t size, Render render,
                                                   Duration patience = kPatience);
  DeadLetters(DeadLetters&&) = delete;

  const std::string& path() const { return files_->path(); }
  // Letters are best written when they have come to this, or before.
  size_t file_size() const { return files_->file_size(); }
  // After a reload.
  void set_render(Render render);

  // Appends the letter, ended by '\n', to `out`. False when its note cannot be read. Never waits
  // for the disk.
  bool compose(Buffer& out, const Letter& letter);
  // Appends the letter of a record that broke its schema and goes to no output. `detail`: what is
  // wrong with it. `line` is as it was read, `record` canonical JSON.
  static void compose_violation(Buffer& out, std::string_view detail, std::string_view line,
                                std::string_view record);
  // Makes composed letters durable: all of them or, with an Error, none. The Error's words follow
  // the path.
  Result<void> write(std::string_view letters) { return files_->append(letters); }

 private:
  DeadLetters(std::unique_ptr<LetterFiles> files, Render render)
      : files_(std::move(files)), render_(std::move(render)) {}

  const std::unique_ptr<LetterFiles> files_;
  std::mutex render_mutex_;  // for the two below
  Render render_;
  Buffer record_;
};

}  // namespace waybill::delivery
