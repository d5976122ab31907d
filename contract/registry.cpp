// SPDX-License-Identifier: Apache-2.0
#include "contract/registry.h"

#include <fmt/format.h>

#include "contract/uri.h"
#include "core/percent.h"

namespace waybill::contract {

namespace {

const Node* string_member(const Node& node, std::string_view name) {
  const Node* member = node.member(name);
  return member != nullptr && member->is(JsonType::kString) ? member : nullptr;
}

// The URI that `$schema` names; the fragment, which is empty, makes no difference.
std::string_view meta_uri(const Node& keyword) {
  std::string_view uri = keyword.text;
  while (uri.ends_with('#')) uri.remove_suffix(1);
  return uri;
}

// A meta-schema of somebody's own that is written in the language that it describes.
bool describes_itself(const Node& root, const Node& keyword, const Resource& resource) {
  if (!keyword.is(JsonType::kString) || !meta_schema(meta_uri(keyword)).empty()) return false;
  const Node* id = string_member(root, "$id");
  std::string own = resource.uri;
  if (id != nullptr) own = resolve_uri(resource.uri, split_uri(id->text).document);
  return own == meta_uri(keyword);
}

bool is_plain_name(std::string_view name) {
  if (name.empty()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c & 0x80) != 0;
    bool more = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!letter && (i == 0 || !more)) return false;
  }
  return true;
}

// What $vocabulary of a meta-schema says, or nothing where it has none.
struct Vocabularies {
  uint8_t known = vocabulary::kCore;
  bool asserts_formats = false;
  std::string_view missing;  // required, and unknown to us
};

Vocabularies vocabularies_of(const Node& list) {
  constexpr std::string_view kBase = "https://json-schema.org/draft/2020-12/vocab/";
  constexpr std::pair<std::string_view, uint8_t> kKnown[] = {
      {"core", vocabulary::kCore},
      {"applicator", vocabulary::kApplicator},
      {"unevaluated", vocabulary::kUnevaluated},
      {"validation", vocabulary::kValidation},
      {"format-annotation", vocabulary::kFormat},
      {"format-assertion", vocabulary::kFormat},
      {"meta-data", 0},
      {"content", 0},
  };
  Vocabularies all;
  for (const Node* one = list.first; one != nullptr; one = one->next) {
    bool found = false;
    for (const auto& [name, bit] : kKnown) {
      if (!one->key.starts_with(kBase) || one->key.substr(kBase.size()) != name) continue;
      found = true;
      all.known |= bit;
      all.asserts_formats |= name == "format-assertion";
    }
    if (!found && one->is(JsonType::kTrue)) all.missing = one->key;
  }
  return all;
}

}  // namespace

Result<const Resource*> Registry::add_root(std::unique_ptr<Document> document, std::string uri,
                                           const std::string& folder) {
  if (const Node* id = string_member(document->root(), "$id"); id != nullptr && !folder.empty()) {
    std::string_view base = split_uri(id->text).document;
    size_t slash = base.rfind('/');
    // Not the slashes of "https://".
    bool path = slash != base.npos && slash > base.find("://") + 2;
    if (is_absolute_uri(base) && path) {
      sources_.add_beside({std::string(base.substr(0, slash)), folder});
    }
  }
  return add(std::move(document), uri, Dialect{});
}

Result<const Resource*> Registry::add(std::unique_ptr<Document> document, const std::string& uri,
                                      Dialect dialect) {
  const Document& kept = *documents_.emplace_back(std::move(document));
  bool silent = kept.root().member("$schema") == nullptr;
  if (silent && !dialect.said && guessed_draft(kept.root(), dialect.draft) != dialect.draft) {
    dialect = Dialect{Draft::k07};
  }
  Resource* root = make(uri, &kept, kept.root(), dialect);
  if (auto done = scan(kept.root(), root, true); !done) return std::move(done).error();
  return by_uri_.at(uri);
}

Resource* Registry::make(std::string uri, const Document* document, const Node& root,
                         Dialect dialect) {
  auto& made = all_.emplace_back(std::make_unique<Resource>());
  made->uri = std::move(uri);
  made->document = document;
  made->root = &root;
  made->dialect = dialect;
  made->index = static_cast<uint32_t>(all_.size() - 1);
  by_uri_.emplace(made->uri, made.get());
  by_root_[&root] = made.get();
  return made.get();
}

const Resource& Registry::resource_of(const Node& node) const {
  for (const Node* at = &node;; at = at->parent) {
    auto found = by_root_.find(at);
    if (found != by_root_.end()) return *found->second;
  }
}

