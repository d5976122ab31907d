// SPDX-License-Identifier: Apache-2.0
// LetterFiles: the file of dead letters and the older ones beside it, appended to durably.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "delivery/state_dir.h"

namespace waybill::delivery {

// Any thread, and several processes: who appends holds the flock of the newest file.
class LetterFiles {
 public:
  // So many share the size: the one that is written to, and PATH.1 to PATH.3, older ones.
  static constexpr size_t kFiles = 4;

  // Makes no file, but sees to it that one can be made, or that the one that is there is a plain
  // file of ours which nobody else may read. `path`: in a folder that is there; the folder may be a
  // link, the file may not. `size`: bytes of all files together, at most. `patience`: how long
  // append() waits for another process. The Error names the option, the path and what to do.
  static Result<std::unique_ptr<LetterFiles>> open(std::string path, size_t size,
                                                   Duration patience);
  LetterFiles(LetterFiles&&) = delete;

  const std::string& path() const { return path_; }
  // The newest file is rotated away rather than grow beyond this.
  size_t file_size() const { return size_ / kFiles; }

  // Appends whole lines and makes them and the file's name durable: all of them or, with an Error,
  // none. Where they do not fit, the oldest files go, and the log says how many letters that were.
  Result<void> append(std::string_view letters);

 private:
  // Of each file, newest first; nothing where there is none.
  using Sizes = std::array<std::optional<size_t>, kFiles>;

  LetterFiles(std::string path, Fd folder, std::string name, size_t size, Duration patience)
      : path_(std::move(path)),
        folder_(std::move(folder)),
        name_(std::move(name)),
        size_(size),
        patience_(patience) {}

  std::string numbered(size_t number) const;
  Result<void> try_out() const;
  Result<void> make_private(int fd, size_t number) const;

  Result<void> lock_with_room(size_t bytes);
  Result<void> open_newest();
  Result<void> lock_newest(SteadyTime deadline);
  Result<void> lock(SteadyTime deadline);
  void unlock();
  Result<Sizes> sizes() const;
  Result<bool> make_room(size_t bytes);
  Result<void> remove(size_t number);
  Result<void> rotate(const Sizes& there);
  Result<void> write(std::string_view letters);
  Result<void> sync();
  void say_what_went(const std::vector<Fd>& files) const;

  const std::string path_;
  const Fd folder_;
  const std::string name_;  // within folder_
  const size_t size_;
  const Duration patience_;
  std::mutex mutex_;
  Fd file_;                   // the newest, as far as we know
  bool name_synced_ = false;  // its name is in the folder even after a power cut
  bool hung_ = false;         // the last wait for the lock was in vain
  std::vector<Fd> removed_;   // since the lock was taken
};

}  // namespace waybill::delivery
