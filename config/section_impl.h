// SPDX-License-Identifier: Apache-2.0
// What a Section holds. Inside config/ only.
#pragma once

#include <memory>
#include <string>

#include "config/document.h"
#include "config/section.h"

namespace waybill::config {

struct Section::Impl {
  std::shared_ptr<const Document> document;
  const Node* node;  // a mapping of the document, or an empty node
  std::string path;
  Position position;
  Diagnostics* diagnostics;
};

// The whole of a document, as a section without a name.
Section root_section(std::shared_ptr<const Document> document, Diagnostics& diagnostics);

}  // namespace waybill::config
