// SPDX-License-Identifier: Apache-2.0
#include "config/tree_builder.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>

#include <utility>

#include "config/document.h"
#include "config/scalars.h"

namespace waybill::config {

namespace {

// yaml-cpp reports nothing and null alike; where there is nothing its mark is at what follows.
bool spells_null(std::string_view source) {
  for (std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (source.substr(0, word.size()) != word) continue;
    if (source.size() == word.size()) return true;
    return std::string_view(" \t\n,]}").find(source[word.size()]) != std::string_view::npos;
  }
  return false;
}

// yaml-cpp 0.7 takes the rest of the file for a text whose closing quote is missing, if the file
// ends in a line end. `source` begins with the opening quote, or with no quote (block scalars).
bool is_closed(std::string_view source) {
  const char quote = source.empty() ? '\0' : source[0];
  if (quote != '"' && quote != '\'') return true;
  for (size_t i = 1; i < source.size(); ++i) {
    if (quote == '"' && source[i] == '\\') {
      ++i;
    } else if (source[i] == quote) {
      // A doubled single quote stands for one of them.
      if (quote == '"' || source.substr(i + 1, 1) != "'") return true;
      ++i;
    }
  }
  return false;
}

}  // namespace

TreeBuilder::TreeBuilder(Place place, Source source, Report report)
    : place_(std::move(place)), source_(std::move(source)), report_(std::move(report)) {}

Node TreeBuilder::take_root() { return std::move(root_); }

Position TreeBuilder::innermost_open() const {
  return open_.empty() ? Position() : open_.back().node.position;
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t) {
  if (too_deep_ > 0) return;
  Node node;
  node.position = place_(mark);
  if (spells_null(source_(mark))) {
    node.kind = NodeKind::kNull;
  } else if (!open_.empty() && open_.back().has_key) {
    node.position = open_.back().key_position;
  }
  add(std::move(node));
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  if (too_deep_ > 0) return;
  Node node;
  node.kind = NodeKind::kRefused;
  node.position = place_(mark);
  report_(node.position, "aliases ('*name') are not allowed here (write the value out)");
  add(std::move(node));
}

void TreeBuilder::OnAnchor(const YAML::Mark& mark, const std::string& name) {
  if (too_deep_ > 0) return;
  report_(place_(mark), fmt::format("anchors ({}) are not allowed here (remove it)",
                                    quoted_for_message("&" + name)));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                           const std::string& value) {
  const bool quoted = tag == "!";  // what yaml-cpp gives to quoted and block scalars
  if (quoted && !is_closed(source_(mark))) {
    throw YAML::ParserException(mark, YAML::ErrorMsg::EOF_IN_SCALAR);
  }
  if (too_deep_ > 0) return;
  Node node;
  node.kind = NodeKind::kScalar;
  node.position = place_(mark);
  node.text = value;
  node.written = value;
  node.quoted = quoted;
  if (tag != "!" && tag != "?" && !tag.empty()) {
    refuse_tag(node.position, tag);
    node.kind = NodeKind::kRefused;
  }
  if (value.find('\0') != std::string::npos) {
    report_(node.position, "a NUL character (\\0), which nothing here can take");
    node.kind = NodeKind::kRefused;
  }
  add(std::move(node));
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                                  YAML::EmitterStyle::value) {
  begin(NodeKind::kList, mark, tag);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                             YAML::EmitterStyle::value) {
  begin(NodeKind::kMapping, mark, tag);
}

void TreeBuilder::OnSequenceEnd() { end(); }
void TreeBuilder::OnMapEnd() { end(); }

void TreeBuilder::begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag) {
  if (too_deep_ > 0) {
    ++too_deep_;
    return;
  }
  const Position position = place_(mark);
  if (tag != "!" && tag != "?" && !tag.empty()) refuse_tag(position, tag);
  if (open_.size() == kMaxDepth) {
    report_(position, fmt::format("nested deeper than {} levels", kMaxDepth));
    Node node;
    node.kind = NodeKind::kRefused;
    node.position = position;
    add(std::move(node));
    too_deep_ = 1;
    return;
  }
  Open open;
  open.node.kind = kind;
  open.node.position = position;
  open_.push_back(std::move(open));
}

void TreeBuilder::end() {
  if (too_deep_ > 0) {
    --too_deep_;
    return;
  }
  Node node = std::move(open_.back().node);
  open_.pop_back();
  add(std::move(node));
}

void TreeBuilder::add(Node node) {
  if (too_deep_ > 0) return;
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& open = open_.back();
  if (open.node.kind == NodeKind::kList) {
    open.node.items.push_back(std::move(node));
  } else if (!open.has_key) {
    take_key(open, node);
  } else {
    if (open.keeps) {
      node.position = open.key_position;  // where faults of a value stand: editors show the key
      open.node.entries.push_back({std::move(open.key), open.key_position, std::move(node)});
    }
    open.has_key = false;
  }
}

void TreeBuilder::take_key(Open& open, const Node& node) {
  open.has_key = true;
  open.keeps = false;
  open.key_position = node.position;
  if (node.kind == NodeKind::kRefused) return;
  if (node.kind != NodeKind::kScalar) {
    report_(node.position, node.kind == NodeKind::kEmpty || node.kind == NodeKind::kNull
                               ? "a value without a key, or with null for a key"
                               : "a key must be a word, not a list or a mapping");
    return;
  }
  if (node.text == "<<" && !node.quoted) {
    report_(node.position, "merge keys ('<<') are not allowed here (write the keys out)");
    return;
  }
  if (node.text.empty()) {
    report_(node.position, "an empty key");
    return;
  }
  if (node.text.find("${") != std::string::npos) {
    report_(node.position, fmt::format("{}: variables expand in values only, not in keys",
                                       quoted_for_message(node.text)));
    return;
  }
  auto [first, is_new] = open.lines.emplace(node.text, node.position.line);
  if (!is_new) {
    std::string where = first->second == 0 ? "" : fmt::format(", first at line {}", first->second);
    report_(node.position, fmt::format("duplicate key {}{} (remove one of them)",
                                       quoted_for_message(node.text), where));
    return;
  }
  open.keeps = true;
  open.key = node.text;
}

void TreeBuilder::refuse_tag(Position position, const std::string& tag) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  std::string shown =
      tag.compare(0, kCore.size(), kCore) == 0 ? "!!" + tag.substr(kCore.size()) : tag;
  report_(position,
          fmt::format("tags ({}) are not allowed here (remove it)", quoted_for_message(shown)));
}

}  // namespace waybill::config
