// SPDX-License-Identifier: Apache-2.0
// What the commands that judge by a schema have in common.
#pragma once

#include "contract/compile.h"
#include "daemon/cli.h"

namespace waybill::daemon::commands {

// The options that the command line has for compiling. False: some --map is wrong, and that was
// said.
bool compile_options(const CommandLine& line, contract::CompileOptions& options);

}  // namespace waybill::daemon::commands
