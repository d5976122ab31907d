// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/file_input.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/log.h"

namespace waybill::inputs::file {

namespace {

constexpr auto kSweep = std::chrono::seconds(1);
constexpr auto kLongestSweep = std::chrono::seconds(10);
constexpr int kSweepShare = 200;  // a sweep takes at most one part in so many of the time
// Passes begin no closer than this: a writer that flushes every line costs 50 wake-ups a second
// at most, and its lines share batches.
constexpr auto kPace = std::chrono::milliseconds(20);
constexpr int kMostLooks = 8;  // at names, before what was found is read
constexpr auto kQuietBeforeEnd = std::chrono::seconds(1);
constexpr auto kDrainCheck = std::chrono::milliseconds(50);
// One turn of the loop: long enough to be cheap, short enough for signals and sockets.
constexpr size_t kBytesPerTurn = 256 * 1024;
constexpr size_t kReadsPerTurn = 64;
// A read into less room than this goes into the next batch, unless less is to be read.
constexpr uint64_t kUsefulRoom = 64 * 1024;
constexpr uint64_t kLeastRoom = 4 * 1024;

}  // namespace

FileInput::Run::Run(const FileSettings& settings, const std::string& input, const Context& given,
                    std::function<void()> on_end_callback)
    : context(given),
      on_end(std::move(on_end_callback)),
      watcher(given.io, input),
      files(settings, input, given, watcher),
      sweep_timer(given.io),
      pace_timer(given.io),
      drain_timer(given.io) {}

FileInput::~FileInput() {
  stop();
  if (!run_) return;
  settle();
  save();
  run_->inbox->close();
}

Result<void> FileInput::start(const Context& context, std::function<void()> on_end) {
  run_ = std::make_unique<Run>(settings_, name, context, std::move(on_end));
  run_->inbox = std::make_shared<AckInbox>(context.io, lifeline_.guard([this] { settle(); }));
  run_->last_bytes = steady_now();
  run_->watcher.open();
  run_->files.start();
  run_->history = run_->files.history();
  run_->history_first = !run_->history.empty();
  for (const auto& file : run_->files.files()) {
    if (context.once && !file->is_history()) file->limit = file->size();
    if (!run_->history_first) enqueue(*file);
    file->queued = true;  // with history, each waits for its turn
  }
  sweep(kSweep);
  post_turn();  // with --once and without files this is the end
  return {};
}

// ---- what wakes us up ----

// Every second; with very many files less often, so that looking at them stays cheap: what matters
// at once is told by the watcher.
void FileInput::sweep(Duration pause) {
  run_->sweep_timer.expires_after(pause);
  run_->sweep_timer.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (error) return;
    SteadyTime began = steady_now();
    if (run_->unsaved) save();
    run_->files.reap();
    look_at_names(true);
    for (const auto& file : run_->files.files()) {
      if (line_is_due(*file)) enqueue(*file);
    }
    set_lag();
    post_turn();
    sweep(std::clamp<Duration>((steady_now() - began) * kSweepShare, kSweep, kLongestSweep));
  }));
}

void FileInput::wait_for_news() {
  run_->watcher.wait(lifeline_.guard([this] {
    SteadyTime next = run_->last_pass + kPace;
    if (steady_now() >= next) {
      collect_news();
      return;
    }
    run_->pace_timer.expires_at(next);
    run_->pace_timer.async_wait(lifeline_.guard([this](boost::system::error_code error) {
      if (!error) collect_news();
    }));
  }));
}

void FileInput::collect_news() {
  look_at_names(false);
  post_turn();
}

// Takes in what the watcher has to say. Names may move on while we look, so that we find the next
// file where the one that we look for was: we look until nothing has moved, and only then read.
void FileInput::look_at_names(bool scan) {
  for (int looks = 0; looks < kMostLooks; ++looks) {
    Watcher::News news = run_->watcher.collect();
    for (int watch : news.files) {
      if (TailFile* file = run_->files.by_watch(watch)) enqueue(*file);
    }
    if (!news.names && !std::exchange(scan, false)) return;
    for (TailFile* file : run_->files.scan()) enqueue(*file);
    for (const auto& [path, was] : news.renamed) {
      if (TailFile* file = run_->files.find_renamed(was, path)) enqueue(*file);
    }
  }
}

void FileInput::enqueue(TailFile& file) {
  if (file.queued || file.let_go || run_->finished) return;
  file.queued = true;
  run_->ready.push_back(&file);
}

void FileInput::on_room() {
  if (run_ && run_->waiting_for_room && !stopped_) {
    run_->waiting_for_room = false;
    post_turn();
  }
}

// ---- turns ----

void FileInput::post_turn() {
  if (run_->turn_posted || run_->waiting_for_room) return;
  run_->turn_posted = true;
  boost::asio::post(run_->context.io, lifeline_.guard([this] {
    run_->turn_posted = false;
    turn();
  }));
}

