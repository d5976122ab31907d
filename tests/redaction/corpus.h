// SPDX-License-Identifier: Apache-2.0
// A corpus for the detectors, with expectations: secrets that are made up by the rules of their
// issuers, and what looks like them and is none, in lines as programs write them. Always the same.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace waybill::redaction::corpus {

struct Case {
  std::string detector;  // that is to find it; "ordinary": nobody is to find anything
  std::string text;
  std::string secret;  // a part of the text; empty: there is none
};

// `count` secrets and `count` look-alikes of each detector, and as many ordinary lines as of all.
std::vector<Case> make(size_t count);

// What the detectors, all together, made of a corpus.
struct Score {
  std::string detector;
  size_t secrets = 0, found = 0;      // found: every byte of it is in a hit
  size_t look_alikes = 0, wrong = 0;  // wrong: something was found in it
  std::vector<std::string> examples;  // some that went wrong
  double recall() const { return secrets == 0 ? 1 : double(found) / double(secrets); }
  double false_hits() const { return look_alikes == 0 ? 0 : double(wrong) / double(look_alikes); }
};
// One for each detector, "ordinary", and "all".
std::vector<Score> judge(const std::vector<Case>& cases);

// The scores as a table in Markdown.
std::string table(const std::vector<Score>& scores);

}  // namespace waybill::redaction::corpus
