// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an Error that says what the caller should do next.
//
// For recoverable failures (config, files, sockets, HTTP). A line that does not parse is not an
// error but an outcome (parsers/parser.h). The member names are those of std::expected, which
// g++ 12 does not offer for C++20, so an alias can replace this one day.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "core/check.h"

namespace waybill {

// What the caller should do about an Error.
enum class Action {
  kRetry,      // may succeed later as it is: the network, a full disk
  kDrop,       // can never succeed for this record: count it, set it aside
  kFixConfig,  // somebody has to change the config, a permission or a credential
  kFatal,      // the process cannot go on
};

struct Error {
  Action action = Action::kFatal;
  std::string what;  // "what: why: what to do", without a final full stop or line end

  // Puts "context: " before `what`; each layer does this at most once.
  Error within(std::string_view context) && {
    what.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

// The Error of errno `code`: "what: reason".
Error errno_error(std::string_view what, int code, Action action = Action::kFixConfig);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // value() of an error, or error() of a value, is a broken invariant.
  T& value() & {
    WAYBILL_CHECK(has_value(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    WAYBILL_CHECK(has_value(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & {
    WAYBILL_CHECK(!has_value(), "error() of a successful Result");
    return *std::get_if<1>(&state_);
  }
  const Error& error() const& {
    WAYBILL_CHECK(!has_value(), "error() of a successful Result");
    return *std::get_if<1>(&state_);
  }
  Error&& error() && { return std::move(error()); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  Error& error() & {
    WAYBILL_CHECK(error_.has_value(), "error() of a successful Result");
    return *error_;
  }
  const Error& error() const& {
    WAYBILL_CHECK(error_.has_value(), "error() of a successful Result");
    return *error_;
  }
  Error&& error() && { return std::move(error()); }

 private:
  std::optional<Error> error_;
};

}  // namespace waybill
