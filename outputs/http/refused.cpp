// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/refused.h"

#include <algorithm>

#include "core/log.h"

namespace waybill::outputs::http {

namespace {

// Letters are written at the latest when they have come to this, or to what one file may hold.
constexpr size_t kPostBytes = size_t{256} * 1024;

// Whether it is a verdict on the record itself, which another config or backend may not repeat.
bool worth_keeping(DropReason why) {
  return why == DropReason::kRejected || why == DropReason::kTooLarge;
}

}  // namespace

void Refused::add(const delivery::Payload& payload, std::span<const uint32_t> picks, DropReason why,
                  const std::string& words) {
  std::lock_guard lock(mutex_);
  auto reason = static_cast<size_t>(why);
  for (uint32_t pick : picks) {
    Story& story = compose(payload, pick, why, words) ? kept_[reason] : dropped_[reason];
    ++story.pending;
    story.pending_words = words;
    if (composed_.empty()) continue;
    if (composed_.size() >= std::min(kPostBytes, letters_->file_size())) write();
  }
}

bool Refused::compose(const delivery::Payload& payload, uint32_t pick, DropReason why,
                      const std::string& words) {
  const delivery::Slice& slice = payload.slices[pick];
  if (letters_ == nullptr || !worth_keeping(why) || slice.note.size == 0) return false;
  return letters_->compose(composed_, {output_, why, words, payload.encoded(slice),
                                       payload.note_bytes(slice), payload.note_source(slice)});
}

void Refused::add_unnamed(uint64_t records, DropReason why, const std::string& words) {
  std::lock_guard lock(mutex_);
  Story& story = dropped_[static_cast<size_t>(why)];
  story.pending += records;
  story.pending_words = words;
}

void Refused::post() {
  std::lock_guard lock(mutex_);
  if (!composed_.empty()) write();
  for (size_t reason = 0; reason < kDropReasonCount; ++reason) {
    Story& story = dropped_[reason];
    if (story.pending == 0) continue;
    ledger_.dropped(static_cast<DropReason>(reason), story.pending);
    tell(story, reason, false, std::exchange(story.pending, 0));
  }
}

// What was composed is on disk then, or added to what is dropped.
void Refused::write() {
  Result<void> written = letters_->write(composed_.view());
  composed_.clear();
  for (size_t reason = 0; reason < kDropReasonCount; ++reason) {
    Story& story = kept_[reason];
    if (story.pending == 0) continue;
    uint64_t records = std::exchange(story.pending, 0);
    if (written) {
      ledger_.dead_lettered(records);
      tell(story, reason, true, records);
    } else {
      dropped_[reason].pending += records;
      dropped_[reason].pending_words = story.pending_words + "; and " + letters_->path() +
                                       " cannot take them: " + written.error().what;
    }
  }
}

void Refused::tell(Story& story, size_t reason, bool kept, uint64_t records) {
  story.words = story.pending_words;
  if (uint64_t report = story.throttle.add(steady_now(), records)) {
    say(story, reason, kept, report);
  }
}

std::optional<SteadyTime> Refused::due() const {
  std::lock_guard lock(mutex_);
  std::optional<SteadyTime> earliest;
  for (const Stories* stories : {&kept_, &dropped_}) {
    for (const Story& story : *stories) {
      auto due = story.throttle.due();
      if (due && (!earliest || *due < *earliest)) earliest = due;
    }
  }
  return earliest;
}

void Refused::say(bool at_the_end) {
  std::lock_guard lock(mutex_);
  for (bool kept : {true, false}) {
    Stories& stories = kept ? kept_ : dropped_;
    for (size_t reason = 0; reason < kDropReasonCount; ++reason) {
      Throttle& throttle = stories[reason].throttle;
      uint64_t report = at_the_end       ? throttle.rest()
                        : throttle.due() ? throttle.add(steady_now(), 0)
                                         : 0;
      if (report != 0) say(stories[reason], reason, kept, report);
    }
  }
}

void Refused::say(const Story& story, size_t reason, bool kept, uint64_t records) const {
  const char* plural = records == 1 ? "" : "s";
  if (kept) {
    spdlog::error("output {}: {} record{} refused ({}), kept in {}: {}", output_, records, plural,
                  kDropReasonNames[reason], letters_->path(), story.words);
  } else {
    spdlog::error("output {}: dropped {} record{} ({}): {}", output_, records, plural,
                  kDropReasonNames[reason], story.words);
  }
}

}  // namespace waybill::outputs::http
