// SPDX-License-Identifier: Apache-2.0
#include "config/root.h"

#include <utility>

#include "config/document.h"
#include "config/expansion.h"
#include "config/section_impl.h"

namespace waybill::config {

std::optional<Section> root_of(const std::string& file, const std::string& text,
                               Diagnostics& diagnostics) {
  const Environment environment = process_environment();
  DocumentSource source{file, text, true, &environment};
  std::shared_ptr<const Document> document = load_document(source, diagnostics);
  if (document == nullptr) return std::nullopt;
  return root_section(std::move(document), diagnostics);
}

}  // namespace waybill::config
