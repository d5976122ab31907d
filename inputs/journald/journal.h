// SPDX-License-Identifier: Apache-2.0
// Journal: the entries of a journal that are wanted, in order, from a place on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "inputs/journald/journal_api.h"

namespace waybill::inputs::journald {

// Which entries. Conditions of different kinds must all hold, of one kind any.
struct Filter {
  std::vector<std::string> units;        // "nginx.service"; what systemd says of them as well
  std::vector<std::string> identifiers;  // SYSLOG_IDENTIFIER
  int priority = 7;                      // and all that are more urgent
  bool this_boot = false;
};

// Main thread only; reads files, which are mapped into memory.
class Journal {
 public:
  // `path`: a folder with journal files; empty: the journal of this host. `most_bytes`: of a field,
  // with its name.
  static Result<std::unique_ptr<Journal>> open(const std::string& path, const Filter& filter,
                                               size_t most_bytes);
  Journal(Journal&&) = delete;
  ~Journal() { api_.close(journal_); }

  Result<void> seek_beginning();
  Result<void> seek_end();
  // Behind the entry of `cursor`. False: that one is gone, and the next is the first behind it that
  // is still there.
  Result<bool> seek_behind(const std::string& cursor);

  // Goes to the next entry. False: there is none yet.
  Result<bool> next();
  // ---- of the entry it is at ----
  Result<std::string> cursor();
  Result<uint64_t> realtime_us();
  // Calls field("NAME=value", cut) for each. `cut`: so many bytes of it are left out. As libsystemd
  // decompresses no more than it is told to, of a field that is longer than kLookedAt times
  // `most_bytes` only these are counted.
  using OnField = std::function<void(std::string_view data, uint64_t cut)>;
  Result<void> for_each_field(const OnField& field);
  static constexpr size_t kLookedAt = 4;

  // Becomes readable when there may be more; then, and now and then, call refresh().
  int fd() const { return fd_; }
  void refresh() { (void)api_.process(journal_); }

 private:
  Journal(const JournalApi& api, sd_journal* journal, size_t most_bytes)
      : api_(api), journal_(journal), most_bytes_(most_bytes) {}
  uint64_t cut_of(const std::string& head, size_t size);
  Result<void> add_filter(const Filter& filter);
  Result<void> match(const std::string& condition);

  const JournalApi api_;
  sd_journal* const journal_;
  const size_t most_bytes_;
  int fd_ = -1;
  bool seen_ = false;  // seek_behind() stands on the next entry already
};

}  // namespace waybill::inputs::journald
