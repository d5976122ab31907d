// SPDX-License-Identifier: Apache-2.0
// PeerSources: one Source per network sender, for as many senders as are worth remembering.
#pragma once

#include <sys/socket.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/source.h"

namespace waybill::inputs {

// "192.0.2.7:514", "[2001:db8::1]:514"; a mapped IPv4 address as what it is; the path of a Unix
// socket. Empty for a sender without a name.
std::string address_text(const sockaddr_storage& address, socklen_t size);

// Bounded: a sender not heard of for longest is forgotten, and is a new one when it comes back.
// Addresses can be forged, so they name a stream and prove nothing. Main thread only.
class PeerSources {
 public:
  struct Peer {
    std::shared_ptr<const Source> source;
    uint64_t offset = 0;  // bytes received from it
  };

  // Sources are copies of `model`, with a number, a nonce and the peer's name of their own.
  explicit PeerSources(Source model, size_t limit = 1024)
      : model_(std::move(model)), limit_(limit) {}

  // The reference holds until the next call.
  Peer& of(const sockaddr_storage& address, socklen_t size);
  size_t size() const { return order_.size(); }

 private:
  struct Entry {
    std::string key;
    Peer peer;
  };
  Source model_;
  size_t limit_;
  std::list<Entry> order_;  // the one heard of last in front
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // views into order_
};

}  // namespace waybill::inputs
