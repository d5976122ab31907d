// SPDX-License-Identifier: Apache-2.0
// ByteStream: bytes from a descriptor, as they are or through TLS.
#pragma once

#include <span>
#include <string>

#include "inputs/fd.h"

namespace waybill::inputs {

// Main thread only. Closes its descriptor when it goes.
class ByteStream {
 public:
  enum class What : uint8_t {
    kBytes,
    kNothingYet,
    kEnd,   // the other end has closed it
    kTorn,  // it ended, but nobody said so: perhaps not all has come (TLS without close_notify)
    kFailed
  };
  struct Got {
    What what;
    size_t size = 0;       // of kBytes: at least 1
    std::string why = {};  // of kFailed
  };

  virtual ~ByteStream() = default;

  // Reads what is there, at most room.size() bytes (not 0). Fewer mean that it was emptied.
  virtual Got read(std::span<char> room) = 0;
  // What to wait for with poll(2); belongs to this.
  virtual int fd() const = 0;
  // Whether there is something to read though the descriptor may not be readable.
  virtual bool has_more() const { return false; }
};

// A pipe, a terminal, a socket. A torn connection (ECONNRESET) has just ended.
class FdStream final : public ByteStream {
 public:
  explicit FdStream(Fd fd) : fd_(std::move(fd)) {}
  Got read(std::span<char> room) override;
  int fd() const override { return fd_.get(); }

 private:
  Fd fd_;
};

// Bytes of a socket that have come and were not read; 0 where nobody knows.
size_t unread_bytes(int fd);

}  // namespace waybill::inputs
