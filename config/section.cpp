// SPDX-License-Identifier: Apache-2.0
#include "config/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/flow_text.h"
#include "config/scalars.h"
#include "config/section_impl.h"

namespace waybill::config {

namespace {

const char* kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kList: return "a list";
    case NodeKind::kMapping: return "a mapping";
    case NodeKind::kScalar: return "a single value";
    case NodeKind::kEmpty:
    case NodeKind::kNull:
    case NodeKind::kRefused: break;
  }
  return "nothing";
}

std::string joined(const std::string& path, std::string_view key) {
  if (path.empty()) return std::string(key);
  return key.empty() ? path : fmt::format("{}.{}", path, key);
}

// Values of such keys come from files or the environment; one written into the config by mistake
// must not end up in somebody's terminal or CI log.
bool names_secret(std::string_view key) {
  std::string lower;
  for (char c : key) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  for (const char* word : {"password", "secret", "token", "api_key", "apikey", "authorization"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

std::string shown_scalar(std::string_view key, const Node& node) {
  return names_secret(key) ? "the value" : quoted_for_message(node.written);
}

Scalar scalar_of(std::string_view key, const Node& node) {
  return {node.text, node.quoted && !node.expanded, !node.quoted && !node.expanded,
          shown_scalar(key, node)};
}

void report(const Section::Impl& impl, Position position, const std::string& path,
            std::string_view message) {
  impl.diagnostics->add(
      {impl.document->file, position,
       path.empty() ? std::string(message) : fmt::format("{}: {}", path, message)});
}

void report_missing_value(const Section::Impl& impl, std::string_view key, Position position) {
  report(impl, position, joined(impl.path, key), "has no value (write one, or remove the key)");
}

// The node of `key` when there is something to read; what is not, is reported where it has to be.
const Node* value_of(const Section::Impl& impl, std::string_view key) {
  const Entry* entry = impl.node->find(key);
  if (entry == nullptr) return nullptr;
  const Node& node = entry->value;
  if (node.kind == NodeKind::kEmpty) report_missing_value(impl, key, entry->position);
  bool there = node.kind == NodeKind::kScalar || node.kind == NodeKind::kList ||
               node.kind == NodeKind::kMapping;
  return there ? &node : nullptr;
}

template <typename T>
std::optional<T> read_scalar(const Section::Impl& impl, std::string_view key, const Node& node,
                             Reading<T> (*read)(const Scalar&), std::string_view what) {
  if (node.kind != NodeKind::kScalar) {
    report(impl, node.position, joined(impl.path, key),
           fmt::format("must be {}, not {}", what, kind_name(node.kind)));
    return std::nullopt;
  }
  Reading<T> reading = read(scalar_of(key, node));
  if (!reading.value) report(impl, node.position, joined(impl.path, key), reading.fault);
  return std::move(reading.value);
}

template <typename T>
std::optional<T> read_key(const Section::Impl& impl, std::string_view key,
                          Reading<T> (*read)(const Scalar&), std::string_view what) {
  const Node* node = value_of(impl, key);
  if (node == nullptr) return std::nullopt;
  return read_scalar(impl, key, *node, read, what);
}

}  // namespace

Section::Section(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Section root_section(std::shared_ptr<const Document> document, Diagnostics& diagnostics) {
  const Node* root = &document->root;
  return Section(std::make_shared<const Section::Impl>(
      Section::Impl{std::move(document), root, "", root->position, &diagnostics}));
}

const std::string& Section::path() const { return impl_->path; }
const std::string& Section::file() const { return impl_->document->file; }
Position Section::position() const { return impl_->position; }
std::string Section::text() const { return flow_text(*impl_->node); }

std::vector<std::string> Section::keys() const {
  std::vector<std::string> keys;
  for (const Entry& entry : impl_->node->entries) keys.push_back(entry.key);
  return keys;
}

bool Section::has(std::string_view key) const {
  const Entry* entry = impl_->node->find(key);
  return entry != nullptr && entry->value.kind != NodeKind::kNull;
}

Position Section::position_of(std::string_view key) const {
  const Entry* entry = impl_->node->find(key);
  return entry == nullptr ? impl_->position : entry->position;
}

std::optional<Section> Section::section(std::string_view key) const {
  const Entry* entry = impl_->node->find(key);
  if (entry == nullptr) return std::nullopt;
  const Node& node = entry->value;
  if (node.kind == NodeKind::kScalar || node.kind == NodeKind::kList) {
    bool glued = node.kind == NodeKind::kScalar && !node.quoted &&
                 node.written.find(':') != std::string::npos;
    report(*impl_, node.position, joined(impl_->path, key),
           fmt::format("must be a mapping of keys to values, not {}{}", kind_name(node.kind),
                       glued ? " (is a blank missing behind a ':'?)" : ""));
  }
  if (node.kind != NodeKind::kMapping && node.kind != NodeKind::kEmpty) return std::nullopt;
  return Section(std::make_shared<const Impl>(
      Impl{impl_->document, &node, joined(impl_->path, key), entry->position, impl_->diagnostics}));
}

std::optional<bool> Section::boolean(std::string_view key) const {
  return read_key(*impl_, key, read_boolean, "true or false");
}
std::optional<int64_t> Section::integer(std::string_view key) const {
  return read_key(*impl_, key, read_integer, "a whole number");
}
std::optional<double> Section::number(std::string_view key) const {
  return read_key(*impl_, key, read_number, "a number");
}
std::optional<std::string> Section::string(std::string_view key) const {
  return read_key(*impl_, key, read_string, "text");
}
std::optional<int64_t> Section::duration_ns(std::string_view key) const {
  return read_key(*impl_, key, read_duration, "a duration");
}
std::optional<int64_t> Section::bytes(std::string_view key) const {
  return read_key(*impl_, key, read_bytes, "a size");
}

std::optional<std::vector<std::string>> Section::strings(std::string_view key) const {
  const Node* node = value_of(*impl_, key);
  if (node == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  bool sound = true;
  auto take = [&](const Node& item, std::string_view what) {
    bool refused = item.kind == NodeKind::kRefused;
    auto text = refused ? std::nullopt : read_scalar(*impl_, key, item, read_string, what);
    if (text) {
      texts.push_back(std::move(*text));
    } else {
      sound = false;
    }
  };
  if (node->kind == NodeKind::kList) {
    for (const Node& item : node->items) take(item, "a list of texts");
  } else {
    take(*node, "a text or a list of texts");
  }
  if (!sound) return std::nullopt;
  return texts;
}

std::optional<std::vector<double>> Section::numbers(std::string_view key) const {
  const Node* node = value_of(*impl_, key);
  if (node == nullptr) return std::nullopt;
  if (node->kind != NodeKind::kList) {
    report(*impl_, node->position, joined(impl_->path, key), "must be a list of numbers");
    return std::nullopt;
  }
  std::vector<double> numbers;
  for (const Node& item : node->items) {
    if (item.kind == NodeKind::kRefused) continue;
    auto number = read_scalar(*impl_, key, item, read_number, "a list of numbers");
    if (number) numbers.push_back(*number);
  }
  if (numbers.size() != node->items.size()) return std::nullopt;
  return numbers;
}

std::optional<std::vector<std::pair<std::string, std::string>>> Section::string_map(
    std::string_view key) const {
  std::optional<Section> below = section(key);
  if (!below) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> pairs;
  bool sound = true;
  for (const Entry& entry : below->impl_->node->entries) {
    const Node& node = entry.value;
    if (node.kind == NodeKind::kScalar) {
      pairs.emplace_back(entry.key, node.text);
      continue;
    }
    sound = false;
    if (node.kind == NodeKind::kRefused) continue;
    if (node.kind == NodeKind::kEmpty || node.kind == NodeKind::kNull) {
      report_missing_value(*below->impl_, entry.key, entry.position);
    } else {
      report(*below->impl_, node.position, joined(below->path(), entry.key),
             fmt::format("must be a single value, not {}", kind_name(node.kind)));
    }
  }
  if (!sound) return std::nullopt;
  return pairs;
}

std::vector<SectionItem> Section::items(std::string_view key) const {
  const Node* node = value_of(*impl_, key);
  std::vector<SectionItem> items;
  if (node == nullptr) return items;
  auto take = [&](const Node& item, size_t index) {
    if (item.kind == NodeKind::kRefused) return;
    if (item.kind == NodeKind::kMapping) {
      items.push_back(
          {index, std::nullopt,
           Section(std::make_shared<const Impl>(
               Impl{impl_->document, &item, fmt::format("{}[{}]", joined(impl_->path, key), index),
                    item.position, impl_->diagnostics}))});
    } else if (auto text = read_scalar(*impl_, key, item, read_string, "a text or a mapping")) {
      items.push_back({index, std::move(*text), std::nullopt});
    }
  };
  if (node->kind == NodeKind::kMapping) {
    report(*impl_, node->position, joined(impl_->path, key),
           "must be a list, not a mapping (write '- ' before each)");
  } else if (node->kind == NodeKind::kList) {
    for (size_t i = 0; i < node->items.size(); ++i) take(node->items[i], i);
  } else {
    take(*node, 0);
  }
  return items;
}

namespace {

void take_leaves(const Section::Impl& impl, const Node& node, const std::string& path,
                 std::vector<Leaf>& leaves) {
  for (const Entry& entry : node.entries) {
    const Node& value = entry.value;
    std::string key = joined(path, entry.key);
    if (value.kind == NodeKind::kMapping) {
      take_leaves(impl, value, key, leaves);
    } else if (value.kind == NodeKind::kScalar) {
      bool said = (value.quoted && !value.expanded) ||
                  !(looks_like_number(value.text) || looks_like_boolean(value.text));
      leaves.push_back({std::move(key), value.text, said});
    } else if (value.kind != NodeKind::kRefused) {
      report(impl, value.position, joined(impl.path, key),
             fmt::format("must be a single value, not {}", kind_name(value.kind)));
    }
  }
}

}  // namespace

std::vector<Leaf> Section::leaves(std::string_view key) const {
  std::vector<Leaf> leaves;
  if (auto below = section(key)) take_leaves(*below->impl_, *below->impl_->node, "", leaves);
  return leaves;
}

std::optional<std::string> Section::raw(std::string_view key) const {
  const Entry* entry = impl_->node->find(key);
  if (entry == nullptr || entry->value.kind != NodeKind::kScalar) return std::nullopt;
  return entry->value.text;
}

std::string Section::shown(std::string_view key) const {
  const Entry* entry = impl_->node->find(key);
  if (entry == nullptr) return "nothing";
  if (entry->value.kind != NodeKind::kScalar) return kind_name(entry->value.kind);
  return shown_scalar(key, entry->value);
}

std::string Section::shown_item(std::string_view key, size_t index) const {
  const Entry* entry = impl_->node->find(key);
  if (entry == nullptr || index >= entry->value.items.size()) return shown(key);
  const Node& item = entry->value.items[index];
  return item.kind == NodeKind::kScalar ? shown_scalar(key, item) : kind_name(item.kind);
}

void Section::fault(std::string_view key, std::string message) const {
  const Entry* entry = key.empty() ? nullptr : impl_->node->find(key);
  report(*impl_, entry == nullptr ? impl_->position : entry->value.position,
         joined(impl_->path, key), message);
}

void Section::fault_at_item(std::string_view key, size_t index, std::string message) const {
  const Entry* entry = impl_->node->find(key);
  if (entry == nullptr || index >= entry->value.items.size()) return fault(key, std::move(message));
  report(*impl_, entry->value.items[index].position, joined(impl_->path, key), message);
}

void Section::fault_at_key(std::string_view key, std::string message) const {
  report(*impl_, position_of(key), impl_->path, message);
}

void Section::refuse_unknown(const OptionList& known) const {
  std::vector<std::string> names;
  for (const OptionInfo& option : known) {
    if (option.built) names.push_back(option.key);
  }
  for (const Entry& entry : impl_->node->entries) {
    auto option = std::find_if(known.begin(), known.end(),
                               [&](const OptionInfo& info) { return info.key == entry.key; });
    if (option != known.end() && option->built) continue;
    if (option != known.end()) {
      report(*impl_, entry.position, "",
             fmt::format("`{}` is planned but not built in this version: remove it",
                         joined(impl_->path, entry.key)));
      continue;
    }
    std::string help = suggestion(entry.key, names);
    help = help.empty() ? fmt::format("known here: {}", fmt::join(names, ", "))
                        : fmt::format("did you mean '{}'?", help);
    report(*impl_, entry.position, "",
           fmt::format("unknown key {}{} ({})", quoted_for_message(entry.key),
                       impl_->path.empty() ? "" : " in " + impl_->path, help));
  }
}

}  // namespace waybill::config
