// SPDX-License-Identifier: Apache-2.0
// Tree: the lines of a trace are held until it is quiet, and drawn together as a waterfall. Lines
// that belong to no request are shown at once, pretty.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "outputs/console/pretty.h"
#include "outputs/console/traces.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::console {

// What a picture needs of a record, in a form of our own that never leaves the process.
class TreeLines final : public writer::Encoder {
 public:
  explicit TreeLines(bool colours) : pretty_(colours) {}
  void append(Buffer& out, const Batch& batch, const Record& record,
              const Identity& identity) override;

 private:
  Pretty pretty_;
  SaidReader reader_;
};

// A trace is drawn when nothing of it has come for `quiet`, or when the lines that come now are
// kEventQuiet later by their own times (a backlog is read in seconds); at the latest kLongest after
// its first line, or kMostLines later. What comes then is drawn as another part of it.
class Tree final : public writer::Gatherer {
 public:
  static constexpr Duration kEventQuiet = std::chrono::seconds(30);
  static constexpr Duration kLongest = std::chrono::seconds(10);
  static constexpr size_t kMostLines = 50'000;

  Tree(Duration quiet, bool colours) : quiet_(quiet), colours_(colours) {}

  void put(std::unique_ptr<delivery::Payload> payload, SteadyTime now) override;
  bool next(SteadyTime now, bool hurry, writer::Piece& piece) override;
  SteadyTime due() const override;
  size_t bytes() const override { return bytes_; }
  std::unique_ptr<delivery::Payload> take(bool any) override;

 private:
  struct Place {
    delivery::Payload* payload;
    uint32_t slice;
  };
  struct Request {
    std::string key;
    std::vector<Place> lines;
    SteadyTime last{};    // when the newest of them came
    int64_t last_ns = 0;  // and its own time
  };
  struct Held {
    std::unique_ptr<delivery::Payload> payload;
    SteadyTime came{};
    uint32_t done = 0;  // slices at the front that are drawn
  };
  using Requests = std::list<Request>;

  Requests::iterator chosen(SteadyTime now, bool hurry);
  Requests::iterator oldest();
  void show_strays(writer::Piece& piece);
  void draw(Request& request, writer::Piece& piece);
  void part_from_before(bool picture);

  const Duration quiet_;
  const bool colours_;
  std::vector<Held> held_;  // in the order in which they came
  Requests requests_;       // by their newest line
  std::unordered_map<std::string_view, Requests::iterator> by_key_;
  std::vector<Place> strays_;
  size_t lines_ = 0;  // of requests_
  size_t bytes_ = 0;
  int64_t now_ns_ = 0;  // the time of the line that came last
  bool begun_ = false, after_picture_ = false;
  Buffer text_;
};

}  // namespace waybill::outputs::console
