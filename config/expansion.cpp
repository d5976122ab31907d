// SPDX-License-Identifier: Apache-2.0
#include "config/expansion.h"

#include <fmt/format.h>

#include <cstdlib>

#include "config/scalars.h"
#include "config/utf8.h"

namespace waybill::config {

namespace {

constexpr size_t npos = std::string_view::npos;

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789_") == npos;
}

Expansion faulty(std::string fault) { return {"", true, std::move(fault)}; }

std::string with_single_dollars(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    out.push_back(text[at]);
    if (text.substr(at, 2) == "$$") ++at;
  }
  return out;
}

// The value of what stands between "${" and "}".
Expansion value_of(std::string_view reference, const Environment& environment) {
  const size_t colon = reference.find(":-");
  const std::string name(reference.substr(0, colon));
  if (!is_name(name)) {
    return faulty(fmt::format(
        "{} is no variable (write ${{NAME}} or ${{NAME:-default}}, and $$ for a dollar sign)",
        quoted_for_message(fmt::format("${{{}}}", reference))));
  }
  std::optional<std::string> value = environment(name);
  if (colon != npos) {
    std::string_view fallback = reference.substr(colon + 2);
    if (fallback.find("${") != npos) {
      return faulty(
          fmt::format("the default of ${{{}}} holds another variable: they do not nest", name));
    }
    if (!value || value->empty()) return {with_single_dollars(fallback), true, ""};
  }
  if (!value) {
    return faulty(
        fmt::format("the variable {0} is not set (set it, or write ${{{0}:-default}})", name));
  }
  if (find_bad_utf8(*value) != npos) {
    return faulty(fmt::format("the value of the variable {} is not UTF-8 text", name));
  }
  return {std::move(*value), true, ""};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Expansion expand(std::string_view text, const Environment& environment) {
  Expansion out;
  size_t at = 0;
  while (at < text.size()) {
    size_t dollar = text.find('$', at);
    out.text.append(text.substr(at, dollar - at));
    if (dollar == npos) break;
    const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
    if (next != '{') {
      out.text.push_back('$');
      at = dollar + (next == '$' ? 2 : 1);
      continue;
    }
    size_t end = text.find('}', dollar);
    if (end == npos) {
      return faulty("a '${' without its '}' (write $$ for a dollar sign)");
    }
    Expansion value = value_of(text.substr(dollar + 2, end - dollar - 2), environment);
    if (!value.fault.empty()) return value;
    out.text += value.text;
    out.used_variable = true;
    at = end + 1;
  }
  return out;
}

void expand_tree(Node& node, const Environment& environment, const ReportFault& report,
                 const std::string& path) {
  if (node.kind == NodeKind::kScalar && node.text.find('$') != std::string::npos) {
    Expansion expansion = expand(node.text, environment);
    if (!expansion.fault.empty()) {
      report(node.position, fmt::format("{}: {}", path, expansion.fault));
      node.kind = NodeKind::kRefused;
      return;
    }
    node.text = std::move(expansion.text);
    node.expanded = expansion.used_variable;
  }
  for (Node& item : node.items) expand_tree(item, environment, report, path);
  for (Entry& entry : node.entries) {
    expand_tree(entry.value, environment, report,
                path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key));
  }
}

}  // namespace waybill::config