void FileInput::turn() {
  size_t bytes = 0;
  for (size_t reads = 0; !run_->ready.empty(); ++reads) {
    if (bytes >= kBytesPerTurn || reads >= kReadsPerTurn) {
      post_turn();
      return;
    }
    TailFile& file = *run_->ready.front();
    if (!file.let_go && !prepare_batch(file)) return;
    run_->ready.pop_front();
    file.queued = false;
    if (!file.let_go) bytes += read_file(file);
  }
  while (!run_->closing.empty()) {
    TailFile& file = *run_->closing.front();
    if (!prepare_batch(file)) return;
    run_->closing.pop_front();
    add_last_line(file);
  }
  pass_is_over();
}

// Makes sure of a batch with room for a read of `file`. False: there is none to be had.
bool FileInput::prepare_batch(TailFile& file) {
  uint64_t wanted = std::clamp(file.unread(), kLeastRoom, kUsefulRoom);
  if (run_->batch && run_->batch->room().size() < file.carry().held() + wanted) submit_batch();
  if (run_->batch) return true;
  run_->batch = run_->context.intake.take(file.carry().wanted());
  run_->waiting_for_room = !run_->batch;
  ++run_->batch_number;
  return !run_->waiting_for_room;
}

size_t FileInput::read_file(TailFile& file) {
  if (!file.looked && !look_at(file)) return 0;
  TailFile::Read done = file.read(*run_->batch, source_in_batch(file));
  if (done.failed != 0) run_->files.cannot_read(file.path, done.failed);
  if (done.other && run_->files.begin_history(file)) done.more = true;
  file.looked = done.more && file.is_open() && file.position() < file.limit;
  if (done.bytes > 0) {
    settle_later(file);
    run_->last_bytes = file.last_bytes;
  }
  if (file.looked || file.is_history()) enqueue(file);
  return done.bytes;
}

// Whether there is something to read; deals with everything else.
bool FileInput::look_at(TailFile& file) {
  if (!run_->files.ensure_open(file)) {
    if (!file.lost_since) return false;  // tried again by the next scan
    // Closed to make room for others, and renamed or removed since.
    if (!run_->files.find_again(file)) {
      if (file.unread() > 0) run_->context.ledger.missed(MissReason::kRotation, file.unread());
      run_->files.let_go(file);
      return false;
    }
    if (!run_->files.ensure_open(file)) return false;  // too many are open just now
  }
  switch (file.look()) {
    case TailFile::Look::kMore: return true;
    case TailFile::Look::kQuiet: quiet(file); return false;
    case TailFile::Look::kReplaced: begin_again(file); return false;
    case TailFile::Look::kCompressed:
      run_->files.ignore(file,
                         "is compressed and not read: rotated logs are read before they are "
                         "compressed (`--once` reads gzip files, too)");
      return false;
    case TailFile::Look::kFailed: return false;
  }
  return false;
}

bool FileInput::line_is_due(const TailFile& file) const {
  return file.carry().held() > 0 && settings_.line_wait > Duration::zero() &&
         steady_now() - file.last_bytes >= settings_.line_wait;
}

// A file without a name is let go once its writer has had time to notice.
void FileInput::quiet(TailFile& file) {
  if (file.is_history()) return end_history(file);
  if (line_is_due(file)) add_last_line(file);
  if (!file.lost_since) return;
  SteadyTime since = std::max(*file.lost_since, file.last_bytes);
  if (steady_now() - since < settings_.rotate_wait) return;
  add_last_line(file);
  run_->files.let_go(file);
}

void FileInput::begin_again(TailFile& file) {
  if (file.unread() > 0) run_->context.ledger.missed(MissReason::kRotation, file.unread());
  add_last_line(file);
  run_->files.begin_again(file);
  file.limit = UINT64_MAX;
  if (run_->context.once) file.limit = 0;  // its present end was that of what is gone
  enqueue(file);
}

// Whether there is more to be read: the next gzip file, or after the last of them all else.
bool FileInput::go_on_with_history() {
  if (!run_->history_first) return false;
  while (!run_->history.empty()) {
    TailFile& file = *run_->history.front();
    run_->history.pop_front();
    file.queued = false;
    if (run_->files.begin_history(file)) {
      enqueue(file);
      return true;
    }
    if (file.unread() > 0) run_->context.ledger.missed(MissReason::kRotation, file.unread());
  }
  run_->history_first = false;
  for (const auto& file : run_->files.files()) {
    if (file->is_history()) continue;
    file->queued = false;
    enqueue(*file);
  }
  return true;
}

void FileInput::end_history(TailFile& file) {
  add_last_line(file);
  if (auto damage = file.take_damage()) {
    // Of a file that was cut nobody knows how much is missing: then it counts as one byte.
    run_->context.ledger.missed(MissReason::kDamaged, std::max<uint64_t>(damage->bytes, 1));
    spdlog::error("input {}: {} is damaged at {}; the {} decompressed bytes before that are read",
                  name, file.path, damage->what, file.position());
  }
  run_->files.end_history(file);
}

