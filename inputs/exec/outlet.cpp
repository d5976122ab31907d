// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/outlet.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "core/log.h"

namespace waybill::inputs::exec {

namespace {

constexpr size_t kMaxPending = 256 * 1024;
constexpr auto kPatience = std::chrono::seconds(1);
// What a terminal takes without waiting when poll() calls it writable; a pipe takes 4096.
constexpr size_t kSmallStep = 256;

}  // namespace

Outlet::Outlet(boost::asio::io_context& io, int fd, std::string name,
               std::function<void()> relieved)
    : fd_(fd),
      name_(std::move(name)),
      relieved_(std::move(relieved)),
      readiness_(io),
      stall_timer_(io) {
  struct stat status {};
  if (fstat(fd_, &status) != 0) {
    gone_ = true;  // started without it
  } else if (S_ISSOCK(status.st_mode)) {
    way_ = Way::kSocket;
    readiness_.open(fd_, Readiness::Direction::kWrite, Readiness::Sharing::kShared);
  } else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    std::string path = "/proc/self/fd/" + std::to_string(fd_);
    own_ = Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    way_ = own_ ? Way::kNonBlocking : Way::kSmallSteps;
    int watched = own_ ? own_.get() : fd_;
    if (!readiness_.open(watched, Readiness::Direction::kWrite, Readiness::Sharing::kShared)) {
      way_ = Way::kDirect;  // /dev/null
    }
  }
}

ssize_t Outlet::write_some(std::string_view bytes) {
  switch (way_) {
    case Way::kDirect: return ::write(fd_, bytes.data(), bytes.size());
    case Way::kNonBlocking: return ::write(own_.get(), bytes.data(), bytes.size());
    case Way::kSocket: return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Way::kSmallSteps: break;
  }
  pollfd ready{fd_, POLLOUT, 0};
  if (poll(&ready, 1, 0) <= 0) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(fd_, bytes.data(), std::min(bytes.size(), kSmallStep));
}

void Outlet::write(std::string_view bytes) {
  if (gone_) return;
  keep(bytes);
  write_pending();
  if (pending_.size() - written_ > kMaxPending && !held_up_ && !dropping_) {
    held_up_ = true;
    stall_timer_.expires_after(kPatience);
    stall_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
      if (!error) stalled();
    }));
  }
}

// Puts bytes behind what waits already; while dropping only as many whole lines as there is room.
void Outlet::keep(std::string_view bytes) {
  if (mid_line_) {
    size_t end = bytes.find('\n');
    size_t rest = end == std::string_view::npos ? bytes.size() : end + 1;
    dropped_ += rest;
    bytes.remove_prefix(rest);
    mid_line_ = end == std::string_view::npos;
  }
  if (dropping_) {
    size_t waiting = pending_.size() - written_;
    size_t room = kMaxPending - std::min(kMaxPending, waiting);
    if (bytes.size() > room) {
      size_t end = room == 0 ? std::string_view::npos : bytes.rfind('\n', room - 1);
      size_t fits = end == std::string_view::npos ? 0 : end + 1;
      dropped_ += bytes.size() - fits;
      mid_line_ = !bytes.ends_with('\n');
      bytes = bytes.substr(0, fits);
    }
  }
  pending_.append(bytes);
}

void Outlet::write_pending() {
  while (written_ < pending_.size()) {
    ssize_t wrote = write_some(std::string_view(pending_).substr(written_));
    if (wrote > 0) {
      written_ += static_cast<size_t>(wrote);
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN && way_ != Way::kDirect) {
      if (written_ > kMaxPending) {
        pending_.erase(0, written_);
        written_ = 0;
      }
      wait();
      return;
    }
    // EPIPE, EIO, ENOSPC: there is nobody to copy to, or no place.
    gone_ = true;
    break;
  }
  caught_up();
}

void Outlet::wait() {
  readiness_.wait(lifeline_.guard([this] {
    write_pending();
    if (held_up_ && pending_.size() - written_ <= kMaxPending / 2) relieve();
  }));
}

void Outlet::caught_up() {
  pending_.clear();
  if (pending_.capacity() > kMaxPending / 4) std::string().swap(pending_);
  written_ = 0;
  if (std::exchange(dropping_, false)) tell();
  if (held_up_) relieve();
  if (done_) {
    stall_timer_.cancel();
    std::exchange(done_, {})();
  }
}

void Outlet::stalled() {
  if (!held_up_) return;
  dropping_ = true;
  relieve();
  // A message on a standard error that nobody reads would have to wait there itself.
  if (name_ != "stderr") tell();
}

void Outlet::relieve() {
  held_up_ = false;
  if (!done_) stall_timer_.cancel();
  if (relieved_) relieved_();
}

void Outlet::tell() {
  if (std::exchange(told_, true)) return;
  spdlog::warn(
      "the reader of our {} is too slow: lines of the command are missing there, though not from "
      "its logs (--quiet switches the copy off)",
      name_);
}

void Outlet::finish(std::function<void()> done) {
  if (gone_ || written_ == pending_.size()) {
    done();
    return;
  }
  done_ = std::move(done);
  stall_timer_.expires_after(kPatience);
  stall_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (error || !done_) return;
    dropped_ += pending_.size() - written_;
    std::exchange(done_, {})();
  }));
}

void Outlet::close() {
  lifeline_.cut();
  stall_timer_.cancel();
  readiness_.close();
  own_.reset();
  gone_ = true;
}

}  // namespace waybill::inputs::exec
