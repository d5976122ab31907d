// SPDX-License-Identifier: Apache-2.0
// StreamPump: reads one byte stream — a pipe, a terminal, a connection — into batches of lines or
// messages.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "inputs/byte_stream.h"
#include "inputs/input.h"
#include "inputs/lifeline.h"
#include "inputs/readiness.h"
#include "inputs/stream_framer.h"

namespace waybill::inputs {

// Main thread only. What was read is submitted at once, so a line is never held back for others;
// a stream that comes in drops is then given 2 ms to gather more before it is read again.
class StreamPump {
 public:
  struct Hooks {
    // The stream is over: EOF or an error, every line has been submitted. Called once, last.
    std::function<void()> ended;
    // Sees all bytes as they are read. May be empty.
    std::function<void(std::string_view)> copy;
    // True: do not read now; resume() will be called. May be empty.
    std::function<bool()> held_up;
    // Why the stream ended before it should have; else that is logged here. May be empty.
    std::function<void(const std::string&)> trouble;
  };

  // Lines of `fd`, which is closed at the end; with Sharing::kShared its flags are left as they
  // are.
  StreamPump(const Context& context, Fd fd, Readiness::Sharing sharing,
             std::shared_ptr<const Source> source, Hooks hooks);
  // What a stream that is ours alone holds, in this framing. `allowance` outlives this.
  StreamPump(const Context& context, std::unique_ptr<ByteStream> stream, Framing framing,
             CarryAllowance& allowance, std::shared_ptr<const Source> source, Hooks hooks);
  StreamPump(StreamPump&&) = delete;

  void start();
  // There is room again (Input::on_room), or what held it up has passed.
  void resume();
  // Submits a line that was begun, and closes; `ended` is not called.
  void stop();

  bool running() const { return stream_ != nullptr; }
  bool held_up() const { return running() && wants_to_read_; }  // waits for resume()
  // When something was read last, or could be again, or start.
  SteadyTime last_bytes() const { return last_bytes_; }
  bool within_line() const { return framer_.within(); }  // one was begun and not ended

 private:
  void wait();
  void read_once();
  void read_again_later(bool emptied);
  void fill(std::unique_ptr<Batch> batch, size_t size);
  void end(std::unique_ptr<Batch> batch);
  void finish_line(Batch& batch);
  void say(const std::string& trouble) const;
  void submit(std::unique_ptr<Batch> batch);

  const Context context_;
  std::unique_ptr<ByteStream> stream_;
  const Readiness::Sharing sharing_;
  const std::shared_ptr<const Source> source_;
  const Hooks hooks_;
  StreamFramer framer_;
  Readiness readiness_;
  boost::asio::steady_timer pause_;
  bool pollable_ = true;
  bool wants_to_read_ = false;  // read_once() could not go on; resume() tries again
  SteadyTime last_bytes_;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs
