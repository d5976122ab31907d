// SPDX-License-Identifier: Apache-2.0
#include "lineage/lineage.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/json_text.h"

using namespace waybill;
using namespace waybill::lineage;

namespace {

constexpr int64_t kSecond = 1'000'000'000;
const std::string kA(32, 'a'), kB(32, 'b');

// Lines of the sources of one process, in their order.
class Program {
 public:
  explicit Program(LineageSettings settings = {}) : lineage_(std::move(settings)) {}

  struct Line {
    std::string trace = {}, request = {}, correlation = {}, thread = {}, service = {};
    double at = 0;      // seconds of event time
    bool timed = true;  // it has a time; else `at` is when it was read
    std::string format = "json";
  };

  // "<trace> <origin>", or "none".
  std::string operator()(const Line& line, const Source& source) {
    batch_.reset(0);
    batch_.sources.assign(1, std::make_shared<const Source>(source));
    batch_.records.clear();
    Record& record = batch_.records.emplace_back();
    record.time_ns = static_cast<int64_t>(line.at * 1e9) + 1'700'000'000 * kSecond;
    record.time_said = line.timed;
    record.read_ns = read_ns_ += 1000;
    if (!line.timed) record.time_ns = record.read_ns = 1'800'000'000 * kSecond + read_ns_;
    record.format = line.format;
    auto text = [](const std::string& id) { return id.empty() ? Text() : raw_text(id); };
    record.request_id = text(line.request);
    record.correlation_id = text(line.correlation);
    record.thread = text(line.thread);
    record.service_name = text(line.service);
    message_ = line.trace.empty() ? "" : "trace_id=" + line.trace;
    record.message = raw_text(message_);
    outcome = lineage_.resolve(batch_, record);
    if (!record.trace_id) return "none";
    CHECK(record.trace_id.size == 32);
    return std::string(record.trace_id.bytes().substr(0, 1)) + " " +
           std::string(trace_origin_name(record.trace_origin));
  }
  std::string operator()(const Line& line) { return (*this)(line, file("/var/log/app.log")); }

  static Source file(const std::string& path, uint64_t number = 1) {
    Source source;
    source.input = "files";
    source.path = path;
    source.number = number;
    return source;
  }
  static Source child(const std::string& stream, uint64_t number) {
    Source source;
    source.input = "exec";
    source.stream = stream;
    source.number = number;
    return source;
  }
  static Source pipe(uint64_t number) {
    Source source;
    source.input = "stdin";
    source.number = number;
    return source;
  }

  Record& record() { return batch_.records.front(); }
  LineageCounts counts() { return lineage_.take_counts(); }
  Lineage& lineage() { return lineage_; }
  Outcome outcome;

 private:
  ByteBudget budget_{1 << 24};
  Batch batch_{budget_};
  Lineage lineage_;
  std::string message_;
  int64_t read_ns_ = 0;
};

LineageSettings by(std::vector<Key> keys) {
  LineageSettings settings;
  settings.inherit = std::move(keys);
  return settings;
}

}  // namespace

TEST_CASE("inheritance: by request id, then by correlation id") {
  Program program;
  CHECK(program({.request = "r1"}) == "none");  // too early: nobody has said a trace yet
  CHECK(program({.trace = kA, .request = "r1", .correlation = "c1"}) == "a text");
  CHECK(program({.request = "r1", .at = 1}) == "a inherited");
  CHECK(program.outcome.inherited_by == Key::kRequestId);
  CHECK(program({.correlation = "c1", .at = 1}) == "a inherited");
  CHECK(program.outcome.inherited_by == Key::kCorrelationId);
  CHECK(program({.request = "r2", .correlation = "c1", .at = 1}) == "a inherited");
  CHECK(program({.request = "r2", .at = 1}) == "none");  // r2 itself was never seen with a trace
  CHECK(program({.request = "c1", .at = 1}) == "none");  // another kind of key
  CHECK(program({.at = 1}) == "none");
  CHECK(program({.trace = kB, .request = "r1", .at = 2}) == "b text");  // its own counts
}

TEST_CASE("inheritance: the keys of the settings, in their order") {
  Program program(by({Key::kCorrelationId, Key::kRequestId}));
  program({.trace = kA, .request = "r"});
  program({.trace = kB, .correlation = "c"});
  CHECK(program({.request = "r", .correlation = "c"}) == "b inherited");
  Program off(by({}));
  off({.trace = kA, .request = "r"});
  CHECK(off({.request = "r"}) == "none");
  CHECK(off.lineage().bytes() == 0);
}

TEST_CASE("inheritance: ids that say that there is none are no keys") {
  Program program;
  for (std::string none : {"-", "null", "0", "None"}) {
    CAPTURE(none);
    program({.trace = kA, .request = none});
    CHECK(program({.request = none}) == "none");
  }
}

