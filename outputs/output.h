// SPDX-License-Identifier: Apache-2.0
// Output: where records go. The contract of every folder below outputs/.
//
// Two halves on two threads. The pipeline thread encodes: append() and compose(), pure functions
// of their arguments and of the settings. The output's own thread sends: it pops payloads from the
// outbox, and every record of them ends delivered, dropped with a reason, or abandoned at the end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"
#include "core/batch.h"
#include "core/expression.h"
#include "core/identity.h"
#include "core/ledger.h"
#include "core/result.h"
#include "delivery/dead_letters/dead_letters.h"
#include "delivery/outbox.h"
#include "delivery/payload.h"

namespace waybill::outputs {

// When a payload is sealed: whichever comes first.
struct BatchLimits {
  size_t records = 5000;
  size_t bytes = 1024 * 1024;                // of encoded records, before compression
  Duration delay = std::chrono::seconds(1);  // since the oldest record of it was read
};

// `spool:` of an output's section.
struct SpoolOptions {
  enum class WhenFull : uint8_t { kAuto, kBlock, kDropOldest, kDropNewest };
  enum class Files : uint8_t { kOverflow, kAlways };
  enum class Sync : uint8_t { kAlways, kInterval };
  size_t size = size_t{512} * 1024 * 1024;
  WhenFull when_full = WhenFull::kAuto;
  Files files = Files::kOverflow;
  Sync sync = Sync::kAlways;
  Duration after = std::chrono::milliseconds(500);  // with Files::kAlways
};

// What `waybill check --connect` has found out about a backend, in words for people.
struct ProbeReport {
  std::vector<std::string> facts;     // "http://loki:3100/… takes our pushes"
  std::vector<std::string> warnings;  // what works, and should be looked at
  std::vector<std::string> faults;    // what is wrong, where, and what to do
};

// What an output is given to live on. All references outlive it.
struct Context {
  ByteBudget& budget;
  OutputLedger& ledger;
  const Identity& identity;
  size_t memory_share;          // bytes the outbox may hold
  delivery::FullPolicy policy;  // what happens when that is used up
  std::optional<delivery::SpoolPlace> spool = {};
  delivery::DeadLetters* letters = nullptr;  // where refused records are kept; null: nowhere
};

class Output {
 public:
  virtual ~Output() = default;

  // ---- main thread ----
  // Prepares everything that can fail (credentials, folders, libraries) and starts the thread.
  virtual Result<void> start(const Context& context) = 0;
  // For `waybill check --connect`: whether the backend answers, takes our credentials, and has what
  // we write to; and how far its clock is from ours. Writes no records. May block for the output's
  // time-outs. Not started.
  virtual ProbeReport probe(const Identity& identity) = 0;
  // For `waybill explain`: what this record would be sent as, for people. Not started, and not
  // to be started afterwards.
  virtual Result<std::string> preview(const Identity& identity, const Batch& batch,
                                      const Record& record) = 0;
  // The end is near: nothing waits out a back-off any more, what fails now gets one more attempt,
  // and a payload that is refused again is abandoned. `deadline` ends everything. The outbox has
  // been closed or will be by the pipeline.
  virtual void drain(SteadyTime deadline) = 0;
  // Ends and joins the thread at once; what is unsettled is abandoned. Safe to call twice.
  virtual void stop() = 0;

  // ---- pipeline thread ----
  // Encodes one record into `payload`. Allocates nothing once warm.
  virtual void append(const Batch& batch, const Record& record, delivery::Payload& payload) = 0;
  // Writes the wire form of the slices `picks` (ascending indices) to `body` (replaced). Also
  // called by the output's thread when it sends a part of a payload again: const, touches only its
  // arguments.
  virtual void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                       delivery::Body& body) const = 0;

  // ---- any thread, after start() ----
  virtual delivery::Outbox& outbox() = 0;

  // Whether lines of an `exec` child may be copied to our standard output: false when this output
  // writes there itself.
  virtual bool writes_to_stdout() const { return false; }

  // Set before start(), called at most once, on the output's thread: whoever read what we write has
  // gone for good (a closed pipe behind our standard output), so the run should end.
  std::function<void()> on_reader_gone;

  BatchLimits limits;
  SpoolOptions spool;
  std::optional<Expression> when;  // only records for which it holds are handed to append()
  std::string name;                // in the config
  std::string_view type;           // its Descriptor's
  std::string settings_text;       // the section as it was written; equal text means equal settings
  // That it writes to; "" when none. Of several an example, and so is the name under which it puts
  // one aside ("": it does not). The folder must be there.
  std::string file_path, aside_path, file_folder;
  std::string target;  // where it sends, for people: an URL without credentials, a path
};

// One kind of output, for the registry.
struct Descriptor {
  std::string_view type;  // as in `type:`; also its folder's name
  std::string_view summary;
  const config::OptionList& (*options)();
  // Builds one from its section; faults go to the section's diagnostics and null comes back.
  // Does no I/O but reading `*_file` secrets: `waybill check` calls it, too.
  std::unique_ptr<Output> (*make)(const config::Section& section);
  // The `--to` form: prefix as in "loki=" (or "console", without value) and the section's text,
  // in YAML flow form, that stands for a value. Empty prefix: no such form.
  std::string_view to_prefix;
  std::string (*to_section)(std::string_view value, const Identity& identity);
};

// All kinds, in the order of registry.inc.
std::span<const Descriptor* const> registry();
const Descriptor* find(std::string_view type);

}  // namespace waybill::outputs
