// SPDX-License-Identifier: Apache-2.0
#include "inputs/datagram_receiver.h"

#include <linux/sock_diag.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "core/check.h"
#include "core/log.h"
#include "inputs/beyond_budget.h"

namespace waybill::inputs {

namespace {

// What comes within this time shares a batch; reading goes on meanwhile, as the kernel's buffer
// may be small.
constexpr auto kGather = std::chrono::milliseconds(2);
constexpr auto kIdle = std::chrono::milliseconds(100);
constexpr auto kIdleCheck = std::chrono::milliseconds(20);
constexpr auto kDropsCheck = std::chrono::seconds(1);
constexpr int kRoundsPerTurn = 16;
constexpr size_t kUsefulRoom = 32 * 1024;

// Drops of this socket since it was made; nothing where the kernel does not say.
std::optional<uint32_t> drops_of(int fd) {
  std::array<uint32_t, SK_MEMINFO_VARS> values{};
  socklen_t size = sizeof values;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values.data(), &size) != 0) return std::nullopt;
  if (size <= SK_MEMINFO_DROPS * sizeof values[0]) return std::nullopt;
  return values[SK_MEMINFO_DROPS];
}

}  // namespace

// Where the kernel puts datagrams. Mapped, so that pages cost memory only once they are used: for
// usual datagrams that is one page per slot.
struct DatagramReceiver::Buffers {
  explicit Buffers(Slots slots)
      : messages(slots.count), vectors(slots.count), peers(slots.count), control(slots.count) {
    bytes_size = slots.count * slots.bytes;
    void* mapped = mmap(nullptr, bytes_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    WAYBILL_CHECK(mapped != MAP_FAILED, "no address space for datagrams");
    bytes = static_cast<char*>(mapped);
    for (size_t i = 0; i < slots.count; ++i) vectors[i] = {bytes + i * slots.bytes, slots.bytes};
  }
  Buffers(Buffers&&) = delete;
  ~Buffers() { munmap(bytes, bytes_size); }

  struct Control {
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(uint32_t))];
  };
  char* bytes;
  size_t bytes_size;
  std::vector<mmsghdr> messages;
  std::vector<iovec> vectors;
  std::vector<sockaddr_storage> peers;
  std::vector<Control> control;
};

DatagramReceiver::DatagramReceiver(const Context& context, int fd, Slots slots, Source model)
    : context_(context),
      fd_(fd),
      slots_(slots),
      peers_(std::move(model)),
      buffers_(std::make_unique<Buffers>(slots)),
      readiness_(context.io),
      flush_timer_(context.io),
      drops_timer_(context.io),
      drain_timer_(context.io),
      last_bytes_(steady_now()) {}

DatagramReceiver::~DatagramReceiver() = default;

void DatagramReceiver::start() {
  int counts = 0;
  socklen_t size = sizeof counts;
  kernel_counts_ = getsockopt(fd_, SOL_SOCKET, SO_RXQ_OVFL, &counts, &size) == 0 && counts != 0;
  bool pollable = readiness_.open(fd_, Readiness::Direction::kRead, Readiness::Sharing::kOwn);
  WAYBILL_CHECK(pollable, "a socket can be waited for");
  wait();
}

void DatagramReceiver::wait() {
  readiness_.wait(lifeline_.guard([this] { receive(); }));
}

void DatagramReceiver::resume() {
  if (!waiting_for_room_ || stopped_) return;
  waiting_for_room_ = false;
  wait();
}

void DatagramReceiver::receive() {
  for (int round = 0; round < kRoundsPerTurn; ++round) {
    switch (receive_some()) {
      case Taken::kSome: continue;
      case Taken::kNone:
        flush_soon();
        wait();
        return;
      case Taken::kNoRoom: waiting_for_room_ = true; return;
    }
  }
  // Others get their turn. Not wait(): if nothing more comes, nobody would submit what is here.
  boost::asio::post(context_.io, lifeline_.guard([this] { receive(); }));
}

DatagramReceiver::Taken DatagramReceiver::receive_some() {
  // Usual datagrams are short and fit; add_chunk() sees to those that do not.
  if (batch_ && batch_->room().size() < kUsefulRoom) submit();
  if (!batch_) batch_ = context_.intake.take();
  if (!batch_) return Taken::kNoRoom;
  for (size_t i = 0; i < slots_.count; ++i) {
    msghdr& header = buffers_->messages[i].msg_hdr;
    header = {};
    header.msg_name = &buffers_->peers[i];
    header.msg_namelen = sizeof(sockaddr_storage);
    header.msg_iov = &buffers_->vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = buffers_->control[i].space;
    header.msg_controllen = sizeof buffers_->control[i].space;
  }
  // With MSG_TRUNC the size said is the datagram's, even when it was cut.
  int got =
      recvmmsg(fd_, buffers_->messages.data(), slots_.count, MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (got <= 0) {
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      spdlog::warn("receiving datagrams failed: {}", std::strerror(errno));
    }
    return Taken::kNone;
  }
  last_bytes_ = steady_now();
  for (size_t i = 0; i < static_cast<size_t>(got); ++i) add(i, buffers_->messages[i].msg_len);
  // Drops behind the last datagram are told by nobody: look for them later.
  if (kernel_counts_ && !std::exchange(drops_timer_runs_, true)) {
    drops_timer_.expires_after(kDropsCheck);
    drops_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
      drops_timer_runs_ = false;
      if (!error) count_unseen_drops();
    }));
  }
  return Taken::kSome;
}

