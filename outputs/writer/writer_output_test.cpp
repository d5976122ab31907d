// SPDX-License-Identifier: Apache-2.0
#include "outputs/writer/writer_output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "delivery/state_dir.h"
#include "delivery/test_support.h"

namespace waybill::outputs::writer {
namespace {

using namespace std::chrono_literals;
using delivery::Fd;
using delivery::test::eventually;

// The message and a line end.
class Plain final : public Encoder {
 public:
  void append(Buffer& out, const Batch&, const Record& record, const Identity&) override {
    out.append(record.message.bytes());
    out.push_back('\n');
  }
};

class TestSink final : public Sink {
 public:
  TestSink(int fd, bool console) : fd_(fd), console_(console) {}
  Result<void> open() override { return {}; }
  Result<void> refresh(std::string_view, size_t, bool& changed) override {
    ++refreshes;
    if (refuses) return Error{Action::kDrop, "this place cannot be written"};
    int next = next_fd.exchange(-1);
    if (next >= 0) {
      fd_ = next;
      changed = true;
    }
    return {};
  }
  int fd() const override { return fd_; }
  Result<void> sync() override {
    if (tend_at_ms > 0) tend_at_ = steady_now() + std::chrono::milliseconds(tend_at_ms.load());
    if (failing_syncs == 0) return {};
    --failing_syncs;
    return Error{Action::kRetry, "cannot sync"};
  }
  bool ends_with_reader() const override { return console_; }
  bool is_stdout() const override { return console_; }
  // So many milliseconds after each piece, once; 0: never.
  SteadyTime tend_at() const override { return tend_at_; }
  void tend() override {
    ++tended;
    tend_at_ = SteadyTime::max();
  }
  std::atomic<int> tended{0};
  std::atomic<int> tend_at_ms{0};
  std::atomic<int> refreshes{0};
  std::atomic<int> next_fd{-1};
  std::atomic<bool> refuses{false};
  std::atomic<int> failing_syncs{0};

 private:
  int fd_;
  bool console_;
  SteadyTime tend_at_ = SteadyTime::max();
};

struct Fixture {
  delivery::test::LogCapture log;
  ByteBudget budget{64 << 20};
  OutputLedger ledger{"out"};
  Identity identity;
  std::atomic<int> done{0};
  std::atomic<int> gone{0};
  TestSink* sink = nullptr;
  std::unique_ptr<WriterOutput> output;

