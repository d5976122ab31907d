// SPDX-License-Identifier: Apache-2.0
// Payload: the records of one request to one output, encoded, and where each of them lies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/byte_budget.h"
#include "core/clock.h"
#include "delivery/note.h"

namespace waybill::delivery {

// Where the note of a record lies: bytes [begin, begin + size) of Payload::notes. Size 0: it has
// none.
struct NoteRef {
  uint32_t source = 0;  // index into Payload::note_sources
  uint32_t begin = 0;
  uint32_t size = 0;
};

// One encoded record: bytes [begin, begin + size) of its group.
struct Slice {
  uint32_t group = 0;
  uint32_t begin = 0;
  uint32_t size = 0;
  bool settled = false;  // delivered or given up: not to be sent again
  NoteRef note = {};
};

// Records that share what stands before them on the wire: a Loki stream, an OTLP resource and
// scope. Outputs without such a thing use one group with an empty head.
struct Group {
  std::string head;  // the encoded common part, in the output's own form; also the look-up key
  Buffer bytes;      // the encoded records, back to back
};

// What goes over the wire.
struct Body {
  Buffer bytes;
  // Bytes before compression: backends limit those.
  size_t plain_size = 0;
  void clear() {
    bytes.clear();
    plain_size = 0;
  }
};

// Filled by the pipeline thread (Output::append), then handed to the output's thread as a whole.
// Retries send the same bytes: nothing in here depends on when or how often it is sent.
struct Payload {
  explicit Payload(ByteBudget& budget) : charge(budget) {}
  Payload(Payload&&) = delete;

  std::vector<Group> groups;  // the first `group_count` are in use; the others keep their memory
  uint32_t group_count = 0;
  std::vector<Slice> slices;              // in the order in which the records came
  size_t bytes = 0;                       // sum over the slices: what `batch.bytes` limits
  Body body;                              // composed of all slices
  Buffer notes;                           // of the records, where their output keeps dead letters
  std::vector<std::string> note_sources;  // as append_source_note() writes them
  std::vector<TicketRef> tickets;         // of the batches whose records are in here
  uint32_t unticketed = 0;   // records that came without one: their input cannot read them again
  SteadyTime oldest{};       // when the oldest record was read
  uint32_t unsettled = 0;    // slices not settled yet
  bool given_up = false;     // it goes to a spool to stay there, for the next run
  bool from_memory = false;  // it goes to a spool out of memory, which could hold it still
  uint64_t spool_end = 0;    // of records read back from a spool: the sequence number behind
                             // the last of them; 0: they never were in one
  uint64_t copy_of = 0;  // made by copy_unsettled(): the number of the payload that is out; 0: no
                         // copy
  ByteCharge charge;

  // The group with this head: the same one for the same head within a payload.
  uint32_t group(std::string_view head);
  // Room of `group` for a record that is written next; finish it with added().
  Buffer& buffer(uint32_t group) { return groups[group].bytes; }
  // A record has been appended to `group`, from byte `begin` of its buffer to its present end.
  void added(uint32_t group, uint32_t begin);

  // The record that was added last, as it was read.
  void note(const Batch& batch, const Record& record);
  // The same out of the bytes that note_bytes() and note_source() gave, in another process perhaps.
  void note(std::string_view source, std::string_view noted);
  std::string_view encoded(const Slice& slice) const {
    return groups[slice.group].bytes.view().substr(slice.begin, slice.size);
  }
  std::string_view note_bytes(const Slice& slice) const {
    return notes.view().substr(slice.note.begin, slice.note.size);
  }
  std::string_view note_source(const Slice& slice) const {
    return slice.note.size != 0 ? note_sources[slice.note.source] : std::string_view();
  }

  // Slice `index` is delivered or given up, its dead letter is kept if it has one, and it is
  // counted by whoever calls this: a copy for a spool leaves it out.
  void settle(uint32_t index);

  // Makes this, which is empty, hold what is unsettled of `other`, for a spool: records and notes,
  // without its tickets. Another thread may be settling records of it, and composing its body.
  void copy_unsettled(const Payload& other);

  // Empties it for the next records, and lets its tickets go; memory is kept.
  void clear();
  // Charges the budget with what is held now.
  void recharge();
  size_t memory() const;  // bytes held
  // Bytes of the records and their notes: what a spool writes.
  size_t size() const { return bytes + notes.size(); }
  // Nobody will deliver what is unsettled: the tickets must not move a checkpoint. Returns how many
  // of these records their inputs will read again for sure.
  uint32_t abandon();

 private:
  void place_note(uint32_t source, size_t begin);

  uint64_t last_source_ = 0;  // Source::number of note_sources.back(); 0: of none
};

}  // namespace waybill::delivery
