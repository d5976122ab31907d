// SPDX-License-Identifier: Apache-2.0
#include "inputs/tls/handshake.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

namespace waybill::inputs::tls {

Handshake::Handshake(boost::asio::io_context& io, std::unique_ptr<Stream> stream, Done done,
                     Duration limit)
    : stream_(std::move(stream)),
      done_(std::move(done)),
      readiness_(io),
      timer_(io),
      last_step_(steady_now()) {
  const bool watched =
      readiness_.open(stream_->fd(), Readiness::Direction::kRead, Readiness::Sharing::kOwn);
  timer_.expires_after(limit);
  timer_.async_wait(lifeline_.guard([this, limit](boost::system::error_code error) {
    if (error) return;
    end(fmt::format("it did not come to an end within {} s",
                    std::chrono::duration<double>(limit).count()));
  }));
  boost::asio::post(io, lifeline_.guard([this, watched] {
    if (watched) return go_on();
    end("the kernel cannot watch another connection");
  }));
}

void Handshake::go_on() {
  std::string why;
  last_step_ = steady_now();
  switch (stream_->handshake(why)) {
    case Stream::Step::kDone: end(""); return;
    case Stream::Step::kWantRead: readiness_.turn(Readiness::Direction::kRead); break;
    case Stream::Step::kWantWrite: readiness_.turn(Readiness::Direction::kWrite); break;
    case Stream::Step::kGone:
      stream_.reset();
      end("");
      return;
    case Stream::Step::kFailed: end(std::move(why)); return;
  }
  readiness_.wait([this] { go_on(); });
}

void Handshake::end(std::string why) {
  timer_.cancel();
  readiness_.close();  // before the descriptor
  if (!why.empty()) stream_.reset();
  const Done done = done_;  // it may let go of us
  done({std::move(stream_), std::move(why)});
}

}  // namespace waybill::inputs::tls
