// SPDX-License-Identifier: Apache-2.0
// Input: where lines come from. The contract of every folder below inputs/.
//
// An input lives on the main thread: it reads bytes into batches, cuts them behind the last whole
// line, and hands the batches to the pipeline. It never parses. All its callbacks run on the
// io_context given to it; nothing here may block, but for short reads of regular files.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"
#include "core/batch.h"
#include "core/ledger.h"
#include "core/result.h"
#include "inputs/checkpoint_store.h"
#include "inputs/place.h"

namespace waybill::inputs {

// The pipeline as an input sees it. Main thread only.
class Intake {
 public:
  virtual ~Intake() = default;

  // An empty batch with room for at least `capacity` bytes. Null while the memory budget is used
  // up or the pipeline is behind: stop reading; `on_room` (given to Input::start's context) is
  // called when it is worth asking again.
  virtual std::unique_ptr<Batch> take(size_t capacity = kBatchBytes) = 0;
  // Hands a filled batch over. A batch without chunks is simply taken back.
  virtual void submit(std::unique_ptr<Batch> batch) = 0;
  // For what an input keeps besides its batches.
  virtual ByteBudget& budget() = 0;
};

// What an input is given to live on. All references outlive it.
struct Context {
  boost::asio::io_context& io;
  Intake& intake;
  InputLedger& ledger;
  CheckpointStore& checkpoints;  // only files use it
  size_t max_line;               // bytes of one line that are kept (parse.max_line)
  bool once;                     // --once: read to the present end, then report the end
};

// What becomes of an input's lines when outputs cannot follow.
enum class OnFull : uint8_t {
  kDrop,   // the producer waits 1 s at most, then the oldest records are dropped and counted
  kBlock,  // the producer waits for as long as it takes
  kSpool,  // they wait on disk; where there is no spool: as kDrop
};

class Input {
 public:
  virtual ~Input() = default;

  // Opens what is to be read and begins to read. An Error (a port in use, no permission) ends the
  // start of the daemon with it as the message: say what, where and what to do.
  virtual Result<void> start(const Context& context, std::function<void()> on_end) = 0;

  // intake.take() may succeed again after it returned null. Called for every input; those that
  // were not waiting ignore it.
  virtual void on_room() = 0;

  // No more input is wanted, but what has been written must not be lost: pipes are read to EOF,
  // files until quiet for 1 s, sockets until idle (100 ms without a byte). Then on_end is called,
  // once; at the latest stop() ends it.
  virtual void drain() = 0;

  // Stops at once and closes everything; on_end is not called any more. A line that was begun but
  // not ended is submitted first (pipes, sockets) or left for the next start (files).
  virtual void stop() = 0;

  // Whether this input can end by itself (stdin, a child, or anything with --once). A run ends
  // when every input can end and has.
  virtual bool can_end() const = 0;

  // Whether it waits for its own storage when we do not read: true for files, whose producer is
  // never held up by us.
  virtual bool is_file() const { return false; }

  virtual bool is_stdin() const { return false; }

  // Whether it would read what is written to the file at `path`.
  virtual bool reads_file(const std::string&) const { return false; }

  // What no other input of a config can have, too.
  virtual std::optional<Place> occupies() const { return {}; }

  // With --once, at the end: what it was to read and could not, or not to its end, each as "PATH:
  // WHY".
  virtual std::vector<std::string> unread() const { return {}; }

  // What becomes of its lines when outputs cannot follow.
  virtual OnFull on_full() const { return is_file() ? OnFull::kBlock : OnFull::kSpool; }

  // New settings after a reload; `next` was made from the same section by the same descriptor.
  // True when they could be taken over in place; false: the daemon stops this one and starts
  // `next` instead. The default says true only when the section's text is unchanged.
  virtual bool reconfigure(const Input& next);

  // The section as it was written (normalised YAML): equal text means equal settings.
  std::string settings_text;
  std::string name;  // of the input in the config
};

// One kind of input, for the registry.
struct Descriptor {
  std::string_view type;  // as in `type:`
  std::string_view summary;
  bool in_config = true;  // false: made by a command only (exec); find() does not know it
  const config::OptionList& (*options)();  // for `check`, the docs and the published schema
  // Builds one from its section; faults go to the section's diagnostics and null comes back.
  // `waybill check` calls it, too: no I/O but reading files that the section names.
  std::unique_ptr<Input> (*make)(const config::Section& section);
};

// All kinds, in the order of registry.inc.
std::span<const Descriptor* const> registry();
const Descriptor* find(std::string_view type);

}  // namespace waybill::inputs
