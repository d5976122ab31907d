// SPDX-License-Identifier: Apache-2.0
// FileInput: follows log files through rotation, truncation and restarts.
//
// Files are read in turns: one read each, a bounded number per turn of the loop. A run of turns
// (a *pass*) ends when no file has more; what it read shares batches. A checkpoint moves when a
// batch has been settled by every output (core/batch.h, Ticket).
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>

#include "inputs/ack_inbox.h"
#include "inputs/file/file_set.h"
#include "inputs/file/settings.h"
#include "inputs/file/watcher.h"
#include "inputs/input.h"
#include "inputs/lifeline.h"

namespace waybill::inputs::file {

class FileInput : public Input {
 public:
  explicit FileInput(FileSettings settings) : settings_(std::move(settings)) {}
  // Saves what was settled after stop().
  ~FileInput() override;

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return run_ && run_->context.once; }
  bool is_file() const override { return true; }
  std::vector<std::string> unread() const override;
  bool reads_file(const std::string& path) const override {
    return selected(settings_.include, settings_.exclude, path);
  }

 private:
  // Everything there is between start and the end.
  struct Run {
    Run(const FileSettings& settings, const std::string& input, const Context& given,
        std::function<void()> on_end_callback);

    const Context context;
    std::function<void()> on_end;
    Watcher watcher;
    FileSet files;
    std::shared_ptr<AckInbox> inbox;
    boost::asio::steady_timer sweep_timer, pace_timer, drain_timer;

    std::deque<TailFile*> history;  // gzip files: they come first, one after the other
    std::deque<TailFile*> ready;    // have something to read, perhaps
    std::deque<TailFile*> closing;  // their unfinished line is the last one
    std::unique_ptr<Batch> batch;   // being filled
    uint64_t batch_number = 0;
    std::vector<SettledRead> reads;  // of `batch`

    bool history_first = false;  // the others wait
    bool turn_posted = false;
    bool waiting_for_room = false;
    bool draining = false;
    bool finished = false;  // on_end was called, or is about to be
    bool unsaved = false;   // something was settled since the last save
    SteadyTime last_pass{}, last_bytes{}, next_durable_try{};
  };

  void sweep(Duration pause);
  void wait_for_news();
  void collect_news();
  void look_at_names(bool scan);
  void enqueue(TailFile& file);
  void post_turn();
  void turn();
  bool prepare_batch(TailFile& file);
  size_t read_file(TailFile& file);
  bool look_at(TailFile& file);
  void begin_again(TailFile& file);
  bool go_on_with_history();
  void end_history(TailFile& file);
  void add_last_line(TailFile& file);
  bool line_is_due(const TailFile& file) const;
  void quiet(TailFile& file);
  void settle_later(TailFile& file);
  uint32_t source_in_batch(TailFile& file);
  void submit_batch();
  void make_nonces_durable();
  void pass_is_over();
  void set_lag();
  void check_drained();
  void finish(bool all_lines);
  void settle();
  void save();

  const FileSettings settings_;
  std::unique_ptr<Run> run_;
  bool stopped_ = false;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::file