  void start(int fd, bool console = false) {
    auto made = std::make_unique<TestSink>(fd, console);
    sink = made.get();
    output = std::make_unique<WriterOutput>(std::move(made), std::make_unique<Plain>());
    output->name = "out";
    output->target = "the target";
    output->on_reader_gone = [this] { ++gone; };
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
  void push(const std::vector<std::string>& texts) {
    std::unique_ptr<delivery::Payload> payload = output->outbox().take();
    Batch batch(budget);
    std::vector<uint32_t> all;
    for (const std::string& text : texts) {
      Record record;
      record.message = Text(text, TextForm::kClean);
      output->append(batch, record, *payload);
      all.push_back(static_cast<uint32_t>(all.size()));
    }
    output->compose(*payload, all, payload->body);
    payload->tickets.push_back(std::make_shared<Ticket>([this] { ++done; }));
    ledger.accept(texts.size());
    output->outbox().push(std::move(payload));
  }
  OutputCounts counts() const { return ledger.snapshot().counts; }
  bool settles() {
    return eventually([&] { return counts().in_flight == 0; });
  }
};

struct Pipe {
  Fd read, write;
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    REQUIRE(fcntl(write.get(), F_SETFL, O_NONBLOCK) == 0);
  }
  std::string take(size_t size) const {
    std::string bytes(size, '\0');
    size_t got = 0;
    while (got < size) {
      ssize_t more = ::read(read.get(), bytes.data() + got, size - got);
      if (more <= 0) break;
      got += static_cast<size_t>(more);
    }
    bytes.resize(got);
    return bytes;
  }
};

TEST_CASE_FIXTURE(Fixture, "writer: records arrive in order and are delivered") {
  Pipe pipe;
  start(pipe.write.get());
  push({"a", "b"});
  push({"c"});
  CHECK(pipe.take(6) == "a\nb\nc\n");
  CHECK(settles());
  CHECK(counts().delivered == 3);
  CHECK(eventually([&] { return done == 2; }));
  CHECK(counts().balanced());
}

TEST_CASE_FIXTURE(Fixture, "writer: compose writes what is picked, in order") {
  Pipe pipe;
  start(pipe.write.get());
  ByteBudget other(1 << 20);
  delivery::Payload payload(other);
  Batch batch(other);
  for (const char* text : {"a", "b", "c"}) {
    Record record;
    record.message = Text(std::string_view(text), TextForm::kClean);
    output->append(batch, record, payload);
  }
  delivery::Body body;
  const uint32_t picks[] = {0, 2};
  output->compose(payload, picks, body);
  CHECK(body.bytes.view() == "a\nc\n");
  CHECK(body.plain_size == 4);
}

TEST_CASE_FIXTURE(Fixture, "writer: a slow reader gets everything, in many partial writes") {
  Pipe pipe;
  start(pipe.write.get());
  std::string large(1 << 20, 'x');  // sixteen times what a pipe holds
  push({large, "end"});
  CHECK(pipe.take(large.size() + 5) == large + "\nend\n");
  CHECK(settles());
  CHECK(counts().delivered == 2);
}

TEST_CASE_FIXTURE(Fixture, "writer: a console's reader that goes ends the run, counted") {
  Pipe pipe;
  start(pipe.write.get(), true);
  CHECK(output->writes_to_stdout());
  push({"a"});
  CHECK(settles());
  pipe.read = Fd();
  push({"b", "c"});
  push({"d"});
  CHECK(settles());
  CHECK(eventually([&] { return done == 3; }));
  output->stop();
  CHECK(gone == 1);
  CHECK(counts().delivered == 1);
  CHECK(counts().dropped[static_cast<size_t>(DropReason::kOutputClosed)] == 3);
  CHECK(counts().balanced());
}

TEST_CASE_FIXTURE(Fixture, "writer: what a failed sync may have lost is written again") {
  Pipe pipe;
  start(pipe.write.get());
  sink->failing_syncs = 1;
  push({"a", "b"});
  CHECK(pipe.take(8) == "a\nb\na\nb\n");
  CHECK(settles());
  CHECK(counts().delivered == 2);
  CHECK(counts().balanced());
}

TEST_CASE_FIXTURE(Fixture, "writer: what a place refuses is dropped, counted, and said once") {
  Pipe pipe;
  start(pipe.write.get());
  sink->refuses = true;
  push({"a", "b"});
  push({"c"});
  CHECK(settles());
  sink->refuses = false;
  push({"d"});
  CHECK(pipe.take(2) == "d\n");
  CHECK(settles());
  output->stop();
  CHECK(counts().delivered == 1);
  CHECK(counts().dropped[static_cast<size_t>(DropReason::kRejected)] == 3);
  CHECK(counts().balanced());
  CHECK(done == 3);
  CHECK(log.count("this place cannot be written") == 1);
}

TEST_CASE_FIXTURE(Fixture, "writer: a sink is tended when it wants to be, and at the end") {
  Pipe pipe;
  start(pipe.write.get());
  push({"a"});
  CHECK(settles());
  sink->tend_at_ms = 1;
  push({"b"});
  CHECK(eventually([&] { return sink->tended == 1; }));
  CHECK(pipe.take(4) == "a\nb\n");
  output->stop();
  CHECK(sink->tended == 2);
}

TEST_CASE_FIXTURE(Fixture, "writer: a full disk holds the records until there is room") {
  delivery::test::TempFolder folder;
  Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  start(full.get());
  push({"a", "b"});
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kRetrying; }));
  CHECK(ledger.snapshot().problem ==
        "cannot write to the target: No space left on device: make room on that disk");
  CHECK(counts().in_flight == 2);
  Fd file(open((folder / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  sink->next_fd = file.get();
  CHECK(settles());
  CHECK(delivery::test::read_file(folder / "f") == "a\nb\n");
  CHECK(counts().delivered == 2);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kOk; }));
  output->stop();
  CHECK(log.count("No space left on device") == 1);
  CHECK(log.has("writing to the target again"));
}

TEST_CASE_FIXTURE(Fixture, "writer: a full disk at the end gets one more attempt") {
  Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  start(full.get());
  push({"a"});
  push({"b"});
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kRetrying; }));
  std::atomic<bool> drained{false};
  output->outbox().on_drained([&] { drained = true; });
  output->outbox().close();
  SteadyTime begin = steady_now();
  output->drain(begin + 20s);
  CHECK(eventually([&] { return drained.load(); }));
  CHECK(steady_now() - begin < 5s);
  CHECK(output->outbox().left() == 2);
  CHECK(counts().in_flight == 2);
  output->stop();
  CHECK(done == 0);
}

