// SPDX-License-Identifier: Apache-2.0
// Rotation: when a file is put aside, under which name, and what becomes of those that were.
//
// records.ndjson is renamed to records.ndjson.20260102T030405Z; of two in one second the later has
// -2 behind it. Packed it is records.ndjson.20260102T030405Z.gz, or .zst.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "delivery/state_dir.h"
#include "outputs/file/packing.h"

namespace waybill::outputs::file {

// `rotate:` of the output's section.
struct RotateSettings {
  size_t size = 0;                    // bytes; 0: however large it is
  Duration every = Duration::zero();  // of our clock, in whole periods since 1970; 0: however old
  int64_t keep = 10;                  // so many that were put aside, of each file; 0: all
  Compress compress = Compress::kNone;
  bool on() const { return size > 0 || every > Duration::zero(); }
};

// The number of the period that a moment (seconds since the epoch) lies in; 0 without periods.
int64_t period_of(int64_t second, Duration every);

// The names (without folder) in the folder `dir` that files called `name` were put aside under, the
// oldest first; what is half packed is left out.
std::vector<std::string> put_aside(int dir, std::string_view name);

// Renames `name` in `dir`, never onto another file. Returns the new name.
Result<std::string> put_file_aside(int dir, const std::string& name, int64_t second);

// Whether `name` in `dir` is the regular file that `fd` is open on, and no link to it.
bool is_file_there(int dir, const std::string& name, int fd);

// Whether a name that ends so, with anything in front, may be like one that put_file_aside() gives.
bool may_look_put_aside(std::string_view fixed_end);

// Packs what was put aside, and removes what is more than is to be kept, on a thread of its own
// that is there once there is something to do.
class Packer {
 public:
  explicit Packer(RotateSettings settings) : settings_(settings) {}
  Packer(Packer&&) = delete;
  ~Packer() { stop(); }

  // Any thread. Something of this file, in the folder that `dir` is open on, was put aside, or may
  // have been left as it was by a run before. False: too much waits already, say it again later.
  bool look_at(int dir, std::string name, std::string path);
  // Leaves what is not done to the next run, which begins with it. Safe to call twice.
  void stop();

 private:
  struct Job {
    delivery::Fd dir;
    std::string name, path;
  };
  void run();
  void work(const Job& job);
  Result<void> pack(int dir, const std::string& name);
  static Result<delivery::Fd> open_half(int dir, const std::string& half, mode_t mode);

  const RotateSettings settings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // at most one of a path, and no more than a few
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace waybill::outputs::file
