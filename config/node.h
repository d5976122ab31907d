// SPDX-License-Identifier: Apache-2.0
// Node: a YAML value with its place and the way it was written. Inside config/ only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"

namespace waybill::config {

enum class NodeKind {
  kEmpty,  // nothing behind the key
  kNull,   // `~` or `null`
  kScalar,
  kList,
  kMapping,
  kRefused,  // faulty and reported already (an alias, an unset variable): not judged again
};

struct Entry;

struct Node {
  NodeKind kind = NodeKind::kEmpty;
  Position position;      // of a key's value: the key's
  std::string text;       // of a scalar, after expansion
  std::string written;    // of a scalar, before expansion: messages never show a variable's value
  bool quoted = false;    // or a block scalar: text, whatever it looks like
  bool expanded = false;  // a variable is in it: takes the type that the key wants
  std::vector<Node> items;
  std::vector<Entry> entries;  // in file order, keys unique

  const Entry* find(std::string_view key) const;  // null: not there, or this is no mapping
};

struct Entry {
  std::string key;
  Position position;  // of the key
  Node value;
};

inline const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

}  // namespace waybill::config
