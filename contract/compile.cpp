// SPDX-License-Identifier: Apache-2.0
#include "contract/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "contract/compiler.h"
#include "contract/instance.h"
#include "contract/uri.h"
#include "contract/validator.h"

namespace waybill::contract {

namespace {

// Of a schema that is in no file: nothing can be beside it.
constexpr const char* kNoFile = "urn:waybill:schema";

struct Origin {
  std::string uri = kNoFile;
  std::string folder;
};

Origin origin_of(const std::string& path) {
  if (path.empty()) return {};
  std::error_code code;
  auto absolute = std::filesystem::absolute(path, code).lexically_normal();
  return {file_uri(absolute.string()), absolute.parent_path().string()};
}

Result<SharedProgram> compile_document(std::unique_ptr<Document> document, const Origin& origin,
                                       const CompileOptions& options) {
  Registry registry(options.mappings);
  auto root = registry.add_root(std::move(document), origin.uri, origin.folder);
  if (!root) return std::move(root).error();
  return Compiler(registry, options).run(**root);
}

// The meta-schema's words about a schema, with their places in it.
void hold_to_meta_schema(const Document& document, std::string_view uri,
                         std::vector<std::string>& faults) {
  std::string_view text = meta_schema(uri);
  auto program = compile_text(std::string(text), std::string(uri), "", {});
  WAYBILL_CHECK(program.has_value(), "a meta-schema that is built in does not compile");
  Instance instance;
  std::string why = instance.read(document.text());
  if (!why.empty()) return faults.push_back(document.name() + ": " + why);
  Validator validator;
  std::vector<Violation> violations;
  Verdict verdict = validator.explain(**program, instance.value(), instance.size(), violations);
  if (verdict == Verdict::kLimit) faults.push_back(document.name() + ": " + validator.limit());
  std::vector<std::pair<const Node*, const Violation*>> places;
  for (const Violation& violation : violations) {
    const Node* node = Document::find(document.root(), violation.path);
    places.emplace_back(node != nullptr ? node : &document.root(), &violation);
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first->begin < b.first->begin; });
  for (const auto& [node, violation] : places) {
    std::string fault = document.error(*node, violation->message).what;
    // Several parts of a meta-schema may say the same.
    if (std::find(faults.begin(), faults.end(), fault) == faults.end()) {
      faults.push_back(std::move(fault));
    }
  }
}

// "FILE:LINE:COLUMN" of a fault.
std::string_view place_of(std::string_view fault) { return fault.substr(0, fault.find(": ")); }

// What the compiler found, but for places that the meta-schema has a word about already: of a
// keyword's wrong value both complain.
void add_compile_faults(const std::vector<Error>& found, std::vector<std::string>& faults) {
  std::vector<std::string> known = faults;
  for (const Error& error : found) {
    bool said = std::any_of(known.begin(), known.end(), [&](const std::string& fault) {
      return place_of(fault) == place_of(error.what);
    });
    if (!said) faults.push_back(error.what);
  }
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

std::vector<std::string> check_schema(const std::string& path, const CompileOptions& options) {
  std::vector<std::string> faults;
  auto text = read_schema_file(path);
  if (!text) return {std::move(text).error().what};
  auto document = Document::parse(std::move(*text), path);
  if (!document) return {std::move(document).error().what};
  Registry registry(options.mappings);
  Origin origin = origin_of(path);
  const Document& kept = **document;
  auto root = registry.add_root(std::move(*document), origin.uri, origin.folder);
  if (!root) return {std::move(root).error().what};
  bool old = (*root)->dialect.draft == Draft::k07;
  hold_to_meta_schema(kept,
                      old ? "http://json-schema.org/draft-07/schema"
                          : "https://json-schema.org/draft/2020-12/schema",
                      faults);
  CompileOptions whole = options;
  whole.whole = true;
  Compiler compiler(registry, whole);
  (void)compiler.run(**root);
  add_compile_faults(compiler.faults(), faults);
  return faults;
}

}  // namespace waybill::contract
