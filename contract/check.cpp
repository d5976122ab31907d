// SPDX-License-Identifier: Apache-2.0
#include "contract/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "contract/compiler.h"
#include "contract/instance.h"
#include "contract/uri.h"
#include "contract/validator.h"

namespace waybill::contract {

namespace {

constexpr const char* kNoFile = "urn:waybill:schema";
constexpr std::string_view kOfDraft07 = "http://json-schema.org/draft-07/schema";
constexpr std::string_view kOf2020 = "https://json-schema.org/draft/2020-12/schema";

// What one meta-schema has its word about: a document, or a schema inside of it that names another
// one.
struct Part {
  const Node* node;
  std::string meta;  // URI
};

// The meta-schema that the resource names; empty: that of the schema around it.
std::string meta_of(const Resource& resource) {
  const Node* keyword = resource.root->member("$schema");
  std::string_view built_in = resource.dialect.draft == Draft::k07 ? kOfDraft07 : kOf2020;
  if (keyword == nullptr || !keyword->is(JsonType::kString)) {
    return resource.root->parent == nullptr ? std::string(built_in) : std::string();
  }
  std::string_view uri = keyword->text;
  while (uri.ends_with('#')) uri.remove_suffix(1);
  bool official = uri.find("://json-schema.org/") != uri.npos;
  return std::string(official ? built_in : uri);
}

// The text of a part, in which other parts are empty schemas: what is in them is not for its
// meta-schema. Positions stay.
std::string text_of(const Document& document, const Part& part, const std::vector<Part>& parts) {
  std::string text(document.text().substr(part.node->begin, part.node->end - part.node->begin));
  for (const Part& other : parts) {
    bool inside = other.node != part.node && other.node->begin >= part.node->begin &&
                  other.node->end <= part.node->end;
    if (!inside) continue;
    size_t at = other.node->begin - part.node->begin;
    size_t size = other.node->end - other.node->begin;
    text.replace(at, size, "{}" + std::string(size - 2, ' '));
  }
  return text;
}

class Checker {
 public:
  Checker(Registry& registry, const CompileOptions& options, const Document& document,
          std::vector<std::string>& faults)
      : registry_(registry), options_(options), document_(document), faults_(faults) {}

  void run() {
    std::vector<Part> parts;
    for (size_t i = 0; i < registry_.resources(); ++i) {
      const Resource& resource = registry_.resource(i);
      if (resource.document != &document_) continue;
      std::string meta = meta_of(resource);
      if (!meta.empty()) parts.push_back({resource.root, std::move(meta)});
    }
    for (const Part& part : parts) hold(part, text_of(document_, part, parts));
  }

 private:
  SharedProgram program_of(const std::string& meta) {
    std::string_view text = meta_schema(meta);
    if (!text.empty()) {
      auto program = compile_text(std::string(text), meta, "", {});
      WAYBILL_CHECK(program.has_value(), "a meta-schema that is built in does not compile");
      return *program;
    }
    const Resource* known = registry_.known(meta);
    if (known == nullptr) return nullptr;  // of draft-07, beside a `$ref`: nobody looked at it
    auto program = Compiler(registry_, options_).run(*known);
    if (program) return *program;
    faults_.push_back(program.error().what);
    return nullptr;
  }

  // The meta-schema's words about a part, with their places in the document.
  void hold(const Part& part, const std::string& text) {
    SharedProgram program = program_of(part.meta);
    if (program == nullptr) return;
    Instance instance;
    std::string why = instance.read(text);
    if (!why.empty()) return faults_.push_back(document_.name() + ": " + why);
    Validator validator;
    std::vector<Violation> violations;
    Verdict verdict = validator.explain(*program, instance.value(), instance.size(), violations);
    if (verdict == Verdict::kLimit) {
      return faults_.push_back(document_.name() + ": " + validator.limit());
    }
    std::vector<std::pair<const Node*, const Violation*>> places;
    for (const Violation& violation : violations) {
      const Node* node = Document::find(*part.node, violation.path);
      places.emplace_back(node != nullptr ? node : part.node, &violation);
    }
    std::stable_sort(places.begin(), places.end(),
                     [](const auto& a, const auto& b) { return a.first->begin < b.first->begin; });
    for (const auto& [node, violation] : places) {
      std::string fault = document_.error(*node, violation->message).what;
      // Several parts of a meta-schema may say the same.
      if (std::find(faults_.begin(), faults_.end(), fault) == faults_.end()) {
        faults_.push_back(std::move(fault));
      }
    }
  }

  Registry& registry_;
  const CompileOptions& options_;
  const Document& document_;
  std::vector<std::string>& faults_;
};

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

Origin origin_of(const std::string& path) {
  if (path.empty()) return {kNoFile, ""};
  std::error_code code;
  auto absolute = std::filesystem::absolute(path, code).lexically_normal();
  return {file_uri(absolute.string()), absolute.parent_path().string()};
}

std::vector<std::string> check_text(std::string text, const std::string& path,
                                    const CompileOptions& options) {
  auto document = Document::parse(std::move(text), path);
  if (!document) return {std::move(document).error().what};
  Registry registry(options.mappings);
  Origin origin = origin_of(path);
  const Document& kept = **document;
  auto root = registry.add_root(std::move(*document), origin.uri, origin.folder);
  if (!root) return {std::move(root).error().what};
  std::vector<std::string> faults;
  Checker(registry, options, kept, faults).run();
  CompileOptions whole = options;
  whole.whole = true;
  Compiler compiler(registry, whole);
  (void)compiler.run(**root);
  add_compile_faults(compiler.faults(), faults);
  return faults;
}

std::vector<std::string> check_schema(const std::string& path, const CompileOptions& options) {
  auto text = read_schema_file(path);
  if (!text) return {std::move(text).error().what};
  return check_text(std::move(*text), path, options);
}

}  // namespace waybill::contract
