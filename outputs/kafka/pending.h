// SPDX-License-Identifier: Apache-2.0
// Pending: what was popped and is not settled, topic by topic: what goes next, and what again.
//
// The order of a topic's records is kept: after a failure nothing more of it is sent until all that
// was under way has been reported, and then it goes on with the oldest that has to go again.
//
// A broker refuses a whole batch for one bad record and does not name it. So a topic whose records
// were refused is sent in parts that shrink by halves, one after the other, until the bad record
// stands alone; then the parts grow again.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "delivery/backoff.h"
#include "delivery/payload.h"

namespace waybill::outputs::kafka {

struct Flight;
struct Topic;

// The records of one payload for one topic.
struct Lot {
  enum class State : uint8_t { kWaiting, kOut, kDone };
  struct Entry {
    Lot* lot;
    uint32_t slice;  // index into the payload's
    State state = State::kWaiting;
  };
  Flight* flight;
  Topic* topic;
  std::vector<Entry> entries;  // stays put: an entry's address goes to librdkafka and back
  size_t next = 0;             // no waiting one stands before it
  size_t open = 0;             // waiting or out
};
using Entry = Lot::Entry;

// A payload that was popped.
struct Flight {
  std::unique_ptr<delivery::Payload> payload;
  std::deque<Lot> lots;
  size_t open = 0;     // records that are waiting or out
  SteadyTime began{};  // when its first record was sent
};

struct Topic {
  static constexpr size_t kNoLimit = SIZE_MAX;

  std::string name;
  std::deque<Lot*> lots;  // by age; those in front may be done
  size_t waiting = 0, out = 0;
  size_t waiting_bytes = 0;
  // The part that is under way: how many may be sent at most, were sent, and were refused as bad.
  size_t at_once = kNoLimit;
  size_t sent = 0, refused = 0;
  // Why it is held, if it is.
  enum class Trouble : uint8_t { kNone, kRetry, kMisconfigured };
  Trouble trouble = Trouble::kNone;
  bool stopped = false;     // something failed: no more until all that is out is reported
  SteadyTime not_before{};  // then
  uint32_t failures = 0;    // in a row
  uint64_t failed_at = 0;   // when it failed last, as Pending counts
  uint64_t taken_at = 0;    // when a record of it was delivered last
  std::string why;          // of the last failure, for people
  bool hopeless = false;    // refused again at the end: not to be sent any more
  delivery::Backoff backoff;

  bool held() const { return trouble != Trouble::kNone; }
  // Whether a record of it may be sent, but for a back-off.
  bool ready() const { return waiting > 0 && !stopped && !hopeless && sent < at_once; }
};

// One thread.
class Pending {
 public:
  void add(std::unique_ptr<delivery::Payload> payload);

  // The record to be sent next, or null: nothing may be sent at `now`. One of these follows:
  // sent(), done() or failed().
  Entry* next(SteadyTime now);
  // The end is near: no back-off is waited out, and what fails twice in a row is hopeless.
  void hurry();
  // It is under way.
  void sent(Entry& entry, SteadyTime now);
  // It was under way, or would have been, and is delivered or given up.
  void done(Entry& entry, bool delivered);
  // The same, but has to go again. `now`: the back-off begins.
  void failed(Entry& entry, Topic::Trouble trouble, SteadyTime now);
  // It was taken back, or its producer has gone: again, and nobody's fault.
  void again(Entry& entry);
  // It was refused as bad, perhaps for another one's sake. True: it was alone, so it is bad; done()
  // follows. False: it goes again, with fewer others.
  bool refused(Entry& entry);
  // Nothing that is out will be reported any more: again() for all of it.
  void all_again();

  // The same before anybody knows that: librdkafka may go on to read what is out. Payloads get
  // copies of what they hold, and these are the bytes themselves. Nobody else may use the payloads
  // meanwhile.
  std::vector<Buffer> leave_bytes();

  // What is left of the oldest payload, if that is only for topics that are held as misconfigured,
  // while another one has taken records since they failed last; else nothing.
  std::vector<Lot*> held_up();
  // What waits of a lot that held_up() has named goes to the topic `name` instead.
  void move(Lot& lot, const std::string& name);
  Topic& topic(const std::string& name);

  // What is settled as a whole, in order of its age, or null.
  std::unique_ptr<Flight> take_finished();
  // Whatever is there, oldest first; nothing may be out.
  std::unique_ptr<delivery::Payload> take_any();

  bool empty() const { return flights_.empty(); }
  size_t out() const { return out_; }
  size_t out_bytes() const { return out_bytes_; }
  // Bytes that are out or wait; of topics that are held only `with_held`.
  size_t bytes(bool with_held) const;
  bool any_held() const;
  // Nothing is left but what is hopeless.
  bool only_hopeless() const;
  // When next() is worth asking again because of a back-off that ends; max(): not for that.
  SteadyTime due() const;

 private:
  void back(Entry& entry);
  void reported(Topic& topic);
  static size_t size_of(const Entry& entry);

  std::deque<std::unique_ptr<Flight>> flights_;
  std::unordered_map<std::string, std::unique_ptr<Topic>> topics_;
  std::vector<Topic*> order_;  // of the topics, for taking turns
  size_t turn_ = 0;
  uint64_t count_ = 0;  // of records delivered
  bool hurried_ = false;
  size_t out_ = 0, out_bytes_ = 0;
};

}  // namespace waybill::outputs::kafka
