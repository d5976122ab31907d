// SPDX-License-Identifier: Apache-2.0
// Rules: what a config redacts, compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/buffer.h"
#include "core/sha256.h"
#include "redaction/detector.h"
#include "redaction/field_path.h"

namespace re2 {
class RE2;
}

namespace waybill::redaction {

using Action = config::RedactionRule::Action;

// A rule is of one of the three kinds. A config's rule with several detectors is one of each here.
struct Rule {
  std::string name;  // of the metric: the detector's, else the config's, else made from what it is
  Action action = Action::kMask;
  size_t keep = 0;                  // of kMask
  std::shared_ptr<const Hmac> key;  // of kHmac
  const Detector* detector = nullptr;
  std::optional<FieldPath> field;
  std::shared_ptr<const re2::RE2> pattern;

  // Appends what stands in the place of `secret`: of kMask "***" and the last `keep` characters
  // where these are few of many, letters or digits; of kHmac "hmac:" and 32 hex digits; of kDrop
  // nothing. Never a character that JSON would escape.
  void replace(Buffer& out, std::string_view secret) const;
};

// What stands for what could not be made safe.
constexpr std::string_view kWithheld = "[withheld]";

// For one config. Immutable: any thread.
class Rules {
 public:
  // Compiles the config's rules; nothing: the detectors that are on by default. Faults are reported
  // at the rules' sections, and samples that do not hold as well; what is faulty is left out.
  // Compiled programs are bounded in memory.
  static std::shared_ptr<const Rules> make(
      const std::optional<std::vector<config::RedactionSection>>& sections);

  const std::vector<Rule>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  // Of two configs that find or replace something else, different. The same in every process.
  uint64_t fingerprint() const { return fingerprint_; }
  // Detectors that are on by default, and that these rules leave out; empty: none, or no rules.
  std::vector<std::string> left_out() const;

 private:
  std::vector<Rule> all_;
  uint64_t fingerprint_ = 0;
};

}  // namespace waybill::redaction
