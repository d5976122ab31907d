// SPDX-License-Identifier: Apache-2.0
// ConsoleSink: our standard output, written to without ever blocking for good.
#pragma once

#include "delivery/state_dir.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::console {

// A blocked write() cannot be woken, and O_NONBLOCK on descriptor 1 would change it for everybody
// who shares it (the shell, a child). So a pipe or a terminal is opened a second time, through
// /proc, with a mode of its own; where that is not possible, writes stay below PIPE_BUF, which a
// pipe that polls as writable takes whole.
class ConsoleSink final : public writer::Sink {
 public:
  explicit ConsoleSink(int fd = 1) : given_(fd) {}
  Result<void> open() override;
  Result<void> refresh(std::string_view, size_t, bool&) override { return {}; }
  int fd() const override { return own_ ? own_.get() : given_; }
  size_t write_limit() const override { return limit_; }
  bool ends_with_reader() const override { return true; }
  bool is_stdout() const override { return true; }

 private:
  int given_;
  delivery::Fd own_;
  size_t limit_ = SIZE_MAX;
};

}  // namespace waybill::outputs::console