TEST_CASE("inheritance: a key of two traces gives neither, until the first is out of time") {
  Program program;
  program({.trace = kA, .request = "r"});
  program({.trace = kB, .request = "r", .at = 10});
  CHECK(program({.request = "r", .at = 11}) == "none");
  CHECK(program.outcome.ambiguous == Key::kRequestId);
  program({.trace = kB, .request = "r", .at = 25});
  CHECK(program({.request = "r", .at = 30}) == "none");
  CHECK(program({.request = "r", .at = 31}) == "b inherited");
  LineageCounts counts = program.counts();
  CHECK(counts.ambiguous == 2);
  // Another key may help.
  program({.trace = kA, .request = "q", .correlation = "c", .at = 40});
  program({.trace = kB, .request = "q", .at = 40});
  CHECK(program({.request = "q", .correlation = "c", .at = 41}) == "a inherited");
  CHECK(program.counts().ambiguous == 0);
}

TEST_CASE("inheritance: the time limit is of event time, and begins anew with every line") {
  Program program;
  program({.trace = kA, .request = "r"});
  CHECK(program({.request = "r", .at = 30}) == "a inherited");
  CHECK(program({.request = "r", .at = 60}) == "a inherited");
  CHECK(program({.request = "r", .at = 90.001}) == "none");
  CHECK(program.outcome.expired == Key::kRequestId);
  CHECK(program.counts().expired == 1);
  // A new trace of an id that was used long ago is no second one.
  program({.trace = kB, .request = "r", .at = 200});
  CHECK(program({.request = "r", .at = 201}) == "b inherited");
  // Lines that come late are of the same time.
  CHECK(program({.request = "r", .at = 199}) == "b inherited");
  CHECK(program({.request = "r", .at = 100}) == "none");
  // Times that are no times of this world.
  CHECK(program({.request = "r", .at = -9e9}) == "none");
}

TEST_CASE("inheritance: lines without a time are of the time of the lines around them") {
  Program program;  // a backlog: read years after it was written
  program({.trace = kA, .request = "r"});
  CHECK(program({.request = "r", .timed = false}) == "a inherited");
  Program live;  // no line has a time: the read time counts
  live({.trace = kA, .request = "r", .timed = false});
  CHECK(live({.request = "r", .timed = false}) == "a inherited");
}

TEST_CASE("inheritance: within one source") {
  Program program;
  Source other = Program::file("/var/log/other.log", 2);
  program({.trace = kA, .request = "r"});
  CHECK(program({.request = "r"}, other) == "none");
  program({.trace = kB, .request = "r"}, other);
  CHECK(program({.request = "r"}, other) == "b inherited");
  CHECK(program({.request = "r"}) == "a inherited");
  // The next generation of a file, after it was rotated.
  CHECK(program({.request = "r"}, Program::file("/var/log/app.log", 3)) == "a inherited");
  // Both streams of a child; not another pipe.
  program({.trace = kA, .request = "q"}, Program::child("stdout", 4));
  CHECK(program({.request = "q"}, Program::child("stderr", 5)) == "a inherited");
  program({.trace = kA, .request = "q"}, Program::pipe(6));
  CHECK(program({.request = "q"}, Program::pipe(7)) == "none");
}

TEST_CASE("inheritance: what gathers the lines of several programs keeps them apart") {
  Program program;
  Source journal = Program::pipe(9);
  program({.trace = kA, .request = "1", .service = "cart"}, journal);
  program({.trace = kB, .request = "1", .service = "pay"}, journal);
  CHECK(program({.request = "1", .service = "cart"}, journal) == "a inherited");
  CHECK(program({.request = "1", .service = "pay"}, journal) == "b inherited");
  CHECK(program({.request = "1", .service = "mail"}, journal) == "none");
  // A file is of one program, whatever services its lines name.
  program({.trace = kA, .request = "2", .service = "cart"});
  CHECK(program({.request = "2"}) == "a inherited");
}

TEST_CASE("inheritance: a thread's lines, until any other request") {
  Program program(by({Key::kRequestId, Key::kThread}));
  program({.trace = kA, .request = "r1", .thread = "t1"});
  CHECK(program({.thread = "t1"}) == "a inherited");
  CHECK(program.outcome.inherited_by == Key::kThread);
  CHECK(program({.thread = "t2"}) == "none");
  // The request goes on in another thread of the pool: that one is of it now.
  CHECK(program({.request = "r1", .thread = "t2"}) == "a inherited");
  CHECK(program({.thread = "t2"}) == "a inherited");
  // A request that no trace is known of ends it.
  CHECK(program({.request = "r2", .thread = "t1"}) == "none");
  CHECK(program({.thread = "t1"}) == "none");
  CHECK(program({.thread = "t2"}) == "a inherited");
  // Another trace takes its place: a thread works on one after the other.
  program({.trace = kB, .thread = "t2"});
  CHECK(program({.thread = "t2"}) == "b inherited");
  CHECK(program({.thread = "t2", .at = 100}) == "none");
  CHECK(program.counts().ambiguous == 0);
  // Not asked for: no inheritance by thread.
  Program usual;
  usual({.trace = kA, .request = "r1", .thread = "t1"});
  CHECK(usual({.thread = "t1"}) == "none");
}

