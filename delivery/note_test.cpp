// SPDX-License-Identifier: Apache-2.0
#include "delivery/note.h"

#include <doctest/doctest.h>

#include "core/test_support.h"
#include "delivery/payload.h"
#include "delivery/spool/entry.h"
#include "delivery/spool/frame.h"

using namespace waybill;
using namespace waybill::delivery;

namespace {

Source app_source() {
  Source source;
  source.number = next_source_number();
  source.input = "app";
  source.path = "/var/log/app.log";
  source.stream = "stderr";
  source.peer = "192.0.2.7:514";
  source.network = true;
  source.trust_service = false;
  return source;
}

std::string line_of(const Payload& payload, size_t record) {
  const Slice& slice = payload.slices[record];
  auto note = read_note(payload.note_bytes(slice), payload.encoded(slice));
  return note ? note->line : "no note";
}

}  // namespace

TEST_CASE("a note says what its record was, and any cut of it is none or another's") {
  testing::Lines lines(app_source());
  Record& record = lines.put("a line", 17);
  record.offset = 99;
  record.id.fill(0xab);
  record.format = "text";
  record.marks.truncated_bytes = 5;
  Buffer bytes;
  append_note(bytes, record, "");
  auto note = read_note(bytes.view(), "");
  REQUIRE(note);
  CHECK(note->line == "a line");
  CHECK(note->format == "text");
  CHECK(note->id == record.id);
  CHECK(note->read_ns == 17);
  CHECK(note->offset == 99);
  CHECK(note->truncated_bytes == 5);
  for (size_t size = 0; size < bytes.size() - record.line.size(); ++size) {
    CHECK_FALSE(read_note(bytes.view().substr(0, size), ""));
  }
}

TEST_CASE("a note keeps the trace that the line itself does not tell") {
  testing::Lines lines;
  Record& record = lines.put("a line");
  record.format = "text";
  std::string_view trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  record.trace_id = Text(trace, TextForm::kClean);
  auto noted = [&](TraceOrigin origin, int16_t flags) {
    record.trace_origin = origin;
    record.trace_flags = flags;
    Buffer bytes;
    append_note(bytes, record, "");
    auto note = read_note(bytes.view(), "");
    REQUIRE(note);
    CHECK(note->line == "a line");
    CHECK(note->format == "text");
    CHECK(note->trace_origin == (note->trace_id.empty() ? TraceOrigin::kNone : origin));
    CHECK(note->trace_flags == (note->trace_id.empty() ? -1 : flags));
    for (size_t size = 0; size < bytes.size() - record.line.size(); ++size) {
      CHECK_FALSE(read_note(bytes.view().substr(0, size), ""));
    }
    return std::string(note->trace_id);
  };
  CHECK(noted(TraceOrigin::kInherited, 1) == trace);
  CHECK(noted(TraceOrigin::kDerived, -1) == trace);
  CHECK(noted(TraceOrigin::kGenerated, 255) == trace);
  CHECK(noted(TraceOrigin::kField, 1).empty());
  CHECK(noted(TraceOrigin::kText, 1).empty());
}

TEST_CASE("what the encoded form has of a line is not kept twice, wherever it stands") {
  std::string run = "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string line, encoded;
  bool shared = true;
  SUBCASE("the whole") { line = encoded = run; }
  SUBCASE("within the encoded form") { line = run, encoded = "{\"m\":\"" + run + "\"}"; }
  SUBCASE("within the line") { line = "<before> " + run + " <behind>", encoded = run; }
  SUBCASE("the end of both") { line = "info " + run, encoded = "level=INFO " + run; }
  SUBCASE("the beginning of both") {
    line = run + std::string(20, 'x'), encoded = run + std::string(90, 'y');
  }
  SUBCASE("a run that repeats itself") {
    line = std::string(200, 'a') + "b", encoded = std::string(100, 'a');
  }
  SUBCASE("too little") { line = "only 0123456789 abcdefghijklm", encoded = line, shared = false; }
  SUBCASE("nothing") { line = run, encoded = std::string(500, 'z'), shared = false; }
  SUBCASE("no encoded form") { line = run, shared = false; }
  testing::Lines lines;
  Record& record = lines.put(line);
  record.format = "text";
  Buffer alone, bytes;
  append_note(alone, record, "");
  append_note(bytes, record, encoded);
  CHECK((bytes.size() < alone.size()) == shared);
  auto note = read_note(bytes.view(), encoded);
  REQUIRE(note);
  CHECK(note->line == line);
  CHECK(note->format == "text");
  // With the wrong encoded form, or cut, it is none or another's.
  if (shared) CHECK_FALSE(read_note(bytes.view(), encoded.substr(0, 40)));
  for (size_t size = 0; size < bytes.size(); ++size) {
    (void)read_note(bytes.view().substr(0, size), encoded);
  }
}

TEST_CASE("a line without a time keeps the one that it was given") {
  testing::Lines lines;
  Record& record = lines.put("x", 17);
  record.time_ns = 18;
  Buffer given, said;
  append_note(given, record, "");
  CHECK(read_note(given.view(), "")->read_ns == 18);
  record.time_said = true;
  append_note(said, record, "");
  CHECK(read_note(said.view(), "")->read_ns == 17);
}

TEST_CASE("what a source's note says makes an equal source") {
  Source source = app_source();
  Buffer bytes;
  append_source_note(bytes, source);
  auto read = read_source_note(bytes.view());
  REQUIRE(read);
  CHECK(read->input == source.input);
  CHECK(read->path == source.path);
  CHECK(read->stream == source.stream);
  CHECK(read->peer == source.peer);
  CHECK(read->network);
  CHECK_FALSE(read->trust_service);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(read_source_note(bytes.view().substr(0, size)) == nullptr);
  }
}

TEST_CASE("notes go through a spool with their records, and entries without them are read") {
  ByteBudget budget(0);
  Payload payload(budget);
  testing::Lines lines(app_source());
  auto add = [&](std::string_view line, bool noted) {
    Record& record = lines.put(line);
    record.format = "text";
    uint32_t group = payload.group("head");
    auto begin = static_cast<uint32_t>(payload.buffer(group).size());
    payload.buffer(group).append("<" + std::string(line) + ">");
    payload.added(group, begin);
    if (noted) payload.note(lines.batch(), record);
  };
  add("one", true);
  add("two", false);
  add("three", true);
  CHECK(payload.note_sources.size() == 1);
  Buffer frames;
  REQUIRE(append_entries(frames, payload, 0) == 3);
  Payload back(budget);
  for (std::string_view rest = frames.view(); !rest.empty();) {
    FrameRead read = read_frame(rest);
    REQUIRE(read.fault == FrameFault::kNone);
    REQUIRE(add_entry(back, read.frame.payload, Now()));
    // Whatever a cut leaves is read or refused, and never further than it goes.
    for (size_t size = 0; size < read.frame.payload.size(); ++size) {
      Payload other(budget);
      std::string cut(read.frame.payload.substr(0, size));
      (void)add_entry(other, cut, Now());
    }
    rest.remove_prefix(read.frame.size);
  }
  REQUIRE(back.slices.size() == 3);
  CHECK(back.groups[0].bytes.view() == "<one><two><three>");
  CHECK(line_of(back, 0) == "one");
  CHECK(back.note_bytes(back.slices[1]).empty());
  CHECK(line_of(back, 2) == "three");
  CHECK(read_source_note(back.note_source(back.slices[2]))->path == "/var/log/app.log");
  back.clear();
  CHECK(back.notes.empty());
}