void DatagramReceiver::add(size_t slot, size_t size) {
  msghdr& header = buffers_->messages[slot].msg_hdr;
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL) {
      uint32_t total;
      std::memcpy(&total, CMSG_DATA(at), sizeof total);
      count_drops(total);
    }
  }
  if (size == 0) return;
  const char* bytes = buffers_->bytes + slot * slots_.bytes;
  size_t kept = std::min(size, slots_.bytes);
  PeerSources::Peer& peer = peers_.of(buffers_->peers[slot], header.msg_namelen);
  uint64_t next = peer.offset + size;
  uint64_t cut = size - kept;
  // NULs end a string in C; more than one line end makes no more lines.
  bool ended = false;
  while (cut == 0 && kept > 0 && (bytes[kept - 1] == '\0' || bytes[kept - 1] == '\n')) {
    ended = ended || bytes[kept - 1] == '\n';
    --kept;
  }
  if (kept == 0 || ended) buffers_->bytes[slot * slots_.bytes + kept++] = '\n';
  add_lines(peer, bytes, kept, cut);
  peer.offset = next;
}

// A datagram's lines; one over max_line, or the last one of a cut datagram, is a chunk of its own.
void DatagramReceiver::add_lines(PeerSources::Peer& peer, const char* bytes, size_t size,
                                 uint64_t truncated) {
  const size_t max_line = context_.max_line;
  if (size <= max_line && truncated == 0) {
    add_chunk(peer, bytes, size, 0);
    return;
  }
  while (size > 0) {
    const void* end = std::memchr(bytes, '\n', size);
    size_t line = size;
    if (end != nullptr) line = static_cast<size_t>(static_cast<const char*>(end) - bytes);
    size_t kept = std::min(line, max_line);
    uint64_t cut = (line - kept) + (end == nullptr ? truncated : 0);
    size_t next = end != nullptr ? line + 1 : line;
    add_chunk(peer, bytes, cut == 0 ? next : kept, cut);
    peer.offset += next;
    bytes += next;
    size -= next;
  }
}

void DatagramReceiver::add_chunk(PeerSources::Peer& peer, const char* bytes, size_t size,
                                 uint64_t truncated) {
  if (batch_->room().size() < size) {
    submit();
    batch_ = context_.intake.take(std::max(kBatchBytes, slots_.bytes));
    if (!batch_) batch_ = batch_beyond_budget(slots_.bytes);
  }
  std::vector<std::shared_ptr<const Source>>& sources = batch_->sources;
  // The sender of the last datagram is mostly that of this one; others are few in a batch.
  size_t index = sources.size();
  while (index > 0 && sources[index - 1] != peer.source) --index;
  if (index == 0) {
    sources.push_back(peer.source);
    index = sources.size();
  }
  Chunk chunk;
  chunk.source = static_cast<uint32_t>(index - 1);
  chunk.begin = batch_->used();
  chunk.size = static_cast<uint32_t>(size);
  chunk.offset = peer.offset;
  chunk.truncated_bytes = truncated;
  std::memcpy(batch_->room().data(), bytes, size);
  batch_->commit(size);
  batch_->chunks.push_back(chunk);
}

void DatagramReceiver::count_drops(uint32_t total) {
  // A 32-bit counter that wraps; what was queued earlier may carry an older value.
  int32_t more = static_cast<int32_t>(total - drops_);
  if (more <= 0) return;
  drops_ = total;
  context_.ledger.missed(MissReason::kKernel, static_cast<uint64_t>(more));
}

void DatagramReceiver::count_unseen_drops() {
  if (!kernel_counts_) return;
  if (auto drops = drops_of(fd_)) count_drops(*drops);
}

void DatagramReceiver::flush_soon() {
  if (!batch_ || std::exchange(flushing_, true)) return;
  flush_timer_.expires_after(kGather);
  flush_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    flushing_ = false;
    if (!error) submit();
  }));
}

void DatagramReceiver::submit() {
  if (!batch_) return;
  batch_->read_ns = wall_now();
  batch_->read_at = steady_now();
  context_.intake.submit(std::move(batch_));
}

void DatagramReceiver::drain(std::function<void()> idle) {
  if (idle_ || stopped_) return;
  idle_ = std::move(idle);
  last_bytes_ = steady_now();
  check_idle();
}

void DatagramReceiver::check_idle() {
  if (!waiting_for_room_ && steady_now() - last_bytes_ >= kIdle) {
    submit();
    count_unseen_drops();
    boost::asio::post(context_.io, lifeline_.guard([idle = idle_] { idle(); }));
    return;
  }
  drain_timer_.expires_after(kIdleCheck);
  drain_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (!error) check_idle();
  }));
}

void DatagramReceiver::stop() {
  if (std::exchange(stopped_, true)) return;
  submit();
  count_unseen_drops();
  lifeline_.cut();
  flush_timer_.cancel();
  drops_timer_.cancel();
  drain_timer_.cancel();
  readiness_.close();
}

}  // namespace waybill::inputs
