// SPDX-License-Identifier: Apache-2.0
#include "contract/compile.h"

#include "contract/check.h"
#include "contract/compiler.h"

namespace waybill::contract {

namespace {

Result<SharedProgram> compile_document(std::unique_ptr<Document> document, const Origin& origin,
                                       const CompileOptions& options) {
  Registry registry(options.mappings);
  auto root = registry.add_root(std::move(document), origin.uri, origin.folder);
  if (!root) return std::move(root).error();
  return Compiler(registry, options).run(**root);
}

}  // namespace

Result<SharedProgram> compile_text(std::string text, const std::string& name,
                                   const std::string& path, const CompileOptions& options) {
  auto document = Document::parse(std::move(text), name);
  if (!document) return std::move(document).error();
  return compile_document(std::move(*document), origin_of(path), options);
}

Result<SharedProgram> compile_file(const std::string& path, const CompileOptions& options) {
  auto text = read_schema_file(path);
  if (!text) return std::move(text).error();
  return compile_text(std::move(*text), path, path, options);
}

}  // namespace waybill::contract
