// SPDX-License-Identifier: Apache-2.0
// Reading the logs that a command line names.
#pragma once

#include <cstdint>
#include <functional>

#include "daemon/cli.h"
#include "daemon/log_reader.h"

namespace waybill::daemon::commands {

struct LogsRead {
  bool begun = false;  // false: nothing was read, and why was said
  uint64_t lines = 0;
  uint64_t records = 0;
};

// Calls `visit` with every event of every file, and the file's number. False: not all could be
// read, and which was said on stderr. What cannot be opened is found before anything is read.
bool read_logs(const CommandLine& line, LogsRead& read,
               const std::function<void(const LogRecord&, uint32_t file)>& visit);

}  // namespace waybill::daemon::commands
