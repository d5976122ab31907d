// SPDX-License-Identifier: Apache-2.0
// Differ: one schema held against another, keyword by keyword. Used by contract/diff.cpp alone.
//
// A schema means all of its keywords together. So a new one can break nothing where each of its
// keywords is implied by something in the old one. Where a keyword turns that around (`not`, `if`,
// `oneOf`) what is inside must be the same; otherwise nothing is claimed.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/decimal.h"
#include "contract/diff.h"
#include "contract/keywords.h"
#include "contract/registry.h"

namespace waybill::contract {

// One of the two: a schema and all that it refers to.
class DiffSide {
 public:
  DiffSide(const CompileOptions& options, bool is_old)
      : options_(options), is_old_(is_old), registry_(options.mappings) {}

  // Reads all that it refers to as well.
  Result<void> read(std::string text, const std::string& name, const std::string& uri,
                    const std::string& folder);

  // What the keywords of a schema are; null: absent, or without meaning there.
  struct View {
    std::array<const Node*, kKeywords> keywords{};
    const Node* at(Keyword keyword) const { return keywords[static_cast<size_t>(keyword)]; }
    bool only_refers() const;
  };
  View view(const Node* schema) const;
  const Node* target(const Node& reference);  // null: it leads nowhere
  bool asserts_formats(const Node& node) const;
  Dialect dialect() const { return root_->dialect; }
  const Node& root() const { return *root_->root; }
  std::string_view text() const { return document_->text(); }
  std::string_view text_of(const Node& node) const;
  bool alone() const;  // no other file belongs to it, but for what is built in
  bool uses_unevaluated() const;
  Change place(const Node& node) const;

 private:
  const CompileOptions& options_;
  bool is_old_;
  Registry registry_;
  const Resource* root_ = nullptr;
  const Document* document_ = nullptr;
};

class Differ {
 public:
  Differ(DiffSide& before, DiffSide& after);
  std::vector<Change> run();

 private:
  using View = DiffSide::View;
  using Names = std::map<std::string_view, const Node*>;
  // A null schema is `true`.
  void schema(const Node* a, const Node* b);
  void keywords(const Node* a, const View& va, const View& vb);
  void references(const Node* a, const View& va, const View& vb);
  void targets(const Node* a, const Node* b);
  // What schema() would say, said to nobody.
  std::vector<Change> tried(const Node* a, const Node* b);
  // Whether every value that fits `a` certainly fits `b`.
  bool implies(const Node* a, const Node* b);
  // Whether both certainly mean the same.
  bool same(const Node* a, const Node* b);
  // Whether `b` says something that `a` does not imply; these changes are said.
  bool adds(const Node* a, const Node* b);

  // ---- differ_scalar.cpp ----
  void types(const View& va, const View& vb);
  void values(const View& va, const View& vb);
  void bounds(const View& va, const View& vb, bool lower);
  void multiple(const View& va, const View& vb);
  void count(const View& va, const View& vb, Keyword keyword);
  void pattern(const View& va, const View& vb);
  void format(const View& va, const View& vb);
  void unique(const View& va, const View& vb);
  void required(const View& va, const View& vb);
  void dependent_required(const View& va, const View& vb);

  // ---- differ_container.cpp ----
  struct Objects;
  void properties(const View& va, const View& vb);
  void property(std::string_view name, const Objects& a, const Objects& b);
  void pattern_properties(const Objects& a, const Objects& b);
  void dependent_schemas(const View& va, const View& vb);
  void items(const View& va, const View& vb);
  void contains(const View& va, const View& vb);

  // ---- differ_logic.cpp ----
  void all_of(const Node* a, const View& va, const View& vb);
  void any_of(const Node* a, const View& va, const View& vb);
  void one_of(const View& va, const View& vb);
  void negation(const View& va, const View& vb);
  void conditional(const View& va, const View& vb);
  void unevaluated(const View& va, const View& vb, Keyword keyword);

  void say_old(Impact impact, const Node& node, std::string what);
  void say_new(Impact impact, const Node& node, std::string what);
  // Something that looked at members or elements is gone.
  void removed(const Node& node, std::string what);
  bool step();

  DiffSide& before_;
  DiffSide& after_;
  const bool unevaluated_;
  std::vector<Change>* out_;
  size_t steps_ = 0, depth_ = 0;
  bool exhausted_ = false;

  using Pair = std::pair<const Node*, const Node*>;
  // What is being compared, as far as it may come back to itself: there it is taken to be fine, but
  // not by same() where it began before that did (below `floor_`).
  std::vector<Pair> active_;
  size_t floor_ = 0;
  std::set<Pair> done_;  // and what is to be said of them has been said
  bool trying_ = false;
};

}  // namespace waybill::contract
