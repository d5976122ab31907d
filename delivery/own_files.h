// SPDX-License-Identifier: Apache-2.0
// Files of our own: opened so that a link which somebody has planted leads nowhere.
#pragma once

#include <string_view>

#include "core/result.h"
#include "delivery/state_dir.h"

namespace waybill::delivery {

// Opens a regular file of ours in `dir` with `flags` (and O_NOFOLLOW, O_CLOEXEC; mode 0600). An
// Error when it is a link, has another name besides, or belongs to somebody else.
Result<Fd> open_own_file(int dir, const char* name, int flags);

// All of `bytes` at `offset`. The Error's action is kRetry: a full disk may get room again.
Result<void> write_at(int fd, std::string_view bytes, size_t offset);

}  // namespace waybill::delivery