// What was begun and will not be ended. Needs prepare_batch().
void FileInput::add_last_line(TailFile& file) {
  if (file.carry().held() == 0) return;
  file.finish_line(*run_->batch, source_in_batch(file));
  settle_later(file);
}

void FileInput::settle_later(TailFile& file) {
  run_->files.needs_nonce(file);
  uint64_t number = file.frontier.add(file.carry().line_start());
  run_->reads.push_back({file.number, file.generation(), number});
}

uint32_t FileInput::source_in_batch(TailFile& file) {
  std::vector<std::shared_ptr<const Source>>& sources = run_->batch->sources;
  bool there = file.in_batch == run_->batch_number && file.batch_source < sources.size() &&
               sources[file.batch_source] == file.source();
  if (!there) {
    file.in_batch = run_->batch_number;
    file.batch_source = static_cast<uint32_t>(sources.size());
    sources.push_back(file.source());
  }
  return file.batch_source;
}

void FileInput::submit_batch() {
  if (!run_->batch) return;
  std::unique_ptr<Batch> batch = std::move(run_->batch);
  std::vector<SettledRead> reads = std::exchange(run_->reads, {});
  if (!batch->chunks.empty()) make_nonces_durable();
  // Reads without a whole line have moved nothing, and are settled already.
  batch->ticket = std::make_shared<Ticket>(
      [inbox = run_->inbox, reads = std::move(reads)] { inbox->settled(reads); });
  batch->read_ns = wall_now();
  batch->read_at = steady_now();
  run_->context.intake.submit(std::move(batch));
}

void FileInput::make_nonces_durable() {
  if (steady_now() < run_->next_durable_try) return;
  Result<void> done = run_->files.make_nonces_durable();
  if (done) return;
  // Logs go on without: after a crash a new file's records could come again under other ids.
  run_->next_durable_try = steady_now() + std::chrono::seconds(30);
  spdlog::error("input {}: checkpoints cannot be written, logs are read all the same: {}", name,
                done.error().what);
}

void FileInput::pass_is_over() {
  submit_batch();
  run_->last_pass = steady_now();
  set_lag();
  if (run_->finished) {
    if (run_->on_end) {
      boost::asio::post(run_->context.io,
                        lifeline_.guard([on_end = std::exchange(run_->on_end, {})] { on_end(); }));
    }
    return;
  }
  if (run_->context.once) {
    if (!run_->draining && go_on_with_history()) return post_turn();
    finish(true);
    return;
  }
  wait_for_news();
}

std::vector<std::string> FileInput::unread() const {
  std::vector<std::string> all;
  if (!run_ || !run_->context.once) return all;
  for (const auto& [path, why] : run_->files.unread()) all.push_back(path + ": " + why);
  return all;
}

void FileInput::set_lag() {
  uint64_t lag = 0;
  for (const auto& file : run_->files.files()) {
    if (!file->let_go) lag += file->unread();
  }
  run_->context.ledger.set_lag(lag);
}

// ---- the end ----

void FileInput::drain() {
  if (!run_ || run_->draining || stopped_) return;
  run_->draining = true;
  run_->last_bytes = steady_now();  // what ends with us may have last words, too
  check_drained();
}

void FileInput::check_drained() {
  if (run_->finished) return;
  bool busy = run_->turn_posted || run_->waiting_for_room || !run_->ready.empty();
  if (!busy && steady_now() - run_->last_bytes >= kQuietBeforeEnd) {
    finish(false);
    return;
  }
  run_->drain_timer.expires_after(kDrainCheck);
  run_->drain_timer.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (!error) check_drained();
  }));
}

// Everything has been read. Lines that are still being written are left for the next start, but
// with `all_lines`, or where there will be nothing to start from.
void FileInput::finish(bool all_lines) {
  run_->finished = true;
  for (const auto& file : run_->files.files()) {
    bool last_chance = all_lines || file->links() == 0;
    if (!file->let_go && file->carry().held() > 0 && last_chance) {
      run_->closing.push_back(file.get());
    }
  }
  post_turn();
}

void FileInput::stop() {
  if (!run_ || stopped_) return;
  stopped_ = true;
  submit_batch();
  lifeline_.cut();
  run_->sweep_timer.cancel();
  run_->pace_timer.cancel();
  run_->drain_timer.cancel();
  run_->watcher.close();
  settle();
  save();
  // The files stay open until the end: what is settled late still needs a mark for its checkpoint.
}

// ---- what was settled ----

void FileInput::settle() {
  for (const SettledRead& read : run_->inbox->take()) {
    TailFile* file = run_->files.by_number(read.file);
    if (file == nullptr || file->generation() != read.generation) continue;
    if (file->frontier.settle(read.number)) run_->unsaved = true;
  }
}

void FileInput::save() {
  run_->unsaved = false;
  run_->files.save();
}

}  // namespace waybill::inputs::file
