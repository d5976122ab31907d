// SPDX-License-Identifier: Apache-2.0
// What the sections of all outputs have in common.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "config/options.h"
#include "outputs/output.h"

namespace waybill::outputs {

// `batch:`. An output with other defaults derives from it and sets them in its constructor.
struct BatchSettings {
  int64_t records = static_cast<int64_t>(BatchLimits{}.records);
  size_t bytes = BatchLimits{}.bytes;
  Duration delay = BatchLimits{}.delay;

  BatchLimits limits() const { return {static_cast<size_t>(records), bytes, delay}; }
};

// The table of B, which is BatchSettings or derives from it.
template <typename B>
const config::OptionTable<B>& batch_options() {
  static const auto table =
      config::OptionTable<B>()
          .integer("records", static_cast<int64_t B::*>(&BatchSettings::records), 1, 1'000'000,
                   "so many records")
          .bytes("bytes", static_cast<size_t B::*>(&BatchSettings::bytes), 1024, 64 * 1024 * 1024,
                 "so many bytes of encoded records, before compression")
          .duration("delay", static_cast<Duration B::*>(&BatchSettings::delay), Duration::zero(),
                    std::chrono::minutes(5), "so long after the oldest record of it was read");
  return table;
}

// The table of `spool:`.
const config::OptionTable<SpoolOptions>& spool_options();

// Adds `type`, `when` (which the plan reads), `batch`, `spool` where S has one, and what every
// output will have but this version does not build. S has the members `batch` (BatchSettings, or
// derived from it) and perhaps `spool`, its own or inherited.
template <typename S>
config::OptionTable<S>& add_common_options(config::OptionTable<S>& table) {
  using B = std::remove_reference_t<decltype(std::declval<S&>().batch)>;
  table.other("type", config::OptionKind::kString, "which kind of output this is")
      .section("batch", static_cast<B S::*>(&S::batch), batch_options<B>(),
               "when a batch is sent: whichever limit is reached first")
      .other("when", config::OptionKind::kString,
             "an expression: only records for which it holds go here; default: all");
  if constexpr (requires(S s) { s.spool; }) {
    table.section("spool", static_cast<SpoolOptions S::*>(&S::spool), spool_options(),
                  "what is kept on disk while the backend is away");
  }
  return table.not_built("memory", "this output's share of the memory budget");
}

// Opens the spool of `output`, whose outbox is there, if it is to have one. For Output::start().
Result<void> open_spool(Output& output, const Context& context);

// Fills name and settings_text from the output's own section ("outputs.<name>").
void adopt_section(Output& output, const config::Section& section);

}  // namespace waybill::outputs
