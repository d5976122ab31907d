// SPDX-License-Identifier: Apache-2.0
#include "tests/redaction/corpus.h"

#include <doctest/doctest.h>

#include "redaction/detector.h"

namespace waybill::redaction::corpus {

TEST_CASE("redaction corpus: each detector finds 99 of 100 and is wrong in 1 of 200 at most") {
  auto scores = judge(make(400));
  CHECK(scores.size() == detectors().size() + 2);
  for (const Score& score : scores) {
    CAPTURE(score.detector);
    for (const std::string& example : score.examples) INFO(example);
    CHECK(score.recall() >= 0.99);
    CHECK(score.false_hits() <= 0.005);
    CHECK(score.look_alikes >= 400);
  }
}

TEST_CASE("redaction corpus: it is the same each time, and its judge sees a miss") {
  auto first = make(20), again = make(20);
  REQUIRE(first.size() == again.size());
  for (size_t i = 0; i < first.size(); ++i) CHECK(first[i].text == again[i].text);
  auto scores = judge({{"card", "no card", "card"}, {"email", "ada@example.com", ""}});
  CHECK(scores[0].recall() == 0);
  CHECK(scores[1].false_hits() == 1);
}

}  // namespace waybill::redaction::corpus
