// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/lint_report.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "contract/uri.h"
#include "core/utf8.h"
#include "daemon/commands/json_out.h"

namespace waybill::daemon::commands {

namespace {

using contract::Findings;

std::string share_of(uint64_t part, uint64_t all) {
  double percent = all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
  if (part > 0 && percent < 0.1) return "less than 0.1 %";
  // All but a few is not all.
  if (part < all && percent > 99.9) return "more than 99.9 %";
  return fmt::format("{:.1f} %", percent);
}

std::string counted(uint64_t count, const char* one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string shown_path(const std::string& path) {
  return path.empty() ? "(the whole)" : on_one_line(path);
}

std::string place_of(const LintReport& report, const Findings::Example& example) {
  const std::string& file = report.files[example.place.file];
  return fmt::format("{}:{}", file == "-" ? "stdin" : on_one_line(file), example.place.line);
}

// GitHub takes 255 characters of a rule's name.
std::string rule_id(const Findings::Kind& kind) {
  std::string id = kind.keyword + ":" + (kind.path.empty() ? "/" : on_one_line(kind.path));
  constexpr size_t kMost = 255;
  if (id.size() <= kMost) return id;
  uint64_t hash = XXH3_64bits(id.data(), id.size());
  return fmt::format("{}~{:016x}", whole_characters(id, kMost - 17), hash);
}

// Relative to where the tool ran, or absolute with a scheme.
std::string artifact_uri(const std::string& file) {
  if (file == "-") return "stdin";
  std::string uri = contract::file_uri(file);
  if (file.starts_with('/')) return uri;
  uri.erase(0, std::string_view("file://").size());
  return uri.starts_with("./") ? uri.substr(2) : uri;
}

}  // namespace

std::string lint_text(const LintReport& report) {
  const Findings& findings = report.findings;
  std::string out;
  for (const Findings::Kind* kind : findings.kinds()) {
    const Findings::Example& first = kind->examples.front();
    out += fmt::format("{} {}: {} of {} ({})\n", kind->keyword, shown_path(kind->path),
                       kind->records, counted(findings.records(), "record"),
                       share_of(kind->records, findings.records()));
    out += fmt::format("  {}: {}{}{}\n", place_of(report, first), on_one_line(first.pointer),
                       first.pointer.empty() ? "" : " ", on_one_line(first.message));
  }
  if (findings.others() > 0) {
    out += fmt::format("and {} of more than {} kinds\n", counted(findings.others(), "violation"),
                       Findings::kMostKinds);
  }
  if (!out.empty()) out += '\n';
  out +=
      fmt::format("{}, {}: ", counted(report.lines, "line"), counted(findings.records(), "record"));
  if (findings.violating() == 0) return out + "all are clean\n";
  return out + fmt::format("{} clean, {} in violation ({}), {} of violation\n", findings.clean(),
                           findings.violating(), share_of(findings.violating(), findings.records()),
                           counted(findings.kinds().size(), "kind"));
}

std::string lint_json(const LintReport& report) {
  const Findings& findings = report.findings;
  JsonOut out;
  out.open('{').key("schema").text(report.schema.empty() ? "builtin" : report.schema);
  out.key("on").text(report.on);
  out.key("files").open('[');
  for (const std::string& file : report.files) out.text(file);
  out.close(']');
  out.key("lines").number(report.lines).key("records").number(findings.records());
  out.key("clean").number(findings.clean());
  out.key("in_violation").number(findings.violating());
  out.key("violations").open('[');
  for (const Findings::Kind* kind : findings.kinds()) {
    const Findings::Example& first = kind->examples.front();
    double all = static_cast<double>(findings.records());
    out.open('{').key("keyword").text(kind->keyword).key("path").text(kind->path);
    out.key("count").number(kind->records);
    out.key("share").real(static_cast<double>(kind->records) / all);
    out.key("first").open('{');
    out.key("file").text(report.files[first.place.file]).key("line").number(first.place.line);
    out.key("pointer").text(first.pointer).key("message").text(first.message);
    out.close('}').close('}');
  }
  out.close(']').key("other_violations").number(findings.others()).close('}');
  return out.take();
}

std::string lint_sarif(const LintReport& report) {
  const Findings& findings = report.findings;
  std::vector<const Findings::Kind*> kinds = findings.kinds();
  if (kinds.size() > kMostSarifResults) kinds.resize(kMostSarifResults);
  JsonOut out;
  out.open('{').key("$schema").text("https://json.schemastore.org/sarif-2.1.0.json");
  out.key("version").text("2.1.0").key("runs").open('[').open('{');
  out.key("tool").open('{').key("driver").open('{').key("name").text("waybill");
  out.key("version").text(WAYBILL_VERSION).key("rules").open('[');
  for (const Findings::Kind* kind : kinds) {
    std::string about = fmt::format("{} {}", kind->keyword, shown_path(kind->path));
    std::string many = fmt::format("{} of {} break this ({})", kind->records,
                                   counted(findings.records(), "record"),
                                   share_of(kind->records, findings.records()));
    out.open('{').key("id").text(rule_id(*kind)).key("name").text(kind->keyword);
    out.key("shortDescription").open('{').key("text").text(about).close('}');
    out.key("fullDescription").open('{').key("text").text(about + ": " + many).close('}');
    out.key("defaultConfiguration").open('{').key("level").text("error").close('}');
    out.key("properties").open('{').key("records").number(kind->records).close('}').close('}');
  }
  out.close(']').close('}').close('}');
  out.key("results").open('[');
  uint64_t shown = 0;
  for (size_t rule = 0; rule < kinds.size(); ++rule) {
    std::string id = rule_id(*kinds[rule]);
    for (const Findings::Example& example : kinds[rule]->examples) {
      const std::string uri = artifact_uri(report.files[example.place.file]);
      std::string message =
          example.pointer.empty() ? example.message : example.pointer + ": " + example.message;
      std::string print = fmt::format("{}|{}|{}", id, uri, example.place.line);
      out.open('{').key("ruleId").text(id).key("ruleIndex").number(rule);
      out.key("level").text("error");
      out.key("message").open('{').key("text").text(message).close('}');
      out.key("locations").open('[').open('{').key("physicalLocation").open('{');
      out.key("artifactLocation").open('{').key("uri").text(uri).close('}');
      out.key("region").open('{').key("startLine").number(example.place.line).close('}');
      out.close('}').close('}').close(']');
      out.key("partialFingerprints").open('{').key("waybillViolation/v1");
      out.text(fmt::format("{:016x}", XXH3_64bits(print.data(), print.size())));
      out.close('}').close('}');
      ++shown;
    }
  }
  out.close(']');
  out.key("properties").open('{').key("lines").number(report.lines);
  out.key("records").number(findings.records()).key("clean").number(findings.clean());
  out.key("inViolation").number(findings.violating()).key("resultsShown").number(shown);
  uint64_t all = findings.others();
  for (const Findings::Kind* kind : findings.kinds()) all += kind->records;
  out.key("resultsNotShown").number(all - shown).close('}');
  out.close('}').close(']').close('}');
  return out.take();
}

}  // namespace waybill::daemon::commands
