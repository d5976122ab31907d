// SPDX-License-Identifier: Apache-2.0
#include "config/redact.h"

#include <filesystem>

namespace waybill::config {

namespace {

constexpr const char* kKey = "redact";
constexpr int64_t kMostKept = 16;

const OptionTable<RedactionRule>& rule_table() {
  using Rule = RedactionRule;
  static const auto made =
      OptionTable<Rule>()
          .strings("detect", &Rule::detect,
                   "detectors that are built in, by their names; this, field or pattern")
          .text(
              "field", &Rule::field,
              "a path of the record, as context.user.ssn; * stands for one part of it, ** for any")
          .text("pattern", &Rule::pattern,
                "a regular expression (RE2); with a group, only what the group matches")
          .text("name", &Rule::name, "what metrics and the log call the rule of a field or pattern")
          .choice("action", &Rule::action, {"mask", "drop", "hmac"},
                  "*** in its place, nothing, or a token that is the same for the same value")
          .integer("keep", &Rule::keep, 0, kMostKept,
                   "of mask: characters at the end that stay readable")
          .path("key_file", &Rule::key_file,
                "of hmac: a file of at least 16 bytes that only we can read")
          .strings("samples", &Rule::samples, "of pattern: texts that must be redacted")
          .strings("counter_samples", &Rule::counter_samples,
                   "of pattern: texts that must stay as they are");
  return made;
}

bool one_kind(const Section& section) {
  int kinds = 0;
  for (const char* key : {"detect", "field", "pattern"}) kinds += section.has(key) ? 1 : 0;
  if (kinds == 1) return true;
  section.fault("", kinds == 0 ? "needs 'detect', 'field' or 'pattern'"
                               : "has more than one of detect, field and pattern: make a rule of "
                                 "each");
  return false;
}

bool goes_together(const Section& section, const RedactionRule& rule) {
  bool hmac = rule.action == RedactionRule::Action::kHmac;
  bool mask = rule.action == RedactionRule::Action::kMask;
  bool good = true;
  auto refuse = [&](const char* key, const char* message) {
    section.fault(key, message);
    good = false;
  };
  if (hmac && rule.key_file.empty()) {
    refuse("action", "hmac needs 'key_file', a file with a secret of at least 16 bytes");
  }
  if (!hmac && section.has("key_file")) refuse("key_file", "only hmac takes a key");
  if (!mask && section.has("keep")) refuse("keep", "only mask keeps something");
  for (const char* key : {"samples", "counter_samples"}) {
    if (section.has(key) && !section.has("pattern")) refuse(key, "only a pattern has samples");
  }
  if (section.has("name") && section.has("detect")) {
    refuse("name", "detectors have their own names");
  }
  return good;
}

}  // namespace

OptionInfo redact_info() {
  OptionInfo info = detail::option(
      kKey, OptionKind::kSections,
      "what is masked before anything is stored or sent; default: JWTs, bearer tokens, AWS and "
      "private keys, see redaction.md",
      "");
  info.children = rule_table().list();
  return info;
}

void read_redact(const Section& root, std::optional<std::vector<RedactionSection>>& out) {
  if (!root.has(kKey)) return;
  std::vector<RedactionSection>& rules = out.emplace();
  for (const SectionItem& item : root.items(kKey)) {
    if (!item.section) {
      if (item.text) {
        root.fault_at_item(kKey, item.index,
                           "must be a mapping with detect, field or pattern, not a single value");
      }
      continue;
    }
    RedactionRule rule;
    rule.base_folder = std::filesystem::path(root.file()).parent_path().string();
    rule_table().read(*item.section, rule);
    bool one = one_kind(*item.section);
    if (goes_together(*item.section, rule) && one)
      rules.push_back({std::move(rule), *item.section});
  }
}

}  // namespace waybill::config
