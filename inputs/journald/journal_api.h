// SPDX-License-Identifier: Apache-2.0
// JournalApi: the functions of libsystemd that read a journal (sd-journal(3)), found when an input
// needs them: a host without systemd runs the same program.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/result.h"

struct sd_journal;

namespace waybill::inputs::journald {

struct JournalApi {
  int (*open)(sd_journal** made, int flags);
  int (*open_directory)(sd_journal** made, const char* path, int flags);
  void (*close)(sd_journal* journal);
  int (*next)(sd_journal* journal);
  int (*previous)(sd_journal* journal);
  int (*seek_head)(sd_journal* journal);
  int (*seek_tail)(sd_journal* journal);
  int (*seek_cursor)(sd_journal* journal, const char* cursor);
  int (*test_cursor)(sd_journal* journal, const char* cursor);
  int (*get_cursor)(sd_journal* journal, char** cursor);  // to be freed with free(3)
  int (*get_realtime_usec)(sd_journal* journal, uint64_t* usec);
  int (*get_data)(sd_journal* journal, const char* field, const void** data, size_t* size);
  int (*set_data_threshold)(sd_journal* journal, size_t bytes);
  int (*enumerate_data)(sd_journal* journal, const void** data, size_t* size);
  void (*restart_data)(sd_journal* journal);
  int (*add_match)(sd_journal* journal, const void* data, size_t size);
  int (*add_disjunction)(sd_journal* journal);
  int (*add_conjunction)(sd_journal* journal);
  int (*get_fd)(sd_journal* journal);
  int (*process)(sd_journal* journal);

  // Constants of <systemd/sd-journal.h>.
  static constexpr int kLocalOnly = 1;  // SD_JOURNAL_LOCAL_ONLY
};

// Loads `library` once; the Error says what is missing and how to get it.
Result<JournalApi> load_journal_api(const char* library = "libsystemd.so.0");

}  // namespace waybill::inputs::journald
