// SPDX-License-Identifier: Apache-2.0
// What the admin server answers.
#include <fmt/format.h>

#include "daemon/admin/families.h"
#include "daemon/admin/pages.h"
#include "daemon/app.h"
#include "outputs/http/http_output.h"

namespace waybill::daemon {

namespace {

// A batch takes milliseconds; a minute means that the thread hangs.
constexpr Duration kStuck = std::chrono::minutes(1);
constexpr const char* kJson = "application/json";
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kOpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

admin::OutputFactsByName facts_of(const std::vector<std::shared_ptr<outputs::Output>>& outputs) {
  admin::OutputFactsByName facts;
  for (const auto& output : outputs) {
    const size_t spool = output->writes_to_stdout() ? 0 : output->spool.size;
    facts[output->name] = {output->target, spool, outputs::http::moved_fields(*output)};
  }
  return facts;
}

}  // namespace

std::optional<admin::Page> App::page(const admin::Request& request) {
  std::string_view path = request.path;
  if (path == "/metrics") {
    bool openmetrics = admin::wants_openmetrics(request.accept);
    return admin::Page{200, openmetrics ? kOpenMetrics : kMetricsText,
                       admin::metrics_page({ledger_, facts_of(plan_.outputs), redactions_, sampled_,
                                            budget_, reloads_, metrics_},
                                           openmetrics)};
  }
  if (path == "/ledger") return admin::Page{200, kJson, admin::ledger_json(ledger_, sampled_)};
  if (path == "/outputs") {
    return admin::Page{200, kJson, admin::outputs_json(ledger_, facts_of(plan_.outputs))};
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
