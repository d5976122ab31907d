// SPDX-License-Identifier: Apache-2.0
// DeadLetters: the file that keeps what a backend has refused for good, one JSON object per line
// (docs/delivery.md, "Dead letters"). `waybill replay` reads it.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "core/buffer.h"
#include "core/drop_reason.h"
#include "core/result.h"
#include "delivery/note.h"
#include "delivery/state_dir.h"

namespace waybill::delivery {

// One refused record.
struct Letter {
  std::string_view output;  // the name of the output whose backend refused it
  DropReason reason = DropReason::kRejected;
  std::string_view words;   // the backend's, for people
  std::string_view note;    // append_note()
  std::string_view source;  // append_source_note()
};

// Any thread. The file is opened when there is something to write. Another process (a replay beside
// its daemon) may write to the same file: whole letters, under a lock.
class DeadLetters {
 public:
  // So many files share `size`: the one that is written to, and PATH.1 to PATH.3, older ones.
  static constexpr size_t kFiles = 4;

  // Appends the record of a note as canonical JSON. Called by one thread at a time.
  using Render = std::function<void(Buffer& out, const Note& note, std::shared_ptr<Source> source)>;

  // `path`: in a folder that is there. `size`: bytes of all files together. An Error says that the
  // folder cannot be opened.
  static Result<std::unique_ptr<DeadLetters>> open(std::string path, size_t size, Render render);
  DeadLetters(DeadLetters&&) = delete;

  const std::string& path() const { return path_; }
  // After a reload.
  void set_render(Render render);

  // Appends the letter, ended by '\n', to `out`. False when its note cannot be read.
  bool compose(Buffer& out, const Letter& letter);
  // Makes composed letters durable: all of them or, with an Error (kRetry), none.
  Result<void> write(std::string_view letters);

 private:
  DeadLetters(std::string path, Fd folder, std::string name, size_t size, Render render)
      : path_(std::move(path)),
        folder_(std::move(folder)),
        name_(std::move(name)),
        size_(size),
        render_(std::move(render)) {}

  Result<void> lock_newest();
  Result<void> append(std::string_view letters);
  void rotate();
  void say_what_goes(const std::string& name) const;

  const std::string path_;
  const Fd folder_;
  const std::string name_;  // within folder_
  const size_t size_;
  std::mutex mutex_;
  Render render_;
  Buffer record_;
  Fd file_;  // the newest, as far as we know
};

}  // namespace waybill::delivery
