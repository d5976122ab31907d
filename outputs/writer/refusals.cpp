// SPDX-License-Identifier: Apache-2.0
#include "outputs/writer/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/log.h"

namespace waybill::outputs::writer {

namespace {

constexpr size_t kMostTold = 100;
// Letters are written at the latest when they have come to this, or to what one file may hold.
constexpr size_t kWriteBytes = size_t{256} * 1024;

}  // namespace

void Refusals::refuse(const Piece& piece, const std::string& problem) {
  kept_ = dropped_ = 0;
  trouble_.clear();
  for (const Part& part : piece.parts) {
    delivery::Payload& payload = *part.payload;
    const delivery::Slice& slice = payload.slices[part.slice];
    if (slice.settled) continue;
    bool kept = letters_ != nullptr && slice.note.size != 0 &&
                letters_->compose(composed_,
                                  {output_, DropReason::kRejected, problem, payload.encoded(slice),
                                   payload.note_bytes(slice), payload.note_source(slice)});
    ++(kept ? pending_ : dropped_);
    if (kept && composed_.size() >= std::min(kWriteBytes, letters_->file_size())) write();
    payload.settle(part.slice);
  }
  if (pending_ != 0) write();
  if (kept_ != 0) ledger_.dead_lettered(kept_);
  if (dropped_ != 0) ledger_.dropped(DropReason::kRejected, dropped_);
  std::string became = "dropped";
  if (kept_ != 0) became = "kept in " + letters_->path();
  if (!trouble_.empty()) became = fmt::format("dropped, as {}: {}", letters_->path(), trouble_);
  say(std::string(piece.place), problem, became, kept_ + dropped_);
}

// What was composed is on disk then, or added to what is dropped.
void Refusals::write() {
  Result<void> written = letters_->write(composed_.view());
  composed_.clear();
  (written ? kept_ : dropped_) += std::exchange(pending_, 0);
  if (!written) trouble_ = written.error().what;
}

void Refusals::say(std::string place, const std::string& problem, const std::string& became,
                   uint64_t records) {
  if (told_.size() < kMostTold) {
    if (!told_.insert(std::move(place)).second) return;
    spdlog::error("output {}: {} (what is for it is {})", output_, problem, became);
    return;
  }
  if (told_.contains(place)) return;
  if (uint64_t more = log_.add(steady_now(), records); more != 0) {
    spdlog::error("output {}: {} ({} records for such files: the last ones {})", output_, problem,
                  more, became);
  }
}

}  // namespace waybill::outputs::writer
