// SPDX-License-Identifier: Apache-2.0
// WAYBILL_CHECK(condition, why): ends the process when one of our own invariants is broken.
//
// Never for outside input: what a user, a file or a backend says is answered with a Result or a
// counter. A broken invariant means that going on could lose or alter a record, so we stop.
#pragma once

namespace waybill {

[[noreturn]] void check_failed(const char* condition, const char* why, const char* file, int line);

}  // namespace waybill

#define WAYBILL_CHECK(condition, why)     \
  (static_cast<bool>(condition) ? void(0) \
                                : ::waybill::check_failed(#condition, why, __FILE__, __LINE__))
