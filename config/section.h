// SPDX-License-Identifier: Apache-2.0
// Section: one mapping of the config, with the positions of its keys; Diagnostics: what is wrong.
//
// Nothing outside config/ sees yaml-cpp. A component declares its options once (options.h) and
// reads them from its Section.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waybill::config {

// 1-based; 0 when the text has no place in a file (a flag, the environment).
struct Position {
  int line = 0;
  int column = 0;
};

struct Fault {
  std::string file;  // as named on the command line; "--to", or a variable's name
  Position position;
  std::string message;       // "what is wrong (did you mean …)"
  std::string text() const;  // "FILE:LINE:COL: message", or "FILE: message" without a position
};

// Collects every fault of a config, not just the first. In order of position; the same fault at
// the same place counts once. Not thread-safe.
class Diagnostics {
 public:
  void add(Fault fault);
  bool empty() const { return faults_.empty(); }
  const std::vector<Fault>& faults() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

// One option as users know it; what `check`, the docs and the published schema are made from.
enum class OptionKind {
  kBoolean,
  kInteger,
  kNumber,
  kString,
  kPath,
  kDuration,
  kBytes,
  kChoice,
  kStrings,
  kStringMap,
  kSection,
  kSectionMap,        // mappings by names of the user's choice
  kSections,          // a list of mappings
  kTextsOrSections,   // a list of texts and mappings
  kChoiceOrSections,  // one of the choices, or a list of mappings and choices
  kNumbers,           // a list of them
};
// Whether there are mappings in a list.
inline bool is_list(OptionKind kind) {
  return kind == OptionKind::kSections || kind == OptionKind::kTextsOrSections ||
         kind == OptionKind::kChoiceOrSections;
}
struct OptionInfo {
  std::string key;
  OptionKind kind = OptionKind::kString;
  std::string prose;
  std::string default_text;          // as one would write it in YAML; empty: none
  std::string bounds;                // "1 to 65535", "at least 1KiB"; empty: none
  std::vector<std::string> choices;  // of kStringMap: what a value may be
  bool required = false;
  bool built = true;                      // false: known from the design, refused by this version
  std::vector<OptionInfo> children = {};  // of kSection, and of the mappings in others
  // Of numbers; in bytes and seconds for sizes and durations; of a text, characters at least.
  std::optional<double> min = {};
  std::optional<double> max = {};
};
using OptionList = std::vector<OptionInfo>;

struct SectionItem;

// One scalar of a mapping, however deep: "a.b" is in {a: {b: 1}}.
struct Leaf {
  std::string path;
  std::string text;     // after expansion
  bool is_text = true;  // else a number or a boolean, as it is written
};

// Cheap to copy; keeps the document alive. Immutable but for the diagnostics it reports to, which
// must outlive every call that can report (typed reads, fault(), refuse_unknown()).
//
// A key written as `~` or `null` stands for its default: it reads as absent. One without any value
// is a fault, but for a section, which is empty then. A scalar in quotes is text, never a number
// or a boolean; without quotes a number or a boolean is never text. What a ${VARIABLE} gave takes
// whatever type the key wants.
class Section {
 public:
  struct Impl;
  explicit Section(std::shared_ptr<const Impl> impl);

  const std::string& path() const;  // "inputs.net"; "" for the root
  const std::string& file() const;
  Position position() const;  // of the section's own key
  // Normalised flow YAML after expansion: equal text, equal settings. Holds secrets: never shown.
  std::string text() const;

  std::vector<std::string> keys() const;             // in file order
  bool has(std::string_view key) const;              // with a value other than null
  Position position_of(std::string_view key) const;  // of the key; the section's own without it

  // A mapping below `key`. Nothing without the key, or (with a fault) when it is no mapping.
  std::optional<Section> section(std::string_view key) const;

  // Typed reads. Nothing when the key is absent, or (with a fault at the key) of another type.
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<std::string> string(std::string_view key) const;
  std::optional<int64_t> duration_ns(std::string_view key) const;  // "300ms", "1s", "5m", "1h"
  std::optional<int64_t> bytes(std::string_view key) const;        // "64KiB", "1MiB", "10MB", 4096
  // One text counts as a list.
  std::optional<std::vector<std::string>> strings(std::string_view key) const;
  std::optional<std::vector<double>> numbers(std::string_view key) const;  // a list of them
  std::optional<std::vector<std::pair<std::string, std::string>>> string_map(
      std::string_view key) const;  // scalars of any type as text, in file order

  // The items of a list, mappings as sections called "key[0]"; one text counts as a list. Nothing
  // (with a fault) when it is no list; faulty items are left out.
  std::vector<SectionItem> items(std::string_view key) const;
  // Every scalar below `key`, in file order. Lists among them are faults.
  std::vector<Leaf> leaves(std::string_view key) const;

  // The text of a scalar after expansion, whatever its type: for options of several types
  // ("auto" or a size). Nothing, without a fault, for anything but a scalar.
  std::optional<std::string> raw(std::string_view key) const;
  // The value of `key` as it is written, in single quotes and cut to a readable length, for
  // messages: variables by their names, and nothing of what looks like a secret.
  std::string shown(std::string_view key) const;
  std::string shown_item(std::string_view key, size_t index) const;  // of a list, see fault_at_item

  // Reports "inputs.net.listen: MESSAGE" at `key` (at the section when the key is
  // absent). An empty `key` stands for the section: "inputs.net: MESSAGE".
  void fault(std::string_view key, std::string message) const;
  // The same at the `index`-th item of a list; a text that stands for a list is item 0.
  void fault_at_item(std::string_view key, size_t index, std::string message) const;
  // "inputs.net: MESSAGE" at the key itself: for a key that should not be there or be so named.
  void fault_at_key(std::string_view key, std::string message) const;
  // Reports, at the key, every one that is not in `known`: with a suggestion, or as planned but
  // not built.
  void refuse_unknown(const OptionList& known) const;

 private:
  std::shared_ptr<const Impl> impl_;
};

// One of the two.
struct SectionItem {
  size_t index = 0;  // as for fault_at_item()
  std::optional<std::string> text;
  std::optional<Section> section;
};

// The closest of `candidates` to a mistyped `word`, or "" when none is close.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace waybill::config
