// SPDX-License-Identifier: Apache-2.0
// TreeBuilder: yaml-cpp's events to our nodes, with the faults of the strict subset.
// Inside config/ only.
#pragma once

#include <yaml-cpp/eventhandler.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/node.h"

namespace waybill::config {

// Builds the tree of one document. Events come in the order of the text, so faults do, too.
// Throws a YAML::ParserException where yaml-cpp forgets to.
class TreeBuilder : public YAML::EventHandler {
 public:
  using Report = std::function<void(Position, std::string message)>;
  // `place` turns yaml-cpp's 0-based bytes into a Position, `source` gives the text at a mark.
  using Place = std::function<Position(const YAML::Mark&)>;
  using Source = std::function<std::string_view(const YAML::Mark&)>;

  TreeBuilder(Place place, Source source, Report report);

  // The finished root; kEmpty for an empty document.
  Node take_root();

  // Of the innermost list or mapping that is not closed yet; line 0 without one.
  Position innermost_open() const;
  bool is_too_deep() const { return too_deep_ > 0; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override;

 private:
  // A list or mapping that is not closed yet.
  struct Open {
    Node node;
    bool has_key = false;  // of a mapping: the next value belongs to `key`
    bool keeps = false;    // whether that key is sound and new
    std::string key;
    Position key_position;
    std::unordered_map<std::string, int> lines;  // of its keys
  };

  void begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag);
  void end();
  void add(Node node);
  void take_key(Open& open, const Node& node);
  void refuse_tag(Position position, const std::string& tag);

  Place place_;
  Source source_;
  Report report_;
  std::vector<Open> open_;
  size_t too_deep_ = 0;  // containers begun below the deepest level allowed
  Node root_;
};

}  // namespace waybill::config
