// SPDX-License-Identifier: Apache-2.0
#include "sampling/condition.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <utility>

namespace waybill::sampling {

Result<Expression::Matcher> make_matcher(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  auto made = std::make_shared<const RE2>(pattern, options);
  if (!made->ok()) {
    return Error{Action::kFixConfig,
                 fmt::format("no regular expression of RE2: {}", made->error())};
  }
  return Expression::Matcher([made](std::string_view text) {
    return RE2::PartialMatch({text.data(), text.size()}, *made);
  });
}

std::optional<Expression> compile_condition(const config::Section& section, const char* key,
                                            const std::string& text) {
  Result<Expression> made = Expression::parse(text, make_matcher);
  if (made) return std::move(*made);
  section.fault(key, made.error().what);
  return std::nullopt;
}

}  // namespace waybill::sampling
