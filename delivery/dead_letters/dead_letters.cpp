// SPDX-License-Identifier: Apache-2.0
#include "delivery/dead_letters/dead_letters.h"

#include <optional>

#include "core/canonical.h"
#include "core/clock.h"
#include "core/json_text.h"

namespace waybill::delivery {

namespace {

void append_member(Buffer& out, std::string_view key, std::string_view text) {
  append_json_string(out, key);
  out.push_back(':');
  append_json_string(out, text);
  out.push_back(',');
}

void begin_letter(Buffer& out) {
  char time[32];
  char* end = write_rfc3339(wall_now(), 3, time);
  out.push_back('{');
  append_member(out, "time", {time, static_cast<size_t>(end - time)});
}

}  // namespace

Result<std::unique_ptr<DeadLetters>> DeadLetters::open(std::string path, size_t size, Render render,
                                                       Duration patience) {
  auto files = LetterFiles::open(std::move(path), size, patience);
  if (!files) return std::move(files).error();
  return std::unique_ptr<DeadLetters>(new DeadLetters(*std::move(files), std::move(render)));
}

void DeadLetters::set_render(Render render) {
  std::lock_guard lock(render_mutex_);
  render_ = std::move(render);
}

bool DeadLetters::compose(Buffer& out, const Letter& letter) {
  std::optional<Note> note = read_note(letter.note, letter.encoded);
  std::shared_ptr<Source> source = read_source_note(letter.source);
  if (!note || !source) return false;
  std::lock_guard lock(render_mutex_);
  record_.clear();
  render_(record_, *note, std::move(source));
  begin_letter(out);
  append_member(out, "output", letter.output);
  append_member(out, "stage", "deliver");
  append_member(out, "reason", kDropReasonNames[static_cast<size_t>(letter.reason)]);
  append_member(out, "detail", letter.words);
  append_member(out, "original", note->line);
  out.append("\"record\":");
  out.append(record_.view());
  out.append("}\n");
  return true;
}

void DeadLetters::compose_violation(Buffer& out, std::string_view detail, std::string_view line,
                                    std::string_view record) {
  begin_letter(out);
  append_member(out, "stage", "contract");
  append_member(out, "reason", kDropReasonNames[static_cast<size_t>(DropReason::kSchemaViolation)]);
  append_member(out, "detail", detail);
  append_member(out, "original", line);
  out.append("\"record\":");
  out.append(record);
  out.append("}\n");
}

}  // namespace waybill::delivery
