// SPDX-License-Identifier: Apache-2.0
// DatagramReceiver: takes datagrams of one socket in bulk and puts them into batches.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "inputs/input.h"
#include "inputs/lifeline.h"
#include "inputs/peer_sources.h"
#include "inputs/readiness.h"

namespace waybill::inputs {

// Each datagram is a chunk of its sender's stream and may hold several lines; NULs at its end are
// none of its text. What is longer than a slot is cut, marked and counted as truncated.
//
// When there is no batch to be had nothing is read: the kernel's buffer holds what it can and
// counts what it drops (MissReason::kKernel). Main thread only.
class DatagramReceiver {
 public:
  struct Slots {
    unsigned count;  // datagrams per system call
    size_t bytes;    // of the longest datagram that is taken whole
  };
  // The largest that UDP can carry (RFC 768, RFC 791: 65,535 less the headers).
  static constexpr Slots kUdp{32, 65'535};
  // The kernel's usual limit is net.core.wmem_default, 212,992.
  static constexpr Slots kUnix{8, 256 * 1024};

  // `fd`: bound; not closed here. With SO_RXQ_OVFL set its drops are counted. `model` is what its
  // Sources have in common.
  DatagramReceiver(const Context& context, int fd, Slots slots, Source model);
  DatagramReceiver(DatagramReceiver&&) = delete;
  ~DatagramReceiver();

  void start();
  void resume();
  // Calls `idle` once nothing has come for 100 ms.
  void drain(std::function<void()> idle);
  // Submits what was received and reads no more.
  void stop();

 private:
  struct Buffers;

  void wait();
  void receive();
  enum class Taken { kSome, kNone, kNoRoom };
  Taken receive_some();
  void add(size_t slot, size_t size);
  void add_chunk(PeerSources::Peer& peer, const char* bytes, size_t size, uint64_t truncated);
  void add_lines(PeerSources::Peer& peer, const char* bytes, size_t size, uint64_t truncated);
  void count_drops(uint32_t total);
  void count_unseen_drops();
  void submit();
  void flush_soon();
  void check_idle();

  const Context context_;
  const int fd_;
  const Slots slots_;
  PeerSources peers_;
  std::unique_ptr<Buffers> buffers_;
  Readiness readiness_;
  boost::asio::steady_timer flush_timer_, drops_timer_, drain_timer_;
  std::unique_ptr<Batch> batch_;
  bool kernel_counts_ = false;  // SO_RXQ_OVFL is set: a UDP socket
  bool flushing_ = false;       // flush_timer_ runs
  bool drops_timer_runs_ = false;
  bool waiting_for_room_ = false;
  bool stopped_ = false;
  uint32_t drops_ = 0;  // as the kernel last said; wraps
  SteadyTime last_bytes_;
  std::function<void()> idle_;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs
