// SPDX-License-Identifier: Apache-2.0
#include "contract/differ.h"

namespace waybill::contract {

namespace {

// Keywords that hold values to nothing by themselves.
bool only_names(Keyword keyword) {
  switch (keyword) {
    case Keyword::kSchema:
    case Keyword::kId:
    case Keyword::kAnchor:
    case Keyword::kDynamicAnchor:
    case Keyword::kDefs:
    case Keyword::kDefinitions: return true;
    default: return false;
  }
}

}  // namespace

bool DiffSide::View::only_refers() const {
  for (size_t i = 0; i < kKeywords; ++i) {
    auto keyword = static_cast<Keyword>(i);
    if (keywords[i] != nullptr && keyword != Keyword::kRef && !only_names(keyword)) return false;
  }
  return at(Keyword::kRef) != nullptr;
}

Result<void> DiffSide::read(std::string text, const std::string& name, const std::string& uri,
                            const std::string& folder) {
  auto document = Document::parse(std::move(text), name);
  if (!document) return std::move(document).error();
  document_ = document->get();
  auto root = registry_.add_root(std::move(*document), uri, folder);
  if (!root) return std::move(root).error();
  root_ = *root;
  // Whatever it refers to belongs to it. The list grows while this goes on.
  for (size_t i = 0; i < registry_.schemas().size(); ++i) {
    View seen = view(registry_.schemas()[i]);
    for (Keyword keyword : {Keyword::kRef, Keyword::kDynamicRef}) {
      if (const Node* reference = seen.at(keyword)) (void)target(*reference);
    }
  }
  return {};
}

DiffSide::View DiffSide::view(const Node* schema) const {
  View view;
  if (schema == nullptr || !schema->is(JsonType::kObject)) return view;
  const Dialect& dialect = registry_.resource_of(*schema).dialect;
  for (const Node* member = schema->first; member != nullptr; member = member->next) {
    auto keyword = keyword_of(member->key, dialect);
    if (keyword) view.keywords[static_cast<size_t>(*keyword)] = member;
  }
  // What stands beside it has no meaning in draft-07.
  if (const Node* ref = view.at(Keyword::kRef); ref != nullptr && dialect.draft == Draft::k07) {
    view = View{};
    view.keywords[static_cast<size_t>(Keyword::kRef)] = ref;
  }
  return view;
}

const Node* DiffSide::target(const Node& reference) {
  auto found = registry_.resolve(registry_.resource_of(reference), reference);
  return found ? found->node : nullptr;
}

bool DiffSide::asserts_formats(const Node& node) const {
  return options_.assert_formats || registry_.resource_of(node).dialect.asserts_formats;
}

std::string_view DiffSide::text_of(const Node& node) const {
  const Document& document = *registry_.resource_of(node).document;
  return document.text().substr(node.begin, node.end - node.begin);
}

bool DiffSide::alone() const {
  for (size_t i = 0; i < registry_.resources(); ++i) {
    const Resource& resource = registry_.resource(i);
    bool builtin = !meta_schema(resource.document->name()).empty();
    if (resource.document != document_ && !builtin) return false;
  }
  return true;
}

bool DiffSide::uses_unevaluated() const {
  for (const Node* schema : registry_.schemas()) {
    View seen = view(schema);
    if (seen.at(Keyword::kUnevaluatedItems) != nullptr ||
        seen.at(Keyword::kUnevaluatedProperties) != nullptr) {
      return true;
    }
  }
  return false;
}

Change DiffSide::place(const Node& node) const {
  const Document& document = *registry_.resource_of(node).document;
  Change change;
  change.in_old = is_old_;
  change.file = document.name();
  change.position = document.position(node.begin);
  change.pointer = Document::pointer_of(node);
  return change;
}

}  // namespace waybill::contract
