// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "redaction/scanner.h"

namespace waybill::redaction {

namespace {

struct Marked {
  std::string text;
  size_t begin = 0, end = 0;
};

Marked marked(std::string_view sample) {
  size_t open = sample.find("{{"), close = sample.rfind("}}");
  REQUIRE(open != sample.npos);
  REQUIRE(close != sample.npos);
  Marked out{std::string(sample.substr(0, open)), open, close - 2};
  out.text += sample.substr(open + 2, close - open - 2);
  out.text += sample.substr(close + 2);
  return out;
}

std::vector<const Detector*> everyone() {
  std::vector<const Detector*> all;
  for (const Detector& detector : detectors()) all.push_back(&detector);
  return all;
}

}  // namespace

TEST_CASE("detectors: each finds its samples to the byte, and nothing in the others") {
  for (const Detector& detector : detectors()) {
    CAPTURE(detector.name);
    CHECK(detector.samples.size() >= 2);
    CHECK(detector.counter_samples.size() >= 3);
    CHECK(find_detector(detector.name) == &detector);
    Scanner scanner({&detector});
    for (std::string_view sample : detector.samples) {
      CAPTURE(sample);
      Marked what = marked(sample);
      std::vector<Hit> hits;
      scanner.scan(what.text, hits);
      REQUIRE(hits.size() == 1);
      CHECK(what.text.substr(hits[0].begin, hits[0].end - hits[0].begin) ==
            what.text.substr(what.begin, what.end - what.begin));
      CHECK(scanner.any(what.text));
    }
    for (std::string_view sample : detector.counter_samples) {
      CAPTURE(sample);
      std::vector<Hit> hits;
      scanner.scan(sample, hits);
      CHECK(hits.empty());
      CHECK(!scanner.any(sample));
    }
  }
}

// The pass goes by 32 bytes, and what stands across two of its steps is found, too.
TEST_CASE("detectors: wherever a secret stands, all together find it") {
  Scanner scanner(everyone());
  for (const Detector& detector : detectors()) {
    for (std::string_view sample : detector.samples) {
      Marked what = marked(sample);
      for (size_t before = 0; before < 70; before += 3) {
        CAPTURE(sample);
        CAPTURE(before);
        std::string text =
            std::string(before, '.') + " " + what.text + " " + std::string(70 - before, '.');
        if (detector.name == "private_key" && what.end == what.text.size())
          text = text.substr(0, before + 1 + what.text.size());
        std::vector<Hit> hits;
        scanner.scan(text, hits);
        bool covered = false;
        for (const Hit& hit : hits) {
          covered |= hit.begin <= before + 1 + what.begin && hit.end >= before + 1 + what.end;
        }
        CHECK(covered);
      }
    }
  }
}

TEST_CASE("scanner: ids keep what only looks like one of the others") {
  Scanner scanner(everyone());
  std::vector<Hit> hits;
  scanner.scan("4111111111111111", hits, true);
  CHECK(hits.empty());
  scanner.scan("4111111111111111", hits, false);
  CHECK(hits.size() == 1);
}

TEST_CASE("scanner: overlaps are one hit, and any bytes will do") {
  Scanner scanner(everyone());
  std::vector<Hit> hits;
  std::string text =
      "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl "
      "and AKIAIOSFODNN7EXAMPLE";
  scanner.scan(text, hits);
  REQUIRE(hits.size() == 2);
  CHECK(scanner.detectors()[hits[0].detector]->name == "bearer");
  CHECK(scanner.detectors()[hits[1].detector]->name == "aws_key");
  for (std::string_view bytes :
       {std::string_view(), std::string_view("\xff\xfe\0", 3), std::string_view("eyJ"),
        std::string_view("@@@"), std::string_view(":::"), std::string_view("-BE")}) {
    hits.clear();
    scanner.scan(bytes, hits);
    CHECK(hits.empty());
  }
}

}  // namespace waybill::redaction