TEST_CASE_FIXTURE(Fixture, "writer: a reader that does not read is left at the drain's end") {
  Pipe pipe;
  start(pipe.write.get(), true);
  push({"first", std::string(1 << 20, 'x')});
  CHECK(eventually([&] { return sink->refreshes > 0; }));
  output->outbox().close();
  SteadyTime begin = steady_now();
  output->drain(begin + 400ms);
  CHECK(eventually([&] { return output->outbox().drained(); }));
  CHECK(steady_now() - begin < 5s);
  output->stop();
  CHECK(counts().delivered == 1);  // the pipe took that one whole
  CHECK(output->outbox().left() == 1);
  CHECK(counts().in_flight == 1);
}

TEST_CASE_FIXTURE(Fixture, "writer: stop does not wait for a reader") {
  Pipe pipe;
  start(pipe.write.get());
  push({std::string(1 << 20, 'x')});
  CHECK(eventually([&] { return sink->refreshes > 0; }));
  output->stop();
  output->stop();
  CHECK(output->outbox().left() == 1);
}

// Holds every payload, until it is told to hurry; then each is a piece, the newest first.
class Backwards final : public Gatherer {
 public:
  void put(std::unique_ptr<delivery::Payload> payload, SteadyTime) override {
    held_.push_back(std::move(payload));
  }
  bool next(SteadyTime, bool hurry, Piece& piece) override {
    if (!hurry || held_.empty() || held_.back()->unsettled == 0) return false;
    const delivery::Payload& payload = *held_.back();
    piece.bytes = payload.groups[0].bytes.view();
    piece.parts.clear();
    for (uint32_t i = 0; i < payload.slices.size(); ++i) {
      piece.parts.push_back({held_.back().get(), i, piece.bytes.size()});
    }
    return true;
  }
  SteadyTime due() const override { return SteadyTime::max(); }
  size_t bytes() const override { return held_.size() * bytes_each; }
  std::unique_ptr<delivery::Payload> take(bool any) override {
    if (held_.empty() || (!any && held_.back()->unsettled > 0)) return nullptr;
    std::unique_ptr<delivery::Payload> last = std::move(held_.back());
    held_.pop_back();
    return last;
  }
  size_t bytes_each = 0;

 private:
  std::vector<std::unique_ptr<delivery::Payload>> held_;
};

struct Gathering : Fixture {
  Backwards* gatherer = nullptr;
  void gather(int fd, bool console = false) {
    auto made = std::make_unique<TestSink>(fd, console);
    sink = made.get();
    auto backwards = std::make_unique<Backwards>();
    gatherer = backwards.get();
    output = std::make_unique<WriterOutput>(std::move(made), std::make_unique<Plain>(),
                                            std::move(backwards));
    output->name = "out";
    output->on_reader_gone = [this] { ++gone; };
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
};

TEST_CASE_FIXTURE(Gathering,
                  "writer: what is gathered is delivered when it is written, at the end") {
  Pipe pipe;
  gather(pipe.write.get());
  push({"a", "b"});
  push({"c"});
  CHECK(counts().delivered == 0);
  output->outbox().close();
  CHECK(pipe.take(6) == "c\na\nb\n");
  CHECK(eventually([&] { return output->outbox().drained(); }));
  output->stop();
  CHECK(counts().delivered == 3);
  CHECK(done == 2);
}

TEST_CASE_FIXTURE(Gathering, "writer: what is gathered does not fill our memory") {
  Pipe pipe;
  gather(pipe.write.get());
  gatherer->bytes_each = 9 << 20;
  push({"a"});
  push({"b"});
  CHECK(pipe.take(2) == "b\n");  // 18 of 16 MiB
  CHECK(eventually([&] { return counts().delivered == 1; }));
  output->stop();
  CHECK(output->outbox().left() == 1);
  CHECK(done == 1);
}

TEST_CASE_FIXTURE(Gathering, "writer: what is gathered is dropped, counted, when the reader goes") {
  Pipe pipe;
  gather(pipe.write.get(), true);
  pipe.read = Fd();
  push({"a"});
  push({"b"});
  output->outbox().close();
  CHECK(eventually([&] { return output->outbox().drained(); }));
  output->stop();
  CHECK(gone == 1);
  CHECK(counts().dropped[static_cast<size_t>(DropReason::kOutputClosed)] == 2);
  CHECK(counts().balanced());
}

}  // namespace
}  // namespace waybill::outputs::writer
