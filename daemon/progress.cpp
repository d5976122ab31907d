// SPDX-License-Identifier: Apache-2.0
#include "daemon/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "outputs/printable.h"

namespace waybill::daemon {

namespace {

constexpr Duration kPatience = std::chrono::seconds(1);
constexpr Duration kEvery = std::chrono::milliseconds(100);
constexpr size_t kBarWidth = 30;
constexpr const char* kClearLine = "\r\x1b[K";

size_t columns() {
  struct winsize size {};
  bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(uint64_t total)
    : total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      begin_(steady_now()),
      next_(begin_ + kPatience) {}

Progress::~Progress() { clear(); }

void Progress::show(uint64_t done, const std::string& what) {
  if (!terminal_) return;
  SteadyTime now = steady_now();
  if (now < next_) return;
  next_ = now + kEvery;
  draw(done, what);
}

void Progress::clear() {
  if (shown_) std::fputs(kClearLine, stderr);
  shown_ = false;
}

void Progress::draw(uint64_t done, const std::string& what) {
  double seconds = std::chrono::duration<double>(steady_now() - begin_).count();
  double megabytes = static_cast<double>(done) / 1e6;
  std::string line;
  if (total_ > 0) {
    double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    auto full = static_cast<size_t>(part * kBarWidth);
    line = fmt::format("[{}{}] {:3.0f} % ", std::string(full, '#'),
                       std::string(kBarWidth - full, '.'), part * 100);
  }
  line += fmt::format("{:.0f} MB, {:.0f} MB/s ", megabytes, megabytes / seconds);
  size_t width = columns() - 1;
  std::string name = outputs::printable(what);
  if (line.size() + name.size() > width) {
    size_t room = width > line.size() ? width - line.size() : 0;
    name = name.substr(name.size() - std::min(room, name.size()));
  }
  fmt::print(stderr, "{}{}", kClearLine, (line + name).substr(0, width));
  shown_ = true;
}

}  // namespace waybill::daemon
