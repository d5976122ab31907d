// SPDX-License-Identifier: Apache-2.0
#include "sampling/adaptive.h"

#include <doctest/doctest.h>

#include <vector>

namespace waybill::sampling {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

// A second of lines, `lines` of 100 bytes. The probability at its end.
double second(Adaptive& adaptive, int64_t at, int lines, int errors = 0) {
  double probability = 1;
  for (int i = 0; i < lines + errors; ++i) {
    int64_t now = at * kSecond + i * kSecond / (lines + errors);
    probability = adaptive.offer("shop", 100, i >= lines, now).probability;
  }
  return probability;
}

}  // namespace

TEST_CASE("adaptive: below the target all is sent") {
  Adaptive adaptive({1'000'000, 0.001});
  for (int64_t at = 0; at < 20; ++at) CHECK(second(adaptive, at, 9000) == 1);
}

TEST_CASE("adaptive: the target is reached smoothly, and left smoothly") {
  Adaptive adaptive({100'000, 0.001});
  double before = 1;
  std::vector<double> all;
  for (int64_t at = 0; at < 20; ++at) {
    double now = second(adaptive, at, 10'000);
    CHECK(now >= before * 0.2);
    CHECK(now <= before);
    all.push_back(before = now);
  }
  CHECK(all.front() < 1);
  CHECK(all[4] == doctest::Approx(0.1).epsilon(0.05));
  CHECK(all.back() == doctest::Approx(0.1).epsilon(0.02));
  for (int64_t at = 20; at < 60; ++at) {
    double now = second(adaptive, at, 500);
    CHECK(now <= before * 1.6);
    before = now;
  }
  CHECK(before == 1);
}

TEST_CASE("adaptive: errors leave less for the others, and there is a least") {
  Adaptive adaptive({100'000, 0.01});
  double now = 1;
  for (int64_t at = 0; at < 30; ++at) now = second(adaptive, at, 1000, 500);
  CHECK(now == doctest::Approx(0.5).epsilon(0.03));
  for (int64_t at = 30; at < 60; ++at) now = second(adaptive, at, 1000, 1500);
  CHECK(now == 0.01);
}

TEST_CASE("adaptive: services have each their own, and a pause is no division by nothing") {
  Adaptive adaptive({100'000, 0.001});
  for (int64_t at = 0; at < 10; ++at) second(adaptive, at, 10'000);
  CHECK(adaptive.offer("other", 100, false, 10 * kSecond).probability == 1);
  CHECK(adaptive.offer("shop", 100, false, 10 * kSecond).probability < 0.2);
  CHECK(adaptive.offer("shop", 100, false, 5 * kSecond).probability < 0.2);
  CHECK(adaptive.offer("shop", 100, false, 100'000 * kSecond).probability == 1);
  for (int i = 0; i < 5000; ++i) {
    CHECK(adaptive.offer(std::to_string(i), 100, false, 0).probability == 1);
  }
  size_t services = 0;
  adaptive.each([&](const std::string&, double) { ++services; });
  CHECK(services == Adaptive::kMost);
}

}  // namespace waybill::sampling
