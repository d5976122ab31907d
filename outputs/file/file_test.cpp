// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "config/config.h"
#include "delivery/test_support.h"
#include "outputs/basics.h"
#include "outputs/output.h"

namespace waybill::outputs::file {

const Descriptor& descriptor();

namespace {

using delivery::test::eventually;
using delivery::test::read_file;
using delivery::test::TempFolder;
using delivery::test::write_file;

struct Fixture {
  delivery::test::LogCapture log;
  TempFolder folder;
  ByteBudget budget{64 << 20};
  OutputLedger ledger{"file"};
  Identity identity;
  config::Diagnostics diagnostics;
  std::unique_ptr<Output> output;
  std::string_view line;  // of the records that are pushed

  void make(const std::string& path) { make_of(descriptor().to_section(path, identity)); }
  void make_of(const std::string& text) {
    output = descriptor().make(config::section_from_text("--to", text, diagnostics));
    REQUIRE(output);
    output->name = "file";
  }
  void start_of(const std::string& text) {
    make_of(text);
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
  std::string fault_of(const std::string& text) {
    config::Diagnostics faults;
    CHECK(!descriptor().make(config::section_from_text("--to", text, faults)));
    return faults.empty() ? "" : faults.faults()[0].message;
  }
  void start(const std::string& path) {
    make(path);
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
  void push(const std::string& message, const std::vector<std::string>& services = {""}) {
    std::unique_ptr<delivery::Payload> payload = output->outbox().take();
    Batch batch(budget);
    batch.sources.push_back(std::make_shared<Source>());
    std::vector<uint32_t> picks;
    for (const std::string& service : services) {
      Record record;
      record.line = line;
      record.message = Text(message, TextForm::kClean);
      if (!service.empty()) record.service_name = Text(service, TextForm::kClean);
      output->append(batch, record, *payload);
      picks.push_back(static_cast<uint32_t>(picks.size()));
    }
    output->compose(*payload, picks, payload->body);
    ledger.accept(services.size());
    output->outbox().push(std::move(payload));
    CHECK(eventually([&] { return ledger.snapshot().counts.in_flight == 0; }));
  }
};

bool holds(const std::string& text, const std::string& message) {
  return text.find("\"message\":\"" + message + "\"") != std::string::npos;
}

TEST_CASE_FIXTURE(Fixture, "file: appends JSON lines, 0640, and keeps what was there") {
  write_file(folder / "a $x \"b\".log", "before\n");
  start(folder / "a $x \"b\".log");
  CHECK(output->target == folder / "a $x \"b\".log");
  CHECK(output->limits.delay == std::chrono::milliseconds(200));
  push("one");
  push("two");
  std::string text = read_file(folder / "a $x \"b\".log");
  CHECK(text.rfind("before\n{", 0) == 0);
  CHECK(holds(text, "one"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  mode_t mask = umask(0);
  std::string fresh = folder / "fresh.log";
  start(fresh);
  umask(mask);
  struct stat status {};
  REQUIRE(stat(fresh.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE_FIXTURE(Fixture, "file: a file that was renamed or removed is made anew") {
  start(folder / "out.log");
  push("one");
  REQUIRE(rename((folder / "out.log").c_str(), (folder / "out.log.1").c_str()) == 0);
  push("two");
  REQUIRE(unlink((folder / "out.log").c_str()) == 0);
  push("three");
  CHECK(holds(read_file(folder / "out.log.1"), "one"));
  CHECK(!holds(read_file(folder / "out.log.1"), "two"));
  CHECK(holds(read_file(folder / "out.log"), "three"));
  CHECK(ledger.snapshot().counts.delivered == 3);
}

TEST_CASE_FIXTURE(Fixture, "file: half a line at the end, left by a crash, is not continued") {
  write_file(folder / "out.log", "{\"mess");
  start(folder / "out.log");
  push("one");
  CHECK(read_file(folder / "out.log").rfind("{\"mess\n{", 0) == 0);
}

TEST_CASE_FIXTURE(Fixture, "file: a folder that is missing is told at the start") {
  make(folder / "missing/out.log");
  Result<void> started = output->start({budget, ledger, identity, 1 << 20, {}});
  REQUIRE(!started);
  CHECK(started.error().what.find("make the folder first") != std::string::npos);
  CHECK(started.error().what.rfind("output file: ", 0) == 0);
}

TEST_CASE_FIXTURE(Fixture, "file: each record goes to the file of its own, below the folder") {
  start_of("{type: file, line: message, path: \"" + folder / "{service_name}/log.txt\"}");
  CHECK(output->file_folder == folder.path());
  push("one", {"a", "b", "a"});
  push("two", {"b", "../../x"});
  CHECK(read_file(folder / "a/log.txt") == "one\none\n");
  CHECK(read_file(folder / "b/log.txt") == "one\ntwo\n");
  CHECK(read_file(folder / "_._.._x/log.txt") == "two\n");
  CHECK(ledger.snapshot().counts.delivered == 5);
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("s" + std::to_string(i));
  push("three", many);  // more than are open at once
  push("four", many);
  CHECK(read_file(folder / "s0/log.txt") == "three\nfour\n");
  CHECK(read_file(folder / "s99/log.txt") == "three\nfour\n");
}

// What is pushed is dropped: its file cannot be opened.
struct Refusing : Fixture {
  TempFolder other;
  void refuse(const std::string& pattern) {
    start_of("{type: file, line: message, path: \"" + folder / pattern + "\"}");
    push("lost", {"a"});
    push("kept", {"a", "b"});
    output->stop();
    OutputCounts counts = ledger.snapshot().counts;
    CHECK(counts.dropped[static_cast<size_t>(DropReason::kRejected)] == 2);
    CHECK(counts.delivered == 1);
    CHECK(counts.balanced());
    CHECK(log.count("(what is for it is dropped)") == 1);
  }
};

TEST_CASE_FIXTURE(Refusing, "file: a name that is a folder's holds nothing else up") {
  REQUIRE(mkdir((folder / "a.txt").c_str(), 0700) == 0);
  refuse("{service_name}.txt");
  CHECK(read_file(folder / "b.txt") == "kept\n");
}

TEST_CASE_FIXTURE(Refusing, "file: a step that is a file holds nothing else up") {
  write_file(folder / "a", "file");
  refuse("{service_name}/x.txt");
  CHECK(read_file(folder / "b/x.txt") == "kept\n");
  CHECK(read_file(folder / "a") == "file");
}

TEST_CASE_FIXTURE(Refusing, "file: a folder below the folder that is a link is not followed") {
  REQUIRE(symlink(other.path().c_str(), (folder / "a").c_str()) == 0);
  refuse("{service_name}/x.txt");
  CHECK(access((other / "x.txt").c_str(), F_OK) != 0);
}

TEST_CASE_FIXTURE(Refusing, "file: a file below the folder that is a link is not followed") {
  write_file(other / "elsewhere", "");
  REQUIRE(symlink((other / "elsewhere").c_str(), (folder / "a.txt").c_str()) == 0);
  refuse("{service_name}.txt");
  CHECK(read_file(other / "elsewhere").empty());
}

TEST_CASE_FIXTURE(Fixture, "file: lines as they were read") {
  start_of("{type: file, line: original, path: \"" + folder / "out.log\"}");
  line = "{\"msg\": \"one\"}";
  push("one");
  line = {};
  push("ours");
  CHECK(read_file(folder / "out.log") == "{\"msg\": \"one\"}\nours\n");
}

TEST_CASE_FIXTURE(Fixture, "file: put aside before it would be too large, nothing lost") {
  start_of("{type: file, line: message, sync: always, rotate: {size: 1000}, path: \"" +
           folder / "out.log\"}");
  CHECK(output->aside_path == folder / "out.log.20000101T000000Z");
  for (char c = 'a'; c <= 'e'; ++c) push(std::string(399, c));
  CHECK(read_file(folder / "out.log") == std::string(399, 'e') + "\n");
  size_t files = 0, bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++files;
    bytes += entry.file_size();
    CHECK(entry.file_size() <= 1000);
  }
  CHECK(files == 3);
  CHECK(bytes == 2000);
}

TEST_CASE_FIXTURE(Fixture, "file: lines of an earlier period are put aside at the first new one") {
  write_file(folder / "out.log", "yesterday\n");
  const timespec then[2] = {{1'767'323'045, 0}, {1'767'323'045, 0}};
  REQUIRE(utimensat(AT_FDCWD, (folder / "out.log").c_str(), then, 0) == 0);
  start_of("{type: file, line: message, rotate: {every: 24h, size: 0}, path: \"" +
           folder / "out.log\"}");
  push("today");
  push("today");
  CHECK(read_file(folder / "out.log") == "today\ntoday\n");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE_FIXTURE(Fixture, "file: where nothing can be put aside the file grows on, and says so") {
  if (geteuid() == 0) return;  // whom no mode of a folder stops
  start_of("{type: file, line: message, rotate: {size: 1}, path: \"" + folder / "out.log\"}");
  push("one");
  REQUIRE(chmod(folder.path().c_str(), 0500) == 0);
  push("two");
  push("three");
  REQUIRE(chmod(folder.path().c_str(), 0700) == 0);
  CHECK(read_file(folder / "out.log") == "one\ntwo\nthree\n");
  CHECK(log.count("it grows on, as it cannot be put aside") == 1);
}

TEST_CASE_FIXTURE(Fixture, "file: a link is not put aside, and that is said once") {
  write_file(folder / "real.log", "");
  REQUIRE(symlink("real.log", (folder / "out.log").c_str()) == 0);
  start_of("{type: file, line: message, rotate: {size: 1}, path: \"" + folder / "out.log\"}");
  push("one");
  push("two");
  push("three");
  CHECK(read_file(folder / "real.log") == "one\ntwo\nthree\n");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
  CHECK(log.count("this is a link, not the file itself") == 1);
}

TEST_CASE_FIXTURE(Fixture, "file: a check changes nothing; the first line lets the packer look") {
  const std::string old = folder / "out.log.20260102T030405Z";
  write_file(old, "old\n");
  write_file(old + "-2", "newer\n");
  write_file(folder / "out.log", "half");
  const std::string text =
      "{type: file, line: message, rotate: {size: 1MiB, keep: 1}, path: \"" + folder / "out.log\"}";
  make_of(text);
  CHECK(output->probe(identity).faults.empty());
  output = nullptr;  // waits for a packer, if there were one
  CHECK(read_file(old) == "old\n");
  CHECK(read_file(folder / "out.log") == "half");
  start_of(text);
  push("one");
  CHECK(eventually([&] { return access(old.c_str(), F_OK) != 0; }));
  CHECK(read_file(old + "-2") == "newer\n");
  CHECK(read_file(folder / "out.log") == "half\none\n");
}

TEST_CASE_FIXTURE(Fixture, "file: with rotate no line may choose a name of what was put aside") {
  auto section = [&](const std::string& name) {
    return "{type: file, rotate: {size: 1MiB}, path: '" + folder / name + "'}";
  };
  for (const char* name : {"{service_name}", "x-%Y", "{level}.gz", "{level}gz", "{level}Z",
                           "{input}-2", "%Y/{service_name}"}) {
    CAPTURE(name);
    CHECK(fault_of(section(name)).find("end the name with .log") != std::string::npos);
  }
  make_of(section("{service_name}.log"));
  make_of(section("{service_name}/records"));
  make_of("{type: file, path: '" + folder / "{service_name}'}");
}

TEST_CASE_FIXTURE(Fixture, "file: faults of the path") {
  auto says = [&](const std::string& path, std::string_view words) {
    return fault_of("{type: file, path: '" + path + "'}").find(words) != std::string::npos;
  };
  CHECK(says("/a/{trace_id}", "{trace_id} is none of"));
  CHECK(says("/a/%Y/../x", "'..' behind what depends"));
  CHECK(says("/a/%Y/", "a file's name is missing"));
  CHECK(says("/{level}{level}{level}{level}", "may become longer"));
  make_of("{type: file, path: '%Y.log'}");
  CHECK(output->file_folder == ".");
  CHECK(output->file_path == "./2000.log");
  make_of("{type: file, path: '/%Y.log'}");
  CHECK(output->file_folder == "/");
  make_of("{type: file, path: 'a.log'}");
  CHECK(output->file_folder == ".");
}

TEST_CASE_FIXTURE(Fixture, "file: a path is required") {
  CHECK(!descriptor().make(config::section_from_text("--to", "{type: file}", diagnostics)));
  CHECK(!diagnostics.empty());
}

}  // namespace
}  // namespace waybill::outputs::file