TEST_CASE("inheritance: the sampled flag comes along, the span does not") {
  Program program;
  program({.trace = kA + " trace_flags=01 span_id=00f067aa0ba902b7", .request = "r"});
  CHECK(program.record().span_id.bytes() == "00f067aa0ba902b7");
  CHECK(program({.request = "r"}) == "a inherited");
  CHECK(program.record().trace_flags == 1);
  CHECK_FALSE(static_cast<bool>(program.record().span_id));
}

TEST_CASE("derived ids: known ones, the same everywhere") {
  auto derived = [](std::string_view id, std::string_view key = {}) {
    TraceDigits digits = derived_trace_id(id, key);
    return std::string(view(digits));
  };
  CHECK(derived("r-1") == "a5fa777a3dc67268caea6eea038ba141");
  CHECK(derived("4711") == "de650d61f5bd166a91f8ccec3158297d");
  CHECK(derived("9f1c2a77-6c1b-4b57-9a3e-0d8b8a2b9c11") == "bd29da7e6634bb7ba9f5690e869bd4a7");
  CHECK(derived("r-1", "0123456789abcdef") == "f572ba5203ee74dff10699fa48d39392");
  CHECK(derived("größe", "0123456789abcdef") == "8f424a2ebf0eb12e1d7777033fa2b46a");
}

TEST_CASE("derived ids: what lines get") {
  LineageSettings settings;
  settings.derive = true;
  Program program(settings), other(settings);
  program({.request = "r-1"});
  std::string id(program.record().trace_id.bytes());
  TraceDigits expected = derived_trace_id("r-1", "");
  CHECK(id == view(expected));
  CHECK(program.record().trace_origin == TraceOrigin::kDerived);
  program({.request = "r-1", .at = 10'000});
  CHECK(program.record().trace_id.bytes() == id);
  other({.request = "r-1"}, Program::file("/elsewhere", 7));
  CHECK(other.record().trace_id.bytes() == id);
  CHECK(program({.correlation = "r-1"}) == "none");
  CHECK(program({.request = "-"}) == "none");
  // A real one counts more, from when it is known.
  program({.trace = kA, .request = "r-1", .at = 10'000});
  CHECK(program({.request = "r-1", .at = 10'000}) == "a inherited");
}

TEST_CASE("generated ids: one for a request id") {
  LineageSettings settings;
  settings.generate = Generate::kRequest;
  Program program(settings);
  program({.request = "r1"});
  std::string first(program.record().trace_id.bytes());
  CHECK(program.record().trace_origin == TraceOrigin::kGenerated);
  program({.request = "r2"});
  std::string second(program.record().trace_id.bytes());
  program({.request = "r1", .at = 20});
  CHECK(program.record().trace_id.bytes() == first);
  CHECK(first != second);
  program({.request = "r1", .at = 100});  // an id that is used again later is another request's
  CHECK(program.record().trace_id.bytes() != first);
  CHECK(program({}) == "none");
  program({.trace = kA, .request = "r2"});
  CHECK(program({.request = "r2"}) == "a inherited");
}

TEST_CASE("generated ids: one for the run") {
  LineageSettings settings;
  settings.generate = Generate::kRun;
  Program program(settings);
  TraceDigits run = run_trace_id();
  program({.request = "r1"});
  CHECK(program.record().trace_id.bytes() == view(run));
  program({});
  CHECK(program.record().trace_id.bytes() == view(run));
  CHECK(program.record().trace_origin == TraceOrigin::kGenerated);
  CHECK(program({.trace = kA, .request = "r1"}) == "a text");
  CHECK(program({.request = "r1"}) == "a inherited");  // nothing keeps the run's id for a request
  auto parent = run_traceparent();
  auto parsed = parse_traceparent(parent);
  REQUIRE(parsed);
  CHECK(parsed->trace_id == view(run));
  CHECK(run_traceparent() != parent);
}

TEST_CASE("inheritance: a bounded memory, however many keys there are") {
  LineageSettings settings;
  settings.max_keys = 1024;
  Program program(settings);
  for (int i = 0; i < 100'000; ++i) {
    program({.trace = kA, .request = "r" + std::to_string(i), .at = i / 10'000.0});
  }
  CHECK(program({.request = "r99999", .at = 10}) == "a inherited");
  CHECK(program({.request = "r0", .at = 10}) == "none");
  CHECK(program.lineage().bytes() <= 1024 * TraceTable::kPlaceBytes);
  LineageCounts counts = program.counts();
  CHECK(counts.keys <= 1024);
  CHECK(counts.evicted > 90'000);
  CHECK(counts.bytes == program.lineage().bytes());
  // An id of any size takes one place.
  std::string huge(64 * 1024, 'x');
  program({.trace = kB, .request = huge, .at = 10});
  CHECK(program({.request = huge, .at = 10}) == "b inherited");
}

TEST_CASE("refused ids are counted by carrier") {
  Program program;
  CHECK(program({.trace = "banana"}) == "none");
  CHECK(program.counts().refused[static_cast<size_t>(Carrier::kTraceId)] == 1);
  CHECK(program({.trace = "0"}) == "none");
  CHECK(program.counts().refused[static_cast<size_t>(Carrier::kTraceId)] == 0);
}