Result<void> Registry::scan(const Node& node, Resource* current, bool is_root) {
  if (!node.is(JsonType::kObject)) {
    schemas_.push_back(&node);
    return {};
  }
  auto entered = enter(node, current, is_root);
  if (!entered) return std::move(entered).error();
  current = *entered;
  schemas_.push_back(&node);
  for (const Node* member = node.first; member != nullptr; member = member->next) {
    auto keyword = keyword_of(member->key, current->dialect);
    if (!keyword) continue;
    if (auto done = scan_inside(*member, keyword_holds(*keyword), current); !done) return done;
  }
  return {};
}

Result<void> Registry::scan_inside(const Node& value, Holds holds, Resource* current) {
  bool object = value.is(JsonType::kObject);
  bool list = value.is(JsonType::kArray);
  switch (holds) {
    case Holds::kNothing: return {};
    case Holds::kSchema:
      return object || value.is_boolean() ? scan(value, current, false) : Result<void>();
    case Holds::kList:
      if (!list) return {};
      break;
    case Holds::kMap:
    case Holds::kDependencies:
      if (!object) return {};
      break;
    case Holds::kItems:
      if (!list) return object || value.is_boolean() ? scan(value, current, false) : Result<void>();
      break;
  }
  for (const Node* inner = value.first; inner != nullptr; inner = inner->next) {
    if (!inner->is(JsonType::kObject) && !inner->is_boolean()) continue;
    if (auto done = scan(*inner, current, false); !done) return done;
  }
  return {};
}

// What `$schema`, `$id` and anchors of a schema make of it.
Result<Resource*> Registry::enter(const Node& node, Resource* current, bool is_root) {
  const Document& document = *current->document;
  const Node* id = node.member("$id");
  const Node* draft = node.member("$schema");
  Dialect dialect = current->dialect;
  if (draft != nullptr && (is_root || id != nullptr)) {
    bool itself = is_root && describes_itself(node, *draft, *current);
    auto found = itself ? dialect_by(node, guessed_draft(node, Draft::k2020), *draft, document)
                        : dialect_of(*draft, document);
    if (!found) return std::move(found).error();
    dialect = *found;
    dialect.said = true;
    if (is_root) current->dialect = dialect;
  }
  bool old = dialect.draft == Draft::k07;
  if (old && node.member("$ref") != nullptr) return current;  // which ignores what is beside it
  if (id != nullptr) {
    if (!id->is(JsonType::kString)) return document.error(*id, "$id must be a string");
    SplitUri parts = split_uri(id->text);
    bool fragment = parts.fragment && !parts.fragment->empty();
    if (fragment && !old) {
      return document.error(*id, "$id must have no fragment: name this place with $anchor");
    }
    if (!parts.document.empty()) {
      auto done = name(*id, resolve_uri(current->uri, parts.document), current, is_root, dialect);
      if (!done) return std::move(done).error();
    }
    if (fragment) {
      auto done = anchor(*current, *id, *parts.fragment, false);
      if (!done) return std::move(done).error();
    }
  }
  if (old) return current;
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    const Node* name = node.member(keyword);
    if (name == nullptr) continue;
    if (!name->is(JsonType::kString)) {
      return document.error(*name, fmt::format("{} must be a string", keyword));
    }
    auto done = anchor(*current, *name, name->text, keyword[1] == 'd');
    if (!done) return std::move(done).error();
  }
  return current;
}

// Gives the schema the URI of its `$id`, which makes it a resource of its own.
Result<void> Registry::name(const Node& id, std::string uri, Resource*& current, bool is_root,
                            const Dialect& dialect) {
  const Document& document = *current->document;
  const Resource* other = known(uri);
  if (other != nullptr && other != current) {
    const Document& there = *other->document;
    if (&there == &document) {
      return document.error(id,
                            fmt::format("$id {} is given twice: name one of them otherwise", uri));
    }
    // The same file may have been read by two names.
    if (there.text() != document.text()) {
      return document.error(id, fmt::format("$id {} is that of {} as well: name one of them "
                                            "otherwise",
                                            uri, there.name()));
    }
  }
  if (!is_root) {
    current = make(std::move(uri), &document, *id.parent, dialect);
    return {};
  }
  current->uri = uri;
  by_uri_.emplace(std::move(uri), current);
  return {};
}

