// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the CheckpointStore on disk — how far every file has been read and settled.
//
// Three names in the state directory: `checkpoints`, `checkpoints.previous` (the one before) and,
// while one is being written, `checkpoints.new`. The valid one with the highest generation counts,
// so that a crash at any moment leaves at least one. All writing happens on a thread named `disk`,
// or within flush() while no thread can be had.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/throttle.h"
#include "delivery/state_dir.h"
#include "inputs/checkpoint_store.h"

namespace waybill::delivery {

// By input, sorted: equal content has equal bytes.
using CheckpointMap = std::map<std::string, std::vector<inputs::FileCheckpoint>, std::less<>>;

// What one file holds.
struct CheckpointImage {
  uint64_t generation = 0;  // counts the writes
  CheckpointMap inputs;
};

// The file's bytes: a header (magic, format version, generation, size and XXH3 of what follows),
// then the inputs. Integers are little endian.
std::string encode_checkpoints(const CheckpointImage& image);
// Takes it apart again; an Error says in words why it cannot: torn, damaged, or of a version that
// we do not know. Any bytes are legal input.
Result<CheckpointImage> decode_checkpoints(std::string_view bytes);

class Checkpoints final : public inputs::CheckpointStore {
 public:
  // How long changes are collected before they are written.
  static constexpr Duration kInterval = std::chrono::seconds(1);

  // Reads what the last run left. Never fails: what cannot be read is said on stderr and set aside
  // as `checkpoints.damaged`; then every input counts as known, so that its files are read again
  // from their beginning: twice is better than never. `dir` outlives this.
  explicit Checkpoints(const StateDir& dir);
  ~Checkpoints() override;

  // ---- main thread ----
  std::vector<inputs::FileCheckpoint> load(std::string_view input) const override;
  bool known(std::string_view input) const override;
  void save(std::string_view input, std::vector<inputs::FileCheckpoint> files) override;
  Result<void> flush() override;
  // flush(), then ends the thread. Safe to call twice; the destructor does it, too.
  Result<void> stop();

 private:
  void load_newest();
  std::optional<CheckpointImage> read_file(const char* name);
  void run();
  Result<void> write(const CheckpointImage& image);
  bool make_thread();
  void attempt(std::unique_lock<std::mutex>& lock);

  const StateDir& dir_;
  bool lost_ = false;  // something was unreadable at the start
  std::thread thread_;
  Throttle thread_log_{std::chrono::minutes(1)};
  // Of who writes; one at a time.
  Throttle write_log_{std::chrono::minutes(1)};
  bool failing_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  CheckpointMap inputs_;
  uint64_t generation_ = 0;  // of the newest file
  uint64_t changes_ = 0;     // counts save()
  uint64_t tried_ = 0;       // the value of changes_ that the last attempt to write covered
  uint64_t written_ = 0;     // the same of the last success
  Result<void> last_attempt_;
  uint64_t wanted_ = 0;  // the value of changes_ that a flush() waits for
  bool stopping_ = false;
};

}  // namespace waybill::delivery
