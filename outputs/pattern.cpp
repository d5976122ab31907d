// SPDX-License-Identifier: Apache-2.0
#include "outputs/pattern.h"

#include <fmt/format.h>

#include <utility>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/level.h"

namespace waybill::outputs {

void Pattern::add_text(char c) {
  if (parts_.empty() || parts_.back().kind != Kind::kText) parts_.push_back({});
  parts_.back().text += c;
}

std::string Pattern::add_field(std::string_view name, bool fields) {
  constexpr std::pair<std::string_view, Kind> known[] = {{"service_name", Kind::kService},
                                                         {"level", Kind::kLevel},
                                                         {"tenant_id", Kind::kTenant},
                                                         {"input", Kind::kInput}};
  if (!fields) return "only the time can be part of it: %Y, %m, %d, %H; a { itself is written {{";
  for (const auto& [known_name, kind] : known) {
    if (known_name != name) continue;
    parts_.push_back({kind, {}});
    return {};
  }
  return fmt::format(
      "{{{}}} is none of {{service_name}}, {{level}}, {{tenant_id}}, {{input}}; a {{ itself is "
      "written {{{{",
      name);
}

std::string Pattern::parse(std::string_view text, bool fields, Clean clean) {
  parts_.clear();
  clean_ = clean;
  constexpr std::pair<char, Kind> times[] = {
      {'Y', Kind::kYear}, {'m', Kind::kMonth}, {'d', Kind::kDay}, {'H', Kind::kHour}};
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char after = i + 1 < text.size() ? text[i + 1] : '\0';
    if ((c != '%' && c != '{') || after == c) {
      add_text(c);
      i += c == '%' || c == '{' ? 1 : 0;
    } else if (c == '{') {
      size_t end = text.find('}', i);
      if (end == std::string_view::npos) return "a { has no }; a { itself is written {{";
      if (auto fault = add_field(text.substr(i + 1, end - i - 1), fields); !fault.empty()) {
        return fault;
      }
      i = end;
    } else {
      Kind kind = Kind::kText;
      for (const auto& [letter, time] : times) {
        if (letter == after) kind = time;
      }
      if (kind == Kind::kText) {
        return fmt::format("%{} is none of %Y, %m, %d, %H; a % itself is written %%",
                           after == '\0' ? "" : std::string(1, after));
      }
      parts_.push_back({kind, {}});
      ++i;
    }
  }
  return {};
}

bool Pattern::constant() const {
  return parts_.empty() || (parts_.size() == 1 && parts_[0].kind == Kind::kText);
}

std::string_view Pattern::front() const {
  if (parts_.empty() || parts_[0].kind != Kind::kText) return {};
  return parts_[0].text;
}

std::string_view Pattern::back() const {
  if (parts_.empty() || parts_.back().kind != Kind::kText) return {};
  return parts_.back().text;
}

std::string_view Pattern::of(const Batch& batch, const Record& record, const Identity& identity) {
  name_.clear();
  char time[32];  // 2026-01-02T03:…
  write_rfc3339(record.time_ns, 3, time);
  auto put = [&](Text value) {
    characters_.clear();
    append_characters(characters_, value);
    value_.assign(characters_.view());
    if (value_.empty()) value_ = "none";
    clean_(value_);
    name_ += value_;
  };
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kText: name_ += part.text; break;
      case Kind::kYear: name_.append(time, 4); break;
      case Kind::kMonth: name_.append(time + 5, 2); break;
      case Kind::kDay: name_.append(time + 8, 2); break;
      case Kind::kHour: name_.append(time + 11, 2); break;
      case Kind::kService: put(service_of(record, identity)); break;
      case Kind::kLevel: put(Text(level_name(record.level), TextForm::kClean)); break;
      case Kind::kTenant: put(record.tenant_id); break;
      case Kind::kInput: put(Text(batch.source_of(record).input, TextForm::kRaw)); break;
    }
  }
  return name_;
}

std::string Pattern::example() const {
  std::string name;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kText: name += part.text; break;
      case Kind::kYear: name += "2000"; break;
      case Kind::kMonth:
      case Kind::kDay: name += "01"; break;
      case Kind::kHour: name += "00"; break;
      case Kind::kService: name += "service_name"; break;
      case Kind::kLevel: name += "INFO"; break;
      case Kind::kTenant: name += "tenant_id"; break;
      case Kind::kInput: name += "input"; break;
    }
  }
  return name;
}

std::string pattern_quoted(std::string_view text) {
  std::string quoted;
  for (char c : text) {
    if (c == '%' || c == '{') quoted += c;
    quoted += c;
  }
  return quoted;
}

}  // namespace waybill::outputs
