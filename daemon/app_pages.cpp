// SPDX-License-Identifier: Apache-2.0
// What the admin server answers.
#include <fmt/format.h>

#include "daemon/admin/pages.h"
#include "daemon/app.h"

namespace waybill::daemon {

namespace {

// A batch takes milliseconds; a minute means that the thread hangs.
constexpr Duration kStuck = std::chrono::minutes(1);
constexpr const char* kJson = "application/json";

}  // namespace

std::optional<admin::Page> App::page(std::string_view path) {
  if (path == "/metrics") {
    return admin::Page{200, "text/plain; version=0.0.4; charset=utf-8",
                       admin::metrics_text(ledger_, budget_, reloads_)};
  }
  if (path == "/ledger") return admin::Page{200, kJson, admin::ledger_json(ledger_)};
  if (path == "/outputs") {
    std::map<std::string, std::string> targets;
    for (const auto& output : plan_.outputs) targets[output->name] = output->target;
    return admin::Page{200, kJson, admin::outputs_json(ledger_, targets)};
  }
  if (path == "/healthz") return health();
  if (path == "/readyz") return readiness();
  return std::nullopt;
}

// Only a thread of ours that hangs is unhealthy. A backend that refuses is not: to restart us
// would not mend it.
admin::Page App::health() const {
  Duration busy = pipeline_.busy_for();
  if (busy < kStuck) return {200, "text/plain; charset=utf-8", "ok\n"};
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(busy).count();
  return {503, "text/plain; charset=utf-8",
          fmt::format("the pipeline thread has been at one batch for {} s\n", seconds)};
}

admin::Page App::readiness() const {
  if (phase_ == Phase::kRunning) return {200, "text/plain; charset=utf-8", "ready\n"};
  return {503, "text/plain; charset=utf-8",
          phase_ == Phase::kStarting ? "starting: not all inputs are open yet\n"
                                     : "stopping: what was read is being delivered\n"};
}

}  // namespace waybill::daemon
