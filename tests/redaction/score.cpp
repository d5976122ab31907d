// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "redaction/scanner.h"
#include "tests/redaction/corpus.h"

namespace waybill::redaction::corpus {

namespace {

constexpr size_t kExamples = 5;

Score& score_of(std::vector<Score>& scores, const std::string& detector) {
  auto found = std::find_if(scores.begin(), scores.end(),
                            [&](const Score& score) { return score.detector == detector; });
  if (found != scores.end()) return *found;
  scores.emplace_back().detector = detector;
  return scores.back();
}

}  // namespace

std::vector<Score> judge(const std::vector<Case>& cases) {
  std::vector<const Detector*> everyone;
  for (const Detector& detector : detectors()) everyone.push_back(&detector);
  Scanner scanner(everyone);
  std::vector<Score> scores;
  Score all;
  all.detector = "all";
  std::vector<Hit> hits;
  for (const Case& one : cases) {
    Score& score = score_of(scores, one.detector);
    hits.clear();
    scanner.scan(one.text, hits);
    bool good;
    if (one.secret.empty()) {
      // What another detector finds in it is that one's, unless nobody is to find anything.
      bool own = std::any_of(hits.begin(), hits.end(), [&](const Hit& hit) {
        return everyone[hit.detector]->name == one.detector || one.detector == "ordinary";
      });
      good = !own;
      ++score.look_alikes;
      ++all.look_alikes;
      score.wrong += own ? 1 : 0;
      all.wrong += own ? 1 : 0;
    } else {
      size_t begin = one.text.find(one.secret), end = begin + one.secret.size();
      good = std::any_of(hits.begin(), hits.end(),
                         [&](const Hit& hit) { return hit.begin <= begin && hit.end >= end; });
      ++score.secrets;
      ++all.secrets;
      score.found += good ? 1 : 0;
      all.found += good ? 1 : 0;
    }
    if (!good && score.examples.size() < kExamples) score.examples.push_back(one.text);
  }
  scores.push_back(all);
  return scores;
}

std::string table(const std::vector<Score>& scores) {
  std::string out =
      "| detector | secrets | found | recall | look-alikes | false hits | rate |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Score& score : scores) {
    std::string recall = score.secrets == 0 ? "–" : fmt::format("{:.2f} %", 100 * score.recall());
    out +=
        fmt::format("| {} | {} | {} | {} | {} | {} | {:.2f} % |\n", score.detector, score.secrets,
                    score.found, recall, score.look_alikes, score.wrong, 100 * score.false_hits());
  }
  return out;
}

}  // namespace waybill::redaction::corpus
