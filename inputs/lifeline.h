// SPDX-License-Identifier: Apache-2.0
// Lifeline: lets an object forget the callbacks it has left with the io_context.
#pragma once

#include <memory>
#include <utility>

namespace waybill::inputs {

// A member of the object that the callbacks belong to. What guard() wraps does nothing once the
// Lifeline is gone or was cut: a handler that Asio had queued already must not reach a dead
// object. One thread.
class Lifeline {
 public:
  Lifeline() = default;
  Lifeline(Lifeline&&) = delete;

  template <typename F>
  auto guard(F callback) const {
    return [weak = std::weak_ptr<int>(token_),
            callback = std::move(callback)](auto&&... args) mutable {
      if (!weak.expired()) callback(std::forward<decltype(args)>(args)...);
    };
  }
  void cut() { token_ = std::make_shared<int>(0); }

 private:
  std::shared_ptr<int> token_ = std::make_shared<int>(0);
};

}  // namespace waybill::inputs
