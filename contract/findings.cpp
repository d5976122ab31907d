// SPDX-License-Identifier: Apache-2.0
#include "contract/findings.h"

#include <algorithm>

#include "contract/document.h"
#include "core/utf8.h"

namespace waybill::contract {

namespace {

bool is_number(std::string_view step) {
  return !step.empty() && step.find_first_not_of("0123456789") == step.npos;
}

// The name of the member that is not there, out of `expected a member "NAME", got …`.
std::string_view missing_member(const Violation& violation) {
  constexpr std::string_view kBegin = "expected a member \"";
  std::string_view message = violation.message;
  bool missing = violation.keyword == "required" || violation.keyword == "dependentRequired" ||
                 violation.keyword == "dependencies";
  if (!missing || !message.starts_with(kBegin)) return {};
  message.remove_prefix(kBegin.size());
  size_t end = std::min(message.find("\", got "), message.find("\" beside \""));
  return end == message.npos ? std::string_view() : message.substr(0, end);
}

// Keys may be as long as lines.
void shorten(std::string& path) {
  constexpr size_t kMost = 512;
  if (path.size() <= kMost) return;
  path.resize(whole_characters(path, kMost).size());
  path += "…";
}

void generalise(const Violation& violation, std::string& path) {
  path.clear();
  std::string_view rest = violation.path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    std::string_view step = rest.substr(0, rest.find('/'));
    path += '/';
    path += is_number(step) ? std::string_view("*") : step;
    rest.remove_prefix(step.size());
  }
  std::string_view missing = missing_member(violation);
  if (!missing.empty()) append_step(path, missing);
  shorten(path);
}

}  // namespace

void Findings::add(const std::vector<Violation>& violations, LogPlace place) {
  ++records_;
  ++violating_;
  for (const Violation& violation : violations) {
    generalise(violation, path_);
    key_.assign(violation.keyword);
    key_ += ' ';
    key_ += path_;
    auto found = index_.find(key_);
    if (found == index_.end()) {
      if (kinds_.size() == kMostKinds) {
        ++others_;
        continue;
      }
      found = index_.emplace(key_, kinds_.size()).first;
      Kind& fresh = kinds_.emplace_back();
      fresh.keyword = violation.keyword;
      fresh.path = path_;
    }
    Kind& kind = kinds_[found->second];
    bool first = kind.examples.empty();
    if (kind.last_record_ != records_) ++kind.records;
    bool again = kind.last_record_ == records_;
    kind.last_record_ = records_;
    if (again || (!first && (kind.examples.size() >= examples_ || all_examples_ == 0))) continue;
    if (!first) --all_examples_;
    kind.examples.push_back({place, violation.path, violation.message});
    shorten(kind.examples.back().pointer);
    shorten(kind.examples.back().message);
  }
}

std::vector<const Findings::Kind*> Findings::kinds() const {
  std::vector<const Kind*> all;
  for (const Kind& kind : kinds_) all.push_back(&kind);
  std::stable_sort(all.begin(), all.end(),
                   [](const Kind* a, const Kind* b) { return a->records > b->records; });
  return all;
}

}  // namespace waybill::contract
