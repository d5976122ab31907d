// SPDX-License-Identifier: Apache-2.0
#include "delivery/backoff.h"

#include <algorithm>
#include <memory>
#include <random>

namespace waybill::delivery {

namespace {

Backoff::Random seeded_random() {
  auto engine = std::make_shared<std::minstd_rand>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

}  // namespace

Backoff::Backoff(Random random) : random_(random ? std::move(random) : seeded_random()) {}

Duration Backoff::next(std::optional<Duration> retry_after) {
  // 250 ms doubled seven times is beyond the cap.
  Duration ceiling = std::min(kCap, kBase * (1 << std::min(failures_, 7)));
  ++failures_;
  Duration asked =
      std::clamp(retry_after.value_or(Duration::zero()), Duration::zero(), kRetryAfterCap);
  double jitter = random_() * static_cast<double>(ceiling.count());
  return asked + Duration(static_cast<Duration::rep>(jitter));
}

}  // namespace waybill::delivery
