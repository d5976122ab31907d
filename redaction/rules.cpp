// SPDX-License-Identifier: Apache-2.0
#include "redaction/rules.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <xxhash.h>

#include <algorithm>

#include "config/key_file.h"
#include "redaction/chars.h"
#include "redaction/finder.h"

namespace waybill::redaction {

namespace {

constexpr int64_t kPatternMemory = int64_t{8} << 20;

// A card is the same one however its digits are grouped.
std::string plain_value(const Rule& rule, std::string_view secret) {
  std::string value(secret);
  if (rule.detector != nullptr && rule.detector->name == "card") {
    std::erase_if(value, [](char c) { return c == ' ' || c == '-'; });
  }
  return value;
}

// The characters at the end that may stay: as many as asked for, or none where that is half of all.
std::string_view kept_of(std::string_view secret, size_t keep) {
  if (keep == 0 || secret.size() < 2 * keep) return {};
  size_t from = secret.size();
  while (secret.size() - from < keep && is(secret[from - 1], kUrlSafeChar)) --from;
  return secret.substr(from);
}

// For fingerprints alone. No part has a NUL.
std::string text_of(const config::RedactionRule& rule) {
  std::string text;
  for (const std::string& name : rule.detect) text += name + '\0';
  std::string action = std::to_string(static_cast<int>(rule.action));
  for (const std::string& part :
       {rule.field, rule.pattern, action, std::to_string(rule.keep), rule.key_file}) {
    text += '\0' + part;
  }
  return text + '\n';
}

using Sections = std::vector<config::RedactionSection>;

class Maker {
 public:
  explicit Maker(std::vector<Rule>& out) : out_(out) {}

  void add(const config::RedactionSection& from) {
    Rule rule;
    rule.action = from.rule.action;
    rule.keep = static_cast<size_t>(from.rule.keep);
    if (rule.action == Action::kHmac && !read_key_of(from, rule)) return;
    if (!from.rule.detect.empty() || from.section.has("detect")) return add_detectors(from, rule);
    rule.name = from.rule.name;
    if (!from.rule.field.empty()) {
      add_field(from, std::move(rule));
    } else {
      add_pattern(from, std::move(rule));
    }
  }

 private:
  static bool read_key_of(const config::RedactionSection& from, Rule& rule) {
    std::string path = from.rule.key_file;
    bool relative = !path.starts_with('/') && !from.rule.base_folder.empty();
    if (relative) path = from.rule.base_folder + "/" + path;
    Result<std::string> key = config::read_key(path);
    if (!key) {
      from.section.fault("key_file", key.error().what);
      return false;
    }
    rule.key = std::make_shared<const Hmac>(*key);
    return true;
  }

  void add_detectors(const config::RedactionSection& from, const Rule& like) {
    std::vector<std::string> known;
    for (const Detector& detector : detectors()) known.emplace_back(detector.name);
    for (size_t i = 0; i < from.rule.detect.size(); ++i) {
      const std::string& name = from.rule.detect[i];
      Rule rule = like;
      rule.detector = find_detector(name);
      if (rule.detector == nullptr) {
        std::string close = config::suggestion(name, known);
        from.section.fault_at_item(
            "detect", i,
            fmt::format("{} is no detector ({})", from.section.shown_item("detect", i),
                        close.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                                      : fmt::format("did you mean '{}'?", close)));
        continue;
      }
      bool again = std::any_of(out_.begin(), out_.end(),
                               [&](const Rule& other) { return other.detector == rule.detector; });
      if (again) {
        from.section.fault_at_item("detect", i, fmt::format("'{}' is named twice", name));
        continue;
      }
      rule.name = name;
      out_.push_back(std::move(rule));
    }
  }

  void add_field(const config::RedactionSection& from, Rule rule) {
    Result<FieldPath> path = FieldPath::parse(from.rule.field);
    if (!path) return from.section.fault("field", path.error().what);
    rule.field = std::move(*path);
    if (rule.name.empty()) rule.name = from.rule.field;
    out_.push_back(std::move(rule));
  }

  void add_pattern(const config::RedactionSection& from, Rule rule) {
    if (from.rule.pattern.empty()) return from.section.fault("pattern", "must not be empty");
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    auto pattern = std::make_shared<const RE2>(from.rule.pattern, options);
    if (!pattern->ok()) {
      return from.section.fault(
          "pattern", fmt::format("is no regular expression of RE2: {}", pattern->error()));
    }
    if (RE2::PartialMatch("", *pattern)) {
      return from.section.fault("pattern",
                                "matches where there is nothing, so that it would find "
                                "something everywhere: write + for *, perhaps");
    }
    rule.pattern = std::move(pattern);
    if (rule.name.empty()) rule.name = fmt::format("pattern_{}", ++patterns_);
    out_.push_back(std::move(rule));
    try_samples(from, out_.back());
  }

  static void try_samples(const config::RedactionSection& from, const Rule& rule) {
    std::vector<Rule> alone{rule};
    Finder finder(alone);
    std::vector<Edit> edits;
    auto finds = [&](const std::string& text) {
      edits.clear();
      return !finder.find(text, false, edits) || !edits.empty();
    };
    for (size_t i = 0; i < from.rule.samples.size(); ++i) {
      if (finds(from.rule.samples[i])) continue;
      from.section.fault_at_item("samples", i, "the pattern finds nothing in it");
    }
    for (size_t i = 0; i < from.rule.counter_samples.size(); ++i) {
      if (!finds(from.rule.counter_samples[i])) continue;
      from.section.fault_at_item("counter_samples", i, "the pattern finds something in it");
    }
  }

  std::vector<Rule>& out_;
  size_t patterns_ = 0;
};

}  // namespace

void Rule::replace(Buffer& out, std::string_view secret) const {
  switch (action) {
    case Action::kMask:
      out.append("***");
      if (detector == nullptr || detector->name != "private_key") {
        out.append(kept_of(secret, keep));
      }
      break;
    case Action::kDrop: break;
    case Action::kHmac: {
      Digest digest = key->of(plain_value(*this, secret));
      out.append("hmac:");
      for (size_t i = 0; i < 16; ++i) {
        constexpr char digits[] = "0123456789abcdef";
        out.push_back(digits[digest[i] >> 4]);
        out.push_back(digits[digest[i] & 15]);
      }
      break;
    }
  }
}

std::shared_ptr<const Rules> Rules::make(const std::optional<Sections>& sections) {
  auto rules = std::make_shared<Rules>();
  if (sections) {
    Maker maker(rules->all_);
    std::string all;
    for (const config::RedactionSection& section : *sections) {
      maker.add(section);
      all += text_of(section.rule);
    }
    rules->fingerprint_ = XXH3_64bits(all.data(), all.size());
    return rules;
  }
  std::string all = "defaults";
  for (const Detector& detector : detectors()) {
    if (!detector.by_default) continue;
    Rule& rule = rules->all_.emplace_back();
    rule.name = detector.name;
    rule.detector = &detector;
    all += '\0' + rule.name;
  }
  rules->fingerprint_ = XXH3_64bits(all.data(), all.size());
  return rules;
}

std::vector<std::string> Rules::left_out() const {
  std::vector<std::string> names;
  if (empty()) return names;
  for (const Detector& detector : detectors()) {
    bool there = std::any_of(all_.begin(), all_.end(),
                             [&](const Rule& rule) { return rule.detector == &detector; });
    if (detector.by_default && !there) names.emplace_back(detector.name);
  }
  return names;
}

}  // namespace waybill::redaction
