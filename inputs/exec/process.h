// SPDX-License-Identifier: Apache-2.0
// The process that a child is, by OpenTelemetry's names.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace waybill::inputs::exec {

// process.pid, process.parent_pid, process.executable.name and .path, process.command (`command`:
// what it was called by) and process.owner of the running `pid`, a child of ours. The command line
// is left out: arguments are where people put passwords. The executable of one that has ended by
// now is the one that its name leads to.
std::vector<std::pair<std::string, std::string>> process_attributes(pid_t pid,
                                                                    const std::string& command);

}  // namespace waybill::inputs::exec
