// SPDX-License-Identifier: Apache-2.0
// Sink and Encoder: what differs between the outputs that write lines to a file descriptor.
#pragma once

#include <string>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/identity.h"
#include "core/result.h"

namespace waybill::outputs::writer {

// Where bytes go.
class Sink {
 public:
  virtual ~Sink() = default;
  // Main thread: opens it for the first time. An Error ends the start.
  virtual Result<void> open() = 0;
  // Output's thread, before each payload and after each failure: makes sure that fd() is still
  // what the config means (a file may have been renamed). `changed` is set when it is another file
  // now, which has nothing of a record that was begun.
  virtual Result<void> refresh(bool& changed) = 0;
  virtual int fd() const = 0;
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
  // Pipeline thread. Appends nothing but this record's lines.
  virtual void append(Buffer& out, const Batch& batch, const Record& record,
                      const Identity& identity) = 0;
};

// Canonical JSON, one record a line.
class JsonLines final : public Encoder {
 public:
  void append(Buffer& out, const Batch& batch, const Record& record,
              const Identity& identity) override;
};

}  // namespace waybill::outputs::writer
