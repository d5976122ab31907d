// SPDX-License-Identifier: Apache-2.0
// Document: YAML text as a checked tree of nodes. Inside config/ only.
//
// The strict subset: one document, UTF-8, no duplicate or merge keys, no anchors, aliases or tags,
// at most 1 MiB and 32 levels. yaml-cpp and its exceptions end in document.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "config/expansion.h"
#include "config/node.h"

namespace waybill::config {

constexpr size_t kMaxDocumentBytes = 1024 * 1024;
constexpr size_t kMaxDepth = 32;

struct Document {
  std::string file;
  Node root;  // a mapping, empty for an empty text
};

struct DocumentSource {
  std::string file;  // as it stands in faults
  std::string_view text;
  bool has_positions = true;  // false: the text is not a file's, faults have no place
  const Environment* environment = nullptr;  // null: nothing expands, `$$` stays as it is
  // What to write, where there is no mapping.
  std::string_view wanted =
      "a config is a mapping of keys to values (write for example "
      "'service: {name: checkout}')";
};

// Null when nothing can be read (not text, no mapping, a syntax error); every fault found up to
// there is reported. Other faults leave the faulty value out and the rest usable.
std::shared_ptr<const Document> load_document(const DocumentSource& source,
                                              Diagnostics& diagnostics);

}  // namespace waybill::config
