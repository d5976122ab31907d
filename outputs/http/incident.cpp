// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/incident.h"

#include <fmt/format.h>

namespace waybill::outputs::http {

std::optional<std::string> Incident::failed(SteadyTime now, bool misconfigured,
                                            const std::string& problem, bool elsewhere) {
  if (!since_) since_ = now;
  // A backend that fails now and then must not fill the log; but trouble of another kind, that
  // somebody has to act on, is said at once.
  bool worse = (misconfigured && !misconfigured_) || (elsewhere_ && !elsewhere);
  bool changed = misconfigured && problem != problem_;
  Duration every = changed ? every_change_ : kEvery;
  if (last_said_ && now - *last_said_ < every && !worse) return std::nullopt;
  last_said_ = now;
  problem_ = problem;
  misconfigured_ = misconfigured;
  elsewhere_ = elsewhere;
  said_ = true;
  if (elsewhere) return problem + " (trying the next endpoint)";
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
