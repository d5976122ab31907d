// SPDX-License-Identifier: Apache-2.0
// FileSink: files that others may rename, remove or truncate while we append to them.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/throttle.h"
#include "delivery/state_dir.h"
#include "outputs/file/rotation.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::file {

// When what was written is made durable.
struct Sync {
  bool always = false;                // behind each piece, before it counts as delivered
  Duration every = Duration::zero();  // else at the latest so long after it was written; 0: never
  bool any() const { return always || every > Duration::zero(); }
};

struct SinkSettings {
  // The file; or where each record has its own, the folder in front of them all, which must be
  // there. What is below it is made, and no link below it is followed: nothing leaves it.
  std::string path;
  bool many = false;
  Sync sync;
  RotateSettings rotate;
};

class FileSink final : public writer::Sink {
 public:
  static constexpr size_t kMostOpen = 32;
  static constexpr size_t kMostLookedAt = 4096;

  explicit FileSink(SinkSettings settings);

  // Changes nothing but that the file is there: neither what is in it nor what was put aside.
  Result<void> open() override;
  // Opens it again when the path names another file, or none; puts it aside when it is time to.
  Result<void> refresh(std::string_view place, size_t size, bool& changed) override;
  bool take_lost() override;
  int fd() const override { return files_.back()->file.get(); }
  Result<void> sync() override;
  SteadyTime tend_at() const override { return sync_at_; }
  // Syncs what was written, where that is not done behind each piece.
  void tend() override;
  bool refuses() const override { return settings_.many; }

 private:
  struct File {
    std::string path, name;  // `name` in its folder
    delivery::Fd folder, file;
    int64_t period = 0;      // in which its first line was written
    bool unsynced = false;   // written to
    bool fresh = false;      // its name may not be on disk
    bool untouched = false;  // since it was opened: see begin()
    bool told_link = false;  // that it cannot be put aside
  };

  std::string below_folder(std::string_view place) const;
  Result<void> find_folder(File& one);
  Result<void> find_folder_below(File& one, int base);
  Result<void> open(File& one);
  void begin(File& one);
  Result<void> sync(File& one);
  void leave(File& one);
  bool is_due(const File& one, size_t size) const;
  bool put_aside(File& one);

  const SinkSettings settings_;
  std::vector<std::unique_ptr<File>> files_;  // by their last use; the last is the one in use
  // Hashes of the paths beside which the packer has looked for what runs before have left. Beyond
  // so many it is left to the next time that one is put aside.
  std::unordered_set<size_t> looked_at_;
  bool lost_ = false;  // what take_lost() tells
  SteadyTime sync_at_ = SteadyTime::max();
  Throttle put_aside_log_{std::chrono::minutes(1)};
  Throttle sync_log_{std::chrono::minutes(1)};
  Packer packer_;
};

}  // namespace waybill::outputs::file
