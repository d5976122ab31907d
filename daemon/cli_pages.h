// SPDX-License-Identifier: Apache-2.0
// What is written from the command line's own description: completions for shells, and the man
// page.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace waybill::daemon {

// A script for `shell`: bash, zsh or fish.
std::string completion_script(const CLI::App& app, std::string_view shell);

// waybill(1), in man(7)'s macros.
std::string man_page(const CLI::App& app);

}  // namespace waybill::daemon
