// SPDX-License-Identifier: Apache-2.0
#include "inputs/journald/journal_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <type_traits>

namespace waybill::inputs::journald {

Result<JournalApi> load_journal_api(const char* library) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return Error{Action::kFixConfig,
                 fmt::format("journald is read with libsystemd, which cannot be loaded ({}): "
                             "install it, as with `apt-get install libsystemd0`",
                             dlerror())};
  }
  JournalApi api{};
  const char* missing = nullptr;
  auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
    if (function == nullptr) missing = name;
  };
  find(api.open, "sd_journal_open");
  find(api.open_directory, "sd_journal_open_directory");
  find(api.close, "sd_journal_close");
  find(api.next, "sd_journal_next");
  find(api.previous, "sd_journal_previous");
  find(api.seek_head, "sd_journal_seek_head");
  find(api.seek_tail, "sd_journal_seek_tail");
  find(api.seek_cursor, "sd_journal_seek_cursor");
  find(api.test_cursor, "sd_journal_test_cursor");
  find(api.get_cursor, "sd_journal_get_cursor");
  find(api.get_realtime_usec, "sd_journal_get_realtime_usec");
  find(api.get_data, "sd_journal_get_data");
  find(api.set_data_threshold, "sd_journal_set_data_threshold");
  find(api.enumerate_data, "sd_journal_enumerate_data");
  find(api.restart_data, "sd_journal_restart_data");
  find(api.add_match, "sd_journal_add_match");
  find(api.add_disjunction, "sd_journal_add_disjunction");
  find(api.add_conjunction, "sd_journal_add_conjunction");
  find(api.get_fd, "sd_journal_get_fd");
  find(api.process, "sd_journal_process");
  if (missing == nullptr) return api;
  return Error{Action::kFixConfig,
               fmt::format("{} has no {}: libsystemd 209 or newer is needed", library, missing)};
}

}  // namespace waybill::inputs::journald
