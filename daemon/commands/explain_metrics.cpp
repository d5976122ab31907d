// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/explain_metrics.h"

#include <fmt/format.h>

#include "metrics/family.h"
#include "outputs/printable.h"

namespace waybill::daemon::commands {

namespace {

std::string labels_of(const metrics::Snapshot& now) {
  std::string labels;
  const std::vector<std::string>& values = now.rows.front().values;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", now.definition->labels[i].name,
                          outputs::printable(values[i]));
  }
  return labels.empty() ? "" : "{" + labels + "}";
}

}  // namespace

std::vector<std::string> explain_metrics(const metrics::Definitions& definitions,
                                         const Batch& batch, const Record& record,
                                         const Identity& identity) {
  std::vector<std::string> lines;
  for (const auto& definition : definitions) {
    auto room = std::make_shared<metrics::SeriesBudget>();
    room->set_limit(1);
    metrics::Family family(definition, room);
    family.count(batch, {&record, 1}, identity);
    metrics::Snapshot now = family.snapshot();
    std::string name = definition->name + (definition->histogram ? "" : "_total");
    if (now.skipped > 0) {
      lines.push_back(fmt::format("{} takes nothing: {} is no number, or below 0", name,
                                  definition->value->text()));
    } else if (!now.rows.empty()) {
      lines.push_back(fmt::format("{}{} {} {:g}", name, labels_of(now),
                                  definition->histogram ? "observes" : "gets",
                                  now.rows.front().series.total));
    }
  }
  return lines;
}

}  // namespace waybill::daemon::commands
