// SPDX-License-Identifier: Apache-2.0
#include "inputs/journald/journal.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace waybill::inputs::journald {

namespace {

// libsystemd returns negative errnos.
Result<void> checked(int code, const char* what) {
  if (code >= 0) return {};
  return errno_error(what, -code, Action::kRetry);
}

// The id of this boot, as _BOOT_ID has it.
std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  std::erase(id, '-');
  return id;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, const Filter& filter,
                                               size_t most_bytes) {
  Result<JournalApi> api = load_journal_api();
  if (!api) return std::move(api).error();
  sd_journal* handle = nullptr;
  int code = path.empty() ? api->open(&handle, JournalApi::kLocalOnly)
                          : api->open_directory(&handle, path.c_str(), 0);
  if (code < 0) {
    std::string what = path.empty() ? "cannot open this host's journal" : "cannot open " + path;
    return errno_error(what, -code);
  }
  std::unique_ptr<Journal> journal(new Journal(*api, handle, most_bytes));
  if (Result<void> added = journal->add_filter(filter); !added) return std::move(added).error();
  (void)api->set_data_threshold(handle, most_bytes);
  journal->fd_ = api->get_fd(handle);
  return journal;
}

Result<void> Journal::match(const std::string& condition) {
  return checked(api_.add_match(journal_, condition.data(), condition.size()),
                 "cannot filter the journal");
}

// As `journalctl -u`, `-t`, `-p` and `-b` do it: groups of alternatives, and all groups must hold.
Result<void> Journal::add_filter(const Filter& filter) {
  std::vector<std::string> conditions;
  for (const std::string& unit : filter.units) {
    for (const std::string& condition :
         {"_SYSTEMD_UNIT=" + unit, "UNIT=" + unit, std::string("_PID=1")}) {
      if (Result<void> added = match(condition); !added) return added;
      // What systemd itself says of the unit has both of the latter.
      if (condition.starts_with("UNIT=")) continue;
      (void)api_.add_disjunction(journal_);
    }
  }
  if (!filter.units.empty()) (void)api_.add_conjunction(journal_);
  for (const std::string& identifier : filter.identifiers) {
    conditions.push_back("SYSLOG_IDENTIFIER=" + identifier);
  }
  for (int priority = 0; filter.priority < 7 && priority <= filter.priority; ++priority) {
    conditions.push_back("PRIORITY=" + std::to_string(priority));
  }
  if (filter.this_boot) conditions.push_back("_BOOT_ID=" + boot_id());
  for (const std::string& condition : conditions) {
    if (Result<void> added = match(condition); !added) return added;
  }
  return {};
}

Result<void> Journal::seek_beginning() {
  return checked(api_.seek_head(journal_), "cannot go to the beginning of the journal");
}

// Behind the last entry there is, which next() must not give.
Result<void> Journal::seek_end() {
  int code = api_.seek_tail(journal_);
  if (code >= 0) code = api_.previous(journal_);
  if (code < 0) return errno_error("cannot go to the end of the journal", -code, Action::kRetry);
  // Of an empty journal, whatever comes is new.
  return code == 0 ? seek_beginning() : Result<void>();
}

Result<bool> Journal::seek_behind(const std::string& cursor) {
  int code = api_.seek_cursor(journal_, cursor.c_str());
  if (code >= 0) code = api_.next(journal_);
  if (code < 0) return errno_error("cannot find the place in the journal", -code, Action::kRetry);
  if (code == 0) return true;  // nothing behind it, and nothing at it: it may come back
  if (api_.test_cursor(journal_, cursor.c_str()) > 0) return true;
  seen_ = true;
  return false;
}

Result<bool> Journal::next() {
  if (std::exchange(seen_, false)) return true;
  int code = api_.next(journal_);
  if (code < 0) return errno_error("cannot read the journal", -code, Action::kRetry);
  return code > 0;
}

Result<std::string> Journal::cursor() {
  char* text = nullptr;
  int code = api_.get_cursor(journal_, &text);
  if (code < 0) return errno_error("cannot read an entry's cursor", -code, Action::kRetry);
  std::string cursor(text);
  std::free(text);
  return cursor;
}

Result<uint64_t> Journal::realtime_us() {
  uint64_t us = 0;
  int code = api_.get_realtime_usec(journal_, &us);
  if (code < 0) return errno_error("cannot read an entry's time", -code, Action::kRetry);
  return us;
}

Result<void> Journal::for_each_field(const OnField& field) {
  api_.restart_data(journal_);
  while (true) {
    const void* data = nullptr;
    size_t size = 0;
    int code = api_.enumerate_data(journal_, &data, &size);
    if (code == 0) return {};
    if (code < 0) return errno_error("cannot read an entry", -code, Action::kRetry);
    std::string_view whole(static_cast<const char*>(data), size);
    if (size < most_bytes_) {
      field(whole, 0);
      continue;
    }
    const std::string head(whole.substr(0, most_bytes_));  // a closer look overwrites it
    field(head, cut_of(head, size));
  }
}

// How many bytes of a field are behind its `head`, of which libsystemd gave `size`.
uint64_t Journal::cut_of(const std::string& head, size_t size) {
  (void)api_.set_data_threshold(journal_, kLookedAt * most_bytes_);
  const void* more = nullptr;
  size_t more_size = 0;
  std::string field = head.substr(0, head.find('='));
  if (api_.get_data(journal_, field.c_str(), &more, &more_size) >= 0) {
    // One that comes twice in an entry may be the other one here: then nobody knows its end.
    bool same = std::string_view(static_cast<const char*>(more), more_size).starts_with(head);
    if (same) size = std::max(size, more_size);
  }
  (void)api_.set_data_threshold(journal_, most_bytes_);
  return size - head.size();
}

}  // namespace waybill::inputs::journald
