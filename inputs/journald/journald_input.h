// SPDX-License-Identifier: Apache-2.0
// JournaldInput: the entries of a systemd journal, each as one line of JSON.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "core/throttle.h"
#include "inputs/ack_frontier.h"
#include "inputs/ack_inbox.h"
#include "inputs/input.h"
#include "inputs/journald/entry_line.h"
#include "inputs/journald/journal.h"
#include "inputs/lifeline.h"
#include "inputs/readiness.h"

namespace waybill::inputs::journald {

enum class StartAt { kEnd, kBeginning };

struct JournaldSettings {
  std::string path;  // empty: the journal of this host
  Filter filter;
  StartAt start_at = StartAt::kEnd;  // only without a checkpoint of this input
};

// The checkpoint is the cursor of the last entry before which everything has been settled. An
// entry's id comes from the sequence numbers of the journal, so it is the same however often it is
// read.
class JournaldInput : public Input {
 public:
  explicit JournaldInput(JournaldSettings settings) : settings_(std::move(settings)) {}
  ~JournaldInput() override;

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return context_ && context_->once; }
  bool is_file() const override { return true; }  // it waits for us on disk

 private:
  Result<void> find_place();
  void wait();
  void post_turn();
  void turn();
  void read_entries(Batch& batch, size_t& entries);
  bool read_entry(bool& more);
  bool place(Batch& batch);
  uint32_t source_for(Batch& batch, const std::string& cursor, uint64_t& offset);
  void submit(std::unique_ptr<Batch> batch);
  void settle();
  void save();
  void trouble(const std::string& what);
  void end();

  const JournaldSettings settings_;
  std::unique_ptr<const Context> context_;
  std::function<void()> on_end_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<boost::asio::steady_timer> look_;  // what no event tells of
  EntryLine entry_;
  std::string_view line_;  // in entry_: an entry that has found no place yet; empty: none
  std::string cursor_;     // of that entry
  uint64_t cut_ = 0;       // bytes of its fields that are left out
  std::string placed_;     // the cursor of the last one that has found its place
  std::map<std::string, std::shared_ptr<const Source>> sources_;  // by the journal's own id
  // Batches on their way, and the cursor of the last entry of each.
  AckFrontier frontier_;
  uint64_t sent_ = 0;  // batches
  std::deque<std::string> cursors_;
  std::string committed_;  // the cursor to be saved
  std::shared_ptr<AckInbox> inbox_;
  Throttle trouble_log_{std::chrono::minutes(1)};
  bool waiting_for_room_ = false;
  bool turn_posted_ = false;
  bool stopped_ = false;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::journald
