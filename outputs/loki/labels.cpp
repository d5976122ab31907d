// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/utf8.h"
#include "outputs/passed.h"

namespace waybill::outputs::loki {

namespace {

constexpr size_t kMaxLabelValue = 2048;

// As Go's strconv.Quote writes a string, which is how Loki shows its labels.
void append_quoted(std::string& out, std::string_view characters) {
  out += '"';
  for (char c : whole_characters(characters, kMaxLabelValue)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

// Of the resource of a source that has its own: the value that a label of this name stands for.
std::string_view attribute_of(const Identity& who, std::string_view label) {
  for (const auto& [attribute, value] : who.resource) {
    if (sanitised_name(attribute) == label) return value;
  }
  return {};
}

}  // namespace

Labels::Labels(const Settings& settings)
    : most_values_(static_cast<size_t>(settings.max_label_values)) {
  all_.push_back({"service_name", Kind::kService});
  for (const std::string& label : settings.labels) {
    if (size_t sign = label.find('='); sign != std::string::npos) {
      Result<Template> made = Template::parse(std::string_view(label).substr(sign + 1));
      if (!made) continue;  // a fault of the settings
      of_record_ |= !made->constant();
      all_.push_back({label.substr(0, sign), Kind::kTemplate, {}, std::move(*made)});
      continue;
    }
    std::string name = sanitised_name(label);
    if (name == "service_name") continue;
    Kind kind = name == "level" ? Kind::kLevel : Kind::kResource;
    level_ |= kind == Kind::kLevel;
    of_resource_ |= kind == Kind::kResource;
    all_.push_back({std::move(name), kind});
  }
  // Loki sorts them; in this order its messages name a stream just as we do.
  std::sort(all_.begin(), all_.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
}

void Labels::prepare(const Identity& identity, const std::string& where) {
  identity_ = &identity;
  where_ = where;
  for (Label& label : all_) {
    if (label.kind != Kind::kResource) continue;
    for (const auto& [attribute, value] : identity.resource) {
      if (sanitised_name(attribute) == label.name) label.value = value;
    }
    if (!label.value.empty()) continue;
    spdlog::warn("{}: no resource attribute is called '{}': streams get no such label", where,
                 label.name);
  }
}

bool Labels::has(std::string_view name) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const Label& label) { return label.name == name; });
}

bool Labels::has_resource(std::string_view name) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Label& label) {
    return label.kind == Kind::kResource && label.name == name;
  });
}

void Labels::write(std::string& out, const Batch& batch, const Record& record,
                   const Token* resource) {
  out = "{";
  for (Label& label : all_) {
    if (label.demoted) continue;
    std::string_view value = value_of(label, batch, record, resource);
    // Loki takes an empty value for an absent label.
    if (value.empty() || !admits(label, value)) continue;
    if (out.size() > 1) out += ", ";
    out += label.name;
    out += '=';
    append_quoted(out, value);
  }
  out += '}';
}

std::string_view Labels::value_of(const Label& label, const Batch& batch, const Record& record,
                                  const Token* resource) {
  const Identity& who = batch.identity_of(record, *identity_);
  switch (label.kind) {
    case Kind::kService:
      return record.service_name.empty() ? std::string_view(identity_->service_name)
                                         : plain(record.service_name);
    case Kind::kLevel: return level_name(record.level);
    case Kind::kTemplate:
      value_.clear();
      (void)label.made.append(value_, batch, record, who, scratch_);
      return value_;
    case Kind::kResource: break;
  }
  if (resource == nullptr) return who.number == 0 ? label.value : attribute_of(who, label.name);
  // Two keys may read the same as a label; a stream with one twice would be refused.
  value_.clear();
  bool found = false;
  for_each_inside(record, resource, [&](const Member& member) {
    if (found || sanitised_name(plain(member.key)) != label.name) return;
    found = true;
    value_ = plain(scalar_text(member));
  });
  return value_;
}

std::string_view Labels::plain(Text text) {
  if (text.form != TextForm::kJson) return text.bytes();
  decoded_.clear();
  append_characters(decoded_, text);
  return decoded_.view();
}

// Whether the label may have this value; else it has had too many, and is demoted.
bool Labels::admits(Label& label, std::string_view value) {
  // Loki wants a service_name, and levels are few.
  if (label.kind == Kind::kService || label.kind == Kind::kLevel) return true;
  uint64_t hash = std::hash<std::string_view>{}(value);
  if (hash == label.last && !label.seen.empty()) return true;
  label.last = hash;
  if (label.seen.count(hash) != 0) return true;
  if (label.seen.size() < most_values_) {
    label.seen.insert(hash);
    return true;
  }
  label.demoted = true;
  label.seen = {};
  ++demotions_;
  spdlog::warn(
      "{}: the label '{}' has more than {} values, and each of them makes streams: from "
      "now on it is structured metadata (max_label_values)",
      where_, label.name, most_values_);
  return false;
}

}  // namespace waybill::outputs::loki
