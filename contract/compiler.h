// SPDX-License-Identifier: Apache-2.0
// Compiler: one schema after the other into a Program. Used by contract/compile.cpp alone.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "contract/compile.h"
#include "contract/registry.h"

namespace waybill::contract {

class Compiler {
 public:
  Compiler(Registry& registry, const CompileOptions& options)
      : registry_(registry), options_(options), program_(std::make_shared<Program>()) {}

  Result<SharedProgram> run(const Resource& root);
  // After run(): all that was found; only the first fault unless the options say `whole`, and
  // kMostFaults then.
  static constexpr size_t kMostFaults = 16;
  const std::vector<Error>& faults() const { return faults_; }

 private:
  // The keywords of the schema at work that its dialect knows; null: absent.
  using Keywords = std::array<const Node*, kKeywords>;
  const Node* at(Keyword keyword) const { return here_[static_cast<size_t>(keyword)]; }

  // ---- compiler.cpp: schemas and references ----
  uint32_t schema_at(const Node& node, Keyword place);
  void compile_pending();
  void compile(uint32_t index);
  void compile_keywords(const Node& node);
  void reference(Keyword keyword);
  bool anchor_pending();
  uint32_t only_target(const Instruction& code) const;
  void find_cycle();
  void shorten();
  std::vector<uint32_t> same_value(const Schema& schema) const;
  void complain_of_cycle(const std::vector<uint32_t>& path, uint32_t back);

  // ---- compiler_scalar.cpp ----
  void types();
  void choices(Keyword keyword);
  void bound(Keyword keyword);
  void multiple();
  void length(Keyword keyword);
  void pattern();
  void format();

  // ---- compiler_rules.cpp ----
  struct Names;  // those of the object rules at work, in the order of their indices
  void object_rules();
  void properties(ObjectRules& rules, Names& names);
  void pattern_properties(ObjectRules& rules);
  void dependencies(ObjectRules& rules, Names& names, Keyword keyword);
  void finish_names(ObjectRules& rules, const Names& names);
  void array_rules();
  void items(ArrayRules& rules);
  void schema_list(Keyword keyword, Op op);
  void conditional();

  // ---- values of keywords; each complains where the type is wrong ----
  const Node* object_of(Keyword keyword);             // null: absent or wrong
  std::optional<uint32_t> count_of(Keyword keyword);  // saturated
  std::optional<uint32_t> schema_of(Keyword keyword);
  bool names_of(const Node& list, std::string_view what, std::vector<std::string_view>& names);
  std::optional<uint32_t> pattern_of(std::string_view text, const Node& node);

  void emit(Op op, Keyword keyword, uint32_t a, uint32_t b = 0, uint32_t c = 0) {
    program_->instructions.push_back({op, keyword, a, b, c});
  }
  void complain(const Node& node, std::string_view what) { complain(registry_.error(node, what)); }
  void complain(Error error) {
    if (faults_.size() < (options_.whole ? kMostFaults : 1)) faults_.push_back(std::move(error));
  }
  bool goes_on() const { return faults_.size() < (options_.whole ? kMostFaults : 1); }
  std::string_view keep(std::string_view text);
  // The text of an object, with its tokens. Null: nested too deep.
  const Constant* keep_object(std::string text);

  Registry& registry_;
  const CompileOptions& options_;
  std::shared_ptr<Program> program_;
  std::vector<Error> faults_;

  const Resource* resource_ = nullptr;  // of the schema at work
  Keywords here_{};

  std::unordered_map<const Node*, uint32_t> schemas_;
  std::vector<const Node*> nodes_;  // of each schema
  std::deque<uint32_t> pending_;
  std::unordered_map<std::string, uint32_t> patterns_;
  std::map<std::string, uint32_t, std::less<>> dynamic_names_;
  std::vector<bool> entered_;  // resources that have a schema in the program
};

}  // namespace waybill::contract
