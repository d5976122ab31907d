// SPDX-License-Identifier: Apache-2.0
#include "config/flow_text.h"

#include <fmt/format.h>

#include "config/scalars.h"
#include "core/json_text.h"

namespace waybill::config {

namespace {

void append(std::string& out, const Node& node);

void append_scalar(std::string& out, const Node& node) {
  bool is_text = node.quoted && !node.expanded;
  if (!is_text && (looks_like_number(node.text) || looks_like_boolean(node.text))) {
    out += node.text;
  } else {
    out += yaml_quoted(node.text);
  }
}

void append_mapping(std::string& out, const Node& node) {
  out.push_back('{');
  for (const Entry& entry : node.entries) {
    if (&entry != &node.entries.front()) out += ", ";
    out += json_string(entry.key) + ": ";
    append(out, entry.value);
  }
  out.push_back('}');
}

void append_list(std::string& out, const Node& node) {
  out.push_back('[');
  for (const Node& item : node.items) {
    if (&item != &node.items.front()) out += ", ";
    append(out, item);
  }
  out.push_back(']');
}

void append(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::kScalar: return append_scalar(out, node);
    case NodeKind::kMapping: return append_mapping(out, node);
    case NodeKind::kList: return append_list(out, node);
    case NodeKind::kEmpty:
    case NodeKind::kNull:
    case NodeKind::kRefused: out += "~";
  }
}

}  // namespace

std::string yaml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '$') {
      quoted += "$$";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string flow_text(const Node& node) {
  std::string out;
  append(out, node);
  return out;
}

}  // namespace waybill::config
