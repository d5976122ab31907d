// SPDX-License-Identifier: Apache-2.0
// Note: a record as it was read, kept beside its encoded form until it is settled, so that a dead
// letter can show what was refused. What the encoded form has of the line, as it was written, is
// not kept twice: so a note is read together with the encoded form that it was made for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "core/buffer.h"

namespace waybill::delivery {

struct Note {
  std::string line;         // Record::line
  std::string_view format;  // of the parser that understood it; into the bytes it was read from
  Id128 id{};
  int64_t read_ns = 0;  // when it was read; of a line without a time of its own, its time
  uint64_t offset = 0;
  uint64_t truncated_bytes = 0;
  // The trace that it got from others, or that was made for it: the line alone does not tell.
  // Empty: the line tells, or it has none.
  std::string_view trace_id;  // 32 hex digits; into the bytes it was read from
  TraceOrigin trace_origin = TraceOrigin::kNone;
  int16_t trace_flags = -1;
};

// Appends the note of a record that was encoded as `encoded`.
void append_note(Buffer& out, const Record& record, std::string_view encoded);
// Takes it apart again; nothing when `bytes` are no note. Any bytes are legal input.
std::optional<Note> read_note(std::string_view bytes, std::string_view encoded);

// What a Source says of the lines that came from it, for the notes of one stream to share; and a
// Source that says the same. Null when `bytes` are none; any bytes are legal input.
void append_source_note(Buffer& out, const Source& source);
std::shared_ptr<Source> read_source_note(std::string_view bytes);

}  // namespace waybill::delivery
