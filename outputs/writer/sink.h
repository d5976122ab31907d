// SPDX-License-Identifier: Apache-2.0
// Sink, Encoder and Gatherer: what differs between the outputs that write lines to a file
// descriptor.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/identity.h"
#include "core/result.h"
#include "delivery/payload.h"

namespace waybill::outputs::writer {

// Where bytes go.
class Sink {
 public:
  virtual ~Sink() = default;
  // Main thread: opens it for the first time. An Error ends the start.
  virtual Result<void> open() = 0;
  // Output's thread, before each piece and after each failure: makes sure that fd() is what the
  // config means for `place` (a payload's group) now: a file may have been renamed, or be large
  // enough. `size`: bytes of the piece that begins; 0 in the middle of one. `changed` is set when
  // it is another file than before, which has nothing of a record that was begun. An Error with
  // kDrop is about this place alone, and will not pass: its records are dropped. Any other is
  // waited out.
  virtual Result<void> refresh(std::string_view place, size_t size, bool& changed) = 0;
  // Whether, when refresh() has failed, the kernel may have lost what it took of this piece, so
  // that all of it has to be written again. Told once.
  virtual bool take_lost() { return false; }
  virtual int fd() const = 0;
  // Output's thread, behind each piece: makes it as durable as the config wants it to be. After an
  // Error the piece is written again, whole: the kernel tells of bytes it could not write once, and
  // takes them for written from then on. The next refresh() must not give the same descriptor.
  virtual Result<void> sync() { return {}; }
  // Output's thread: when tend() wants to be called; max(): not by itself.
  virtual SteadyTime tend_at() const { return SteadyTime::max(); }
  // Output's thread: what is to be done now and then. Between pieces and at the end, and within a
  // piece that cannot be written, before refresh().
  virtual void tend() {}
  // Whether refresh() may fail with kDrop: then records are refused, and may become dead letters.
  virtual bool refuses() const { return false; }
  // A write() must not take more than this at once, lest it block with nobody able to wake it.
  virtual size_t write_limit() const { return SIZE_MAX; }
  // Whether EPIPE means that nobody will ever read again.
  virtual bool ends_with_reader() const { return false; }
  virtual bool is_stdout() const { return false; }
};

// How a record looks: whole lines, each with its line end.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Pipeline thread. The place where this record goes, if the sink has several: the payload's
  // group. Valid until the next call.
  virtual std::string_view place(const Batch&, const Record&, const Identity&) { return {}; }
  // Pipeline thread. Appends nothing but this record's lines.
  virtual void append(Buffer& out, const Batch& batch, const Record& record,
                      const Identity& identity) = 0;
};

// A record of a piece: its bytes end there.
struct Part {
  delivery::Payload* payload;
  uint32_t slice;
  size_t end;
};

// What is written at once, to one place.
struct Piece {
  std::string_view place;
  std::string_view bytes;
  std::vector<Part> parts;
};

// Holds payloads back to write them in another order, or as something else. Output's thread.
class Gatherer {
 public:
  virtual ~Gatherer() = default;
  // Takes a payload, which came at `now`.
  virtual void put(std::unique_ptr<delivery::Payload> payload, SteadyTime now) = 0;
  // The next piece that is due (replaces `piece`; its bytes live until the next call), or false.
  // With `hurry` what has been held longest is, and false means that nothing is held. The caller
  // settles its parts.
  virtual bool next(SteadyTime now, bool hurry, Piece& piece) = 0;
  // When something will be due without another put(); max() when it holds nothing.
  virtual SteadyTime due() const = 0;
  virtual size_t bytes() const = 0;  // of memory that is held
  // A payload that is settled, to be given back; with `any` one that is not, too. Null: none.
  virtual std::unique_ptr<delivery::Payload> take(bool any) = 0;
};

// Canonical JSON, one record a line.
class JsonLines final : public Encoder {
 public:
  void append(Buffer& out, const Batch& batch, const Record& record,
              const Identity& identity) override;
};

}  // namespace waybill::outputs::writer
