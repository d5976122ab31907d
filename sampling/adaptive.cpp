// SPDX-License-Identifier: Apache-2.0
#include "sampling/adaptive.h"

#include <algorithm>
#include <cmath>

#include "sampling/hash.h"

namespace waybill::sampling {

namespace {

constexpr int64_t kStepNs = 500'000'000;
constexpr double kStep = 0.5;     // seconds
constexpr double kSmoothing = 3;  // seconds
constexpr double kDown = 0.5;     // at most, in a step
constexpr double kUp = 1.25;

}  // namespace

Adaptive::Share Adaptive::offer(std::string_view service, size_t bytes, bool exempt,
                                int64_t time_ns) {
  State& state = states_.at(hash_of(service), [](State&) {});
  if (!state.begun) {
    state.begun = true;
    state.start_ns = time_ns;
    state.service = service;
  } else if (time_ns - state.start_ns >= kStepNs) {
    adapt(state, static_cast<double>(time_ns - state.start_ns) * 1e-9);
    state.start_ns = time_ns;
  }
  (exempt ? state.exempt : state.offered) += static_cast<double>(bytes);
  return {state.probability, state.offered_rate + state.exempt_rate};
}

void Adaptive::adapt(State& state, double seconds) const {
  const double part = state.measured ? 1 - std::exp(-seconds / kSmoothing) : 1;
  state.measured = true;
  state.offered_rate += part * (state.offered / seconds - state.offered_rate);
  state.exempt_rate += part * (state.exempt / seconds - state.exempt_rate);
  state.offered = state.exempt = 0;
  const double room = std::max(0.0, settings_.target - state.exempt_rate);
  double wanted = state.offered_rate <= room ? 1 : room / state.offered_rate;
  const double steps = seconds / kStep;
  wanted = std::clamp(wanted, state.probability * std::pow(kDown, steps),
                      state.probability * std::pow(kUp, steps));
  state.probability = std::clamp(wanted, settings_.least, 1.0);
}

}  // namespace waybill::sampling
