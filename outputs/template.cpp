// SPDX-License-Identifier: Apache-2.0
#include "outputs/template.h"

#include <fmt/format.h>

#include "core/json_text.h"
#include "core/level.h"
#include "outputs/passed.h"

namespace waybill::outputs {

namespace {

constexpr std::string_view kResource = "resource.";

Error wrong(size_t at, std::string_view what) {
  return Error{Action::kFixConfig, fmt::format("column {}: {}", at + 1, what)};
}

std::string_view decoded(Text text, std::string& scratch) {
  if (text.form != TextForm::kJson) return text.bytes();
  scratch.resize(text.size);
  char* end = decode_json(text.bytes(), scratch.data());
  return {scratch.data(), static_cast<size_t>(end - scratch.data())};
}

// An attribute of the resource that the record brought, or else of the configured one.
std::string_view attribute_of(const Batch& batch, const Record& record, const Identity& identity,
                              std::string_view name, std::string& scratch) {
  if (const Token* resource = own_resource(batch, record)) {
    std::string_view found;
    for_each_inside(record, resource, [&](const Member& member) {
      if (found.empty() && decoded(member.key, scratch) == name) {
        found = decoded(scalar_text(member), scratch);
      }
    });
    return found;
  }
  for (const auto& [attribute, value] : identity.resource) {
    if (attribute == name) return value;
  }
  return {};
}

std::string_view text_of(const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::kLevel: return level_name(value.level);
    case FieldValue::Kind::kText:
    case FieldValue::Kind::kNumber:
    case FieldValue::Kind::kBool: return value.text;
    default: return {};
  }
}

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  Template made;
  made.parts_.emplace_back();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool twice = i + 1 < text.size() && text[i + 1] == c;
    if ((c != '{' && c != '}') || twice) {
      made.parts_.back().literal += c;
      i += (c == '{' || c == '}') ? 1 : 0;
      continue;
    }
    if (c == '}') return wrong(i, "a } without its {; write }} for the character");
    size_t end = text.find('}', i);
    if (end == std::string_view::npos) return wrong(i, "the { is not closed; write {{ for it");
    std::string_view path = text.substr(i + 1, end - i - 1);
    if (path.starts_with(kResource) && path.size() > kResource.size()) {
      made.parts_.back().attribute = path.substr(kResource.size());
    } else {
      Result<RecordPath> parsed = RecordPath::parse(path);
      if (!parsed) return wrong(i + 1, parsed.error().what);
      made.parts_.back().path = std::move(*parsed);
    }
    made.paths_.emplace_back(path);
    made.parts_.emplace_back();
    i = end;
  }
  return made;
}

bool Template::append(std::string& out, const Batch& batch, const Record& record,
                      const Identity& identity, std::string& scratch) const {
  const size_t before = out.size();
  for (const Part& part : parts_) {
    out += part.literal;
    if (!part.path && part.attribute.empty()) continue;
    std::string_view value = part.path
                                 ? text_of(part.path->find(batch, record, identity, scratch))
                                 : attribute_of(batch, record, identity, part.attribute, scratch);
    if (value.empty()) {
      out.resize(before);
      return false;
    }
    out += value;
  }
  return true;
}

}  // namespace waybill::outputs
