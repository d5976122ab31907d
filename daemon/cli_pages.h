// SPDX-License-Identifier: Apache-2.0
// What is written from the command line's own description: completions for shells, the man page,
// and what is wrong with it.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace waybill::daemon {

// Of a command line that was read: the command that it names, the innermost; and what stands before
// the command's own name ("waybill schema").
const CLI::App& chosen(const CLI::App& app);
std::string path_before(const CLI::App& command);
// What was typed and is no part of it, in words.
std::string left_over(const CLI::App& app);

// A script for `shell`: bash, zsh or fish.
std::string completion_script(const CLI::App& app, std::string_view shell);

// waybill(1), in man(7)'s macros.
std::string man_page(const CLI::App& app);

}  // namespace waybill::daemon
