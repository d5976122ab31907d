// SPDX-License-Identifier: Apache-2.0
// The daemon's own log, what it says of itself: spdlog::warn() and its like.
#pragma once

#include <spdlog/spdlog.h>

#include "core/format.h"
