// SPDX-License-Identifier: Apache-2.0
#include "inputs/journald/journald_input.h"

#include <xxhash.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <cstring>

#include "core/log.h"

namespace waybill::inputs::journald {

namespace {

// One turn of the loop.
constexpr size_t kEntriesPerTurn = 512;
// Some file systems tell nobody of what is written through a mapping.
constexpr auto kLook = std::chrono::seconds(1);

Id128 hash_of(std::string_view text) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
  Id128 id;
  std::memcpy(id.data(), bytes.digest, id.size());
  return id;
}

// A cursor is "s=ID;i=NUMBER;b=…": the entry NUMBER, in hex, of the numbering ID (libsystemd writes
// it so since version 38). False for anything else.
bool split_cursor(std::string_view cursor, std::string_view& numbering, uint64_t& number) {
  if (!cursor.starts_with("s=")) return false;
  size_t end = cursor.find(";i=");
  if (end == std::string_view::npos) return false;
  numbering = cursor.substr(2, end - 2);
  std::string_view digits = cursor.substr(end + 3);
  digits = digits.substr(0, digits.find(';'));
  auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return error == std::errc() && stop == digits.data() + digits.size() && !digits.empty();
}

}  // namespace

JournaldInput::~JournaldInput() {
  stop();
  if (!inbox_) return;
  settle();
  inbox_->close();
}

Result<void> JournaldInput::start(const Context& context, std::function<void()> on_end) {
  context_ = std::make_unique<const Context>(context);
  on_end_ = std::move(on_end);
  Result<std::unique_ptr<Journal>> opened =
      Journal::open(settings_.path, settings_.filter, context.max_line);
  if (!opened) return std::move(opened).error();
  journal_ = *std::move(opened);
  if (Result<void> found = find_place(); !found) return found;
  inbox_ = std::make_shared<AckInbox>(context.io, lifeline_.guard([this] { settle(); }));
  look_ = std::make_unique<boost::asio::steady_timer>(context.io);
  if (journal_->fd() >= 0) {
    readiness_ = std::make_unique<Readiness>(context.io);
    readiness_->open(journal_->fd(), Readiness::Direction::kRead, Readiness::Sharing::kOwn);
  }
  wait();
  post_turn();
  return {};
}

Result<void> JournaldInput::find_place() {
  std::vector<FileCheckpoint> kept = context_->checkpoints.load(name);
  if (!kept.empty() && kept.front().path.starts_with("s=")) {
    committed_ = kept.front().path;
    Result<bool> found = journal_->seek_behind(committed_);
    if (!found) return std::move(found).error();
    if (!*found) {
      spdlog::warn(
          "input {}: the journal has lost the entry that was read last, and perhaps others "
          "behind it: going on with the first that is there",
          name);
    }
    return {};
  }
  bool from_end =
      settings_.start_at == StartAt::kEnd && !context_->once && !context_->checkpoints.known(name);
  Result<void> found = from_end ? journal_->seek_end() : journal_->seek_beginning();
  if (!found) return found;
  if (from_end) {
    // What comes while we are away is not to be missed by the next start.
    if (Result<std::string> last = journal_->cursor()) committed_ = *std::move(last);
    save();
  }
  return {};
}

void JournaldInput::wait() {
  if (readiness_) {
    readiness_->wait(lifeline_.guard([this] {
      journal_->refresh();
      post_turn();
      wait();
    }));
  }
  look_->expires_after(kLook);
  look_->async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (error) return;
    journal_->refresh();
    post_turn();
    wait();
  }));
}

void JournaldInput::post_turn() {
  if (turn_posted_ || stopped_ || waiting_for_room_) return;
  turn_posted_ = true;
  boost::asio::post(context_->io, lifeline_.guard([this] {
    turn_posted_ = false;
    turn();
  }));
}

void JournaldInput::on_room() {
  if (!context_ || !std::exchange(waiting_for_room_, false)) return;
  post_turn();
}

void JournaldInput::turn() {
  if (stopped_) return;
  bool more = true;
  for (size_t entries = 0; entries < kEntriesPerTurn;) {
    if (line_.empty() && !read_entry(more)) break;
    std::unique_ptr<Batch> batch = context_->intake.take(std::max(line_.size(), kBatchBytes));
    if (!batch) {
      waiting_for_room_ = true;
      return;
    }
    read_entries(*batch, entries);
    submit(std::move(batch));
  }
  if (more) return post_turn();
  if (context_->once) end();
}

