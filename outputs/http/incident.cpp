// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/incident.h"

#include <fmt/format.h>

namespace waybill::outputs::http {

std::optional<std::string> Incident::failed(SteadyTime now, bool misconfigured,
                                            const std::string& problem) {
  if (!since_) since_ = now;
  // A backend that fails now and then must not fill the log; but trouble of another kind, that
  // somebody has to act on, is said at once.
  bool worse = misconfigured && !misconfigured_;
  if (last_said_ && now - *last_said_ < kEvery && !worse) return std::nullopt;
  last_said_ = now;
  misconfigured_ = misconfigured;
  said_ = true;
  return problem + (misconfigured ? " (held: trying again every 30 s)" : " (retrying)");
}

std::optional<std::string> Incident::recovered(SteadyTime now) {
  if (!since_) return std::nullopt;
  double seconds = std::chrono::duration<double>(now - *since_).count();
  since_.reset();
  if (!said_) return std::nullopt;
  said_ = false;
  return fmt::format("delivering again after {:.{}f} s", seconds, seconds < 10 ? 1 : 0);
}

}  // namespace waybill::outputs::http
