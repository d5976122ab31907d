// SPDX-License-Identifier: Apache-2.0
#include "config/flow_text.h"

#include <fmt/format.h>

#include "config/scalars.h"

namespace waybill::config {

namespace {

void append(std::string& out, const Node& node);

void append_text(std::string& out, std::string_view text) {
  std::string doubled;
  for (char c : text) doubled.append(c == '$' ? 2 : 1, c);
  out += json_quoted(doubled);
}

void append_scalar(std::string& out, const Node& node) {
  bool is_text = node.quoted && !node.expanded;
  if (!is_text && (looks_like_number(node.text) || looks_like_boolean(node.text))) {
    out += node.text;
  } else {
    append_text(out, node.text);
  }
}

void append_mapping(std::string& out, const Node& node) {
  out.push_back('{');
  for (const Entry& entry : node.entries) {
    if (&entry != &node.entries.front()) out += ", ";
    out += json_quoted(entry.key) + ": ";
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

std::string flow_text(const Node& node) {
  std::string out;
  append(out, node);
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace waybill::config