Result<void> Registry::anchor(Resource& resource, const Node& name, std::string_view text,
                              bool dynamic) {
  const Document& document = *resource.document;
  if (!is_plain_name(text)) {
    return document.error(name, fmt::format("\"{}\" is no name of an anchor: a letter or _, then "
                                            "letters, digits, - _ .",
                                            text));
  }
  const Node* schema = name.parent;
  auto [at, fresh] = resource.anchors.emplace(text, schema);
  if (!fresh && at->second != schema) {
    Position other = document.position(at->second->begin);
    return document.error(name, fmt::format("the anchor \"{}\" is there already, at line {}: name "
                                            "one of them otherwise",
                                            text, other.line));
  }
  if (dynamic) resource.dynamic_anchors.emplace(text, schema);
  return {};
}

Result<Dialect> Registry::dialect_of(const Node& keyword, const Document& document) {
  if (!keyword.is(JsonType::kString)) return document.error(keyword, "$schema must be a string");
  std::string_view uri = meta_uri(keyword);
  std::string_view place = uri.substr(std::min(uri.find("://"), uri.size()));
  if (place == "://json-schema.org/draft-07/schema") return Dialect{Draft::k07};
  if (place == "://json-schema.org/draft/2020-12/schema") return Dialect{};
  if (place.starts_with("://json-schema.org/")) {
    return document.error(keyword, fmt::format("the draft {} is not supported: write the schema "
                                               "for 2020-12 or draft-07",
                                               uri));
  }
  std::string name(uri);
  if (!is_absolute_uri(uri)) {
    return document.error(keyword, fmt::format("\"{}\" is no draft that is known: 2020-12 and "
                                               "draft-07 are",
                                               uri));
  }
  if (!dialects_under_way_.insert(name).second) {
    return document.error(keyword, fmt::format("the meta-schema {} is described by others that it "
                                               "describes: let one of them be written in 2020-12 "
                                               "or draft-07",
                                               uri));
  }
  auto meta = at(name, Dialect{}, keyword);
  dialects_under_way_.erase(name);
  if (!meta) return std::move(meta).error();
  return dialect_by(*(*meta)->root, (*meta)->dialect.draft, keyword, document);
}

// The dialect that a meta-schema describes, which is one of that draft itself.
Result<Dialect> Registry::dialect_by(const Node& meta, Draft draft, const Node& keyword,
                                     const Document& document) {
  const Node* list = meta.member("$vocabulary");
  if (list == nullptr || draft == Draft::k07) return Dialect{draft};
  Vocabularies found = vocabularies_of(*list);
  if (!found.missing.empty()) {
    return document.error(keyword, fmt::format("the meta-schema {} wants the vocabulary {}, which "
                                               "is not known here",
                                               meta_uri(keyword), found.missing));
  }
  return Dialect{Draft::k2020, found.known, found.asserts_formats};
}

Result<const Resource*> Registry::at(const std::string& uri, Dialect dialect, const Node& asking) {
  auto known = by_uri_.find(uri);
  if (known != by_uri_.end()) return known->second;
  auto found = sources_.find(uri);
  if (!found) {
    return error(asking, fmt::format("\"{}\" leads nowhere: {}", asking.text, found.error().what));
  }
  auto document = Document::parse(std::move(found->text), std::move(found->name));
  if (!document) {
    return error(asking,
                 fmt::format("\"{}\" cannot be read: {}", asking.text, document.error().what));
  }
  return add(std::move(*document), uri, dialect);
}

Result<Registry::Target> Registry::resolve(const Resource& from, const Node& reference) {
  std::string uri = resolve_uri(from.uri, reference.text);
  SplitUri parts = split_uri(uri);
  auto resource = at(std::string(parts.document), from.dialect, reference);
  if (!resource) return std::move(resource).error();
  Target target{(*resource)->root, *resource, {}};
  auto fragment = percent_decoded(parts.fragment.value_or(""));
  if (!fragment) {
    return error(reference, fmt::format("\"{}\" has a percent sign without two hex digits: write "
                                        "%25",
                                        reference.text));
  }
  if (fragment->empty()) return target;
  if (fragment->front() == '/') {
    target.node = Document::find(*target.node, *fragment);
  } else {
    auto found = target.resource->anchors.find(*fragment);
    target.node = found != target.resource->anchors.end() ? found->second : nullptr;
    target.anchor = *fragment;
  }
  if (target.node == nullptr) {
    return error(reference, fmt::format("\"{}\" leads nowhere: {} has no #{}", reference.text,
                                        (*resource)->document->name(), *fragment));
  }
  return target;
}

}  // namespace waybill::contract