// Fills the batch, as far as there is room and there are entries.
void JournaldInput::read_entries(Batch& batch, size_t& entries) {
  bool more = true;
  while (place(batch)) {
    ++entries;
    if (entries >= kEntriesPerTurn || !read_entry(more)) return;
  }
}

// Makes the line of the next entry. False: there is none yet (`more` is false then), or it cannot
// be read now.
bool JournaldInput::read_entry(bool& more) {
  Result<bool> next = journal_->next();
  more = next && *next;
  if (!next) trouble(next.error().what);
  if (!more) return false;
  Result<std::string> cursor = journal_->cursor();
  Result<uint64_t> time = journal_->realtime_us();
  entry_.begin();
  cut_ = 0;
  Result<void> read = journal_->for_each_field([&](std::string_view data, uint64_t cut) {
    entry_.field(data);
    cut_ += cut;
  });
  if (!cursor || !time || !read) {
    // A damaged file: libsystemd gives what is behind the damage next.
    context_->ledger.missed(MissReason::kDamaged, 1);
    trouble(!cursor ? cursor.error().what : !time ? time.error().what : read.error().what);
    line_ = {};
    return true;
  }
  cursor_ = *std::move(cursor);
  line_ = entry_.finish(*time);
  return true;
}

// False: the line is for the next batch.
bool JournaldInput::place(Batch& batch) {
  if (line_.empty()) return true;
  if (batch.room().size() < line_.size()) return false;
  uint64_t offset = 0;
  uint32_t source = source_for(batch, cursor_, offset);
  std::memcpy(batch.room().data(), line_.data(), line_.size());
  batch.chunks.push_back({source, batch.used(), static_cast<uint32_t>(line_.size()), offset, cut_});
  batch.commit(line_.size());
  placed_ = cursor_;
  line_ = {};
  return true;
}

// Its index in the batch. `offset`: the entry's number.
uint32_t JournaldInput::source_for(Batch& batch, const std::string& cursor, uint64_t& offset) {
  std::string_view numbering;
  std::string key(split_cursor(cursor, numbering, offset) ? numbering : cursor);
  auto found = sources_.find(key);
  if (found == sources_.end()) {
    if (sources_.size() > 64) sources_.clear();  // one a machine, and one a file that was damaged
    auto made = std::make_shared<Source>();
    made->number = next_source_number();
    made->input = name;
    made->format = "json";
    made->nonce = hash_of("journald " + key);
    found = sources_.emplace(key, std::move(made)).first;
  }
  for (uint32_t i = 0; i < batch.sources.size(); ++i) {
    if (batch.sources[i] == found->second) return i;
  }
  batch.sources.push_back(found->second);
  return static_cast<uint32_t>(batch.sources.size() - 1);
}

void JournaldInput::submit(std::unique_ptr<Batch> batch) {
  batch->read_ns = wall_now();
  batch->read_at = steady_now();
  if (!batch->chunks.empty()) {
    uint64_t number = frontier_.add(++sent_);
    cursors_.push_back(placed_);
    batch->ticket = std::make_shared<Ticket>([inbox = inbox_, number] {
      inbox->settled({SettledRead{0, 0, number}});
    });
  }
  context_->intake.submit(std::move(batch));
}

void JournaldInput::settle() {
  bool moved = false;
  uint64_t before = frontier_.committed();
  for (const SettledRead& read : inbox_->take()) moved |= frontier_.settle(read.number);
  if (!moved) return;
  for (uint64_t i = before; i < frontier_.committed(); ++i) {
    committed_ = std::move(cursors_.front());
    cursors_.pop_front();
  }
  save();
}

void JournaldInput::save() {
  FileCheckpoint checkpoint;
  checkpoint.input = name;
  checkpoint.path = committed_;
  context_->checkpoints.save(name, {checkpoint});
}

void JournaldInput::trouble(const std::string& what) {
  if (uint64_t times = trouble_log_.add(steady_now(), 1)) {
    spdlog::warn("input {}: {} ({} time{})", name, what, times, times == 1 ? "" : "s");
  }
}

// What is not read yet is there at the next start.
void JournaldInput::drain() {
  if (context_ && !stopped_) end();
}

void JournaldInput::end() {
  stop();
  boost::asio::post(context_->io, [on_end = on_end_] { on_end(); });
}

// Settled batches still move the checkpoint.
void JournaldInput::stop() {
  if (stopped_ || !context_) return;
  stopped_ = true;
  if (look_) look_->cancel();
  if (readiness_) readiness_->close();
}

}  // namespace waybill::inputs::journald
