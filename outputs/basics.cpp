// SPDX-License-Identifier: Apache-2.0
#include "outputs/basics.h"

namespace waybill::outputs {

// Of `spool: {sync: interval}`.
constexpr Duration kSyncInterval = std::chrono::milliseconds(200);

void adopt_section(Output& output, const config::Section& section) {
  constexpr std::string_view kPrefix = "outputs.";
  std::string_view path = section.path();
  if (path.substr(0, kPrefix.size()) == kPrefix) path.remove_prefix(kPrefix.size());
  output.name = path;
  output.settings_text = section.text();
}

Result<void> open_spool(Output& output, const Context& context) {
  if (!context.spool) return {};
  delivery::SpoolSettings settings;
  settings.size = output.spool.size;
  settings.batch_records = output.limits.records;
  settings.batch_bytes = output.limits.bytes;
  if (output.spool.sync == SpoolOptions::Sync::kInterval) settings.sync_every = kSyncInterval;
  return output.outbox().open_spool(*context.spool, settings);
}

const config::OptionTable<SpoolOptions>& spool_options() {
  static const auto table =
      config::OptionTable<SpoolOptions>()
          .bytes("size", &SpoolOptions::size, 0, size_t{1} << 50,
                 "so much of the disk at most; 0: no spool. The last tenth of a disk is left free")
          .choice(
              "when_full", &SpoolOptions::when_full,
              {"auto", "block", "drop_oldest", "drop_newest"},
              "`block`: inputs wait. `auto`: block where this is the only output and all inputs "
              "are files, else drop_oldest")
          .choice("files", &SpoolOptions::files, {"overflow", "always"},
                  "`overflow`: what finds no room in memory goes to disk, and lines of files only "
                  "where another output goes on. `always`: all that is not delivered `after` "
                  "so long, so that it outlives the files that it came from")
          .duration("after", &SpoolOptions::after, Duration::zero(), std::chrono::seconds(30),
                    "of `files: always`: what is not delivered so long after its batch was made is "
                    "written, with all that is behind it; at once when a delivery fails or memory "
                    "is full. 0: everything is written before it is sent")
          .choice("sync", &SpoolOptions::sync, {"always", "interval"},
                  "`always`: what is written together is synced at once. `interval`: every 200 ms, "
                  "which spares a slow disk; a power cut may then cost what was read in that time "
                  "and cannot be read again");
  return table;
}

}  // namespace waybill::outputs
