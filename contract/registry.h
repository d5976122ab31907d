// SPDX-License-Identifier: Apache-2.0
// Registry: the documents that a schema consists of, and what in them has a name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "contract/document.h"
#include "contract/keywords.h"
#include "contract/sources.h"

namespace waybill::contract {

// A schema with an absolute URI of its own, within its document: what `$id` makes.
struct Resource {
  std::string uri;  // without fragment
  const Document* document = nullptr;
  const Node* root = nullptr;
  Dialect dialect;
  uint32_t index = 0;                                         // in the order of their appearance
  std::unordered_map<std::string_view, const Node*> anchors;  // dynamic ones as well
  std::unordered_map<std::string_view, const Node*> dynamic_anchors;
};

class Registry {
 public:
  // Where a reference leads to.
  struct Target {
    const Node* node = nullptr;
    const Resource* resource = nullptr;  // that the URI named
    std::string anchor;                  // by which it was found; empty: by pointer or as a whole
  };

  explicit Registry(std::vector<Mapping> mappings) : sources_(std::move(mappings)) {}

  // Adds the document that everything begins with; `uri` is where it was found. `folder`: of its
  // file; empty: it has none. Errors: unknown drafts, wrong or double names; with their places.
  Result<const Resource*> add_root(std::unique_ptr<Document> document, std::string uri,
                                   const std::string& folder);
  // Follows a $ref or $dynamicRef that stands in `from`, and reads the document that it is in.
  Result<Target> resolve(const Resource& from, const Node& reference);

  // The resource at an absolute URI, if it was read; null: it was not.
  const Resource* known(const std::string& uri) const {
    auto found = by_uri_.find(uri);
    return found != by_uri_.end() ? found->second : nullptr;
  }
  // The resource that a node belongs to.
  const Resource& resource_of(const Node& node) const;
  size_t resources() const { return all_.size(); }
  const Resource& resource(size_t index) const { return *all_[index]; }
  // Every place of the resource's document where a schema stands by the meaning of its keyword.
  const std::vector<const Node*>& schemas() const { return schemas_; }

  Error error(const Node& node, std::string_view what) const {
    return resource_of(node).document->error(node, what);
  }

 private:
  Result<const Resource*> add(std::unique_ptr<Document> document, const std::string& uri,
                              Dialect dialect);
  // The resource at an absolute URI, read if need be. `asking`: for errors.
  Result<const Resource*> at(const std::string& uri, Dialect dialect, const Node& asking);
  Result<void> scan(const Node& node, Resource* current, bool is_root);
  Result<void> scan_inside(const Node& value, Holds holds, Resource* current);
  Result<Resource*> enter(const Node& node, Resource* current, bool is_root);
  Result<void> anchor(Resource& resource, const Node& name, std::string_view text, bool dynamic);
  Result<void> name(const Node& id, std::string uri, Resource*& current, bool is_root,
                    const Dialect& dialect);
  Result<Dialect> dialect_of(const Node& schema_keyword, const Document& document);
  Result<Dialect> dialect_by(const Node& meta, Draft draft, const Node& schema_keyword,
                             const Document& document);
  Resource* make(std::string uri, const Document* document, const Node& root, Dialect dialect);

  Sources sources_;
  std::vector<std::unique_ptr<Document>> documents_;
  std::vector<std::unique_ptr<Resource>> all_;
  std::unordered_map<std::string, Resource*> by_uri_;
  std::unordered_map<const Node*, Resource*> by_root_;
  std::unordered_set<std::string> dialects_under_way_;
  std::vector<const Node*> schemas_;
};

}  // namespace waybill::contract
