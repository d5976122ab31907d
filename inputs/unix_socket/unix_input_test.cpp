// SPDX-License-Identifier: Apache-2.0
#include "inputs/unix_socket/unix_input.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::unix_socket;
using testing::Bench;
using testing::TempFolder;
using Texts = std::vector<std::string>;

namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

struct Client {
  Fd fd;
  Client(const std::string& path, int type) : fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    sockaddr_un to = address_of(path);
    REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  void send(std::string_view text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
};

struct Socket : Bench {
  TempFolder folder;
  std::string path = folder / "log.sock";
  std::unique_ptr<UnixInput> input;

  UnixSettings settings(Mode mode) {
    UnixSettings made;
    made.path = path;
    made.mode = mode;
    return made;
  }
  Result<void> start(UnixSettings with, bool once = false) {
    input = std::make_unique<UnixInput>(std::move(with));
    input->name = "sock";
    return input->start(context(once), on_end());
  }
};

}  // namespace

TEST_CASE("unix: datagrams, and the socket is gone afterwards") {
  Socket bench;
  mode_t before = umask(0);
  umask(before);
  REQUIRE(bench.start(bench.settings(Mode::kDatagram)).has_value());
  struct stat status {};
  REQUIRE(stat(bench.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
  CHECK(umask(before) == before);
  Client client(bench.path, SOCK_DGRAM);
  client.send("one");
  client.send("two\nthree\n");
  std::string large(150'000, 'x');
  client.send(large);
  REQUIRE(bench.until_lines(4));
  CHECK(bench.intake.texts() == Texts{"one", "two", "three", large});
  CHECK(bench.intake.lines[0].source->network);
  bench.input->stop();
  CHECK(stat(bench.path.c_str(), &status) != 0);
}

TEST_CASE("unix: connections are streams of their own, with their last words") {
  Socket bench;
  REQUIRE(bench.start(bench.settings(Mode::kStream)).has_value());
  Client one(bench.path, SOCK_STREAM);
  Client two(bench.path, SOCK_STREAM);
  one.send("begun");
  two.send("whole\n");
  REQUIRE(bench.until_lines(1));
  one.send(" and ended\nlast");
  REQUIRE(bench.until_lines(2));
  one.fd.reset();
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.texts() == Texts{"whole", "begun and ended", "last"});
  const auto& lines = bench.intake.lines;
  CHECK(lines[0].source->number != lines[1].source->number);
  CHECK(lines[1].source == lines[2].source);
  CHECK(lines[2].offset == 16);
  REQUIRE(bench.until([&] { return bench.input->connections() == 1; }));
}

TEST_CASE("unix: more connections than allowed wait for their turn") {
  Socket bench;
  UnixSettings settings = bench.settings(Mode::kStream);
  settings.max_connections = 2;
  REQUIRE(bench.start(settings).has_value());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(bench.path, SOCK_STREAM));
    clients.back()->send("from " + std::to_string(i) + "\n");
  }
  REQUIRE(bench.until_lines(2));
  CHECK(bench.input->connections() == 2);
  clients[0].reset();
  REQUIRE(bench.until_lines(3));
  clients[1].reset();
  REQUIRE(bench.until_lines(4));
  CHECK(bench.intake.lines[3].text == "from 3");
}

TEST_CASE("unix: a socket that nobody listens on is replaced, anything else is not") {
  for (Mode mode : {Mode::kDatagram, Mode::kStream}) {
    Socket bench;
    int type = mode == Mode::kDatagram ? SOCK_DGRAM : SOCK_STREAM;
    {
      Fd killed(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_un at = address_of(bench.path);
      REQUIRE(bind(killed.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    }
    REQUIRE(bench.start(bench.settings(mode)).has_value());
    Client client(bench.path, type);
    client.send("alive\n");
    REQUIRE(bench.until_lines(1));

    UnixInput second(bench.settings(mode));
    second.name = "second";
    auto started = second.start(bench.context(), bench.on_end());
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().what.find(bench.path) != std::string::npos);
    CHECK(started.error().what.find("another program listens") != std::string::npos);
    second.stop();
    client.send("still alive\n");
    REQUIRE(bench.until_lines(2));

    UnixSettings other = bench.settings(mode == Mode::kStream ? Mode::kDatagram : Mode::kStream);
    UnixInput third(other);
    CHECK_FALSE(third.start(bench.context(), bench.on_end()).has_value());

    std::string file = bench.folder / "file";
    std::ofstream(file) << "precious";
    UnixSettings wrong = bench.settings(mode);
    wrong.path = file;
    UnixInput fourth(wrong);
    auto refused = fourth.start(bench.context(), bench.on_end());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().what.find("no socket") != std::string::npos);
    CHECK(std::filesystem::file_size(file) == 8);

    wrong.path = bench.folder / std::string(200, 'x');
    UnixInput fifth(wrong);
    CHECK_FALSE(fifth.start(bench.context(), bench.on_end()).has_value());
  }
}

TEST_CASE("unix: a path that somebody else took over is left alone") {
  Socket bench;
  REQUIRE(bench.start(bench.settings(Mode::kDatagram)).has_value());
  std::filesystem::remove(bench.path);
  std::ofstream(bench.path) << "not ours";
  bench.input->stop();
  CHECK(std::filesystem::exists(bench.path));
}

TEST_CASE("unix: a stream of counted messages, and connections that say nothing") {
  Socket bench;
  UnixSettings settings = bench.settings(Mode::kStream);
  settings.idle_timeout = std::chrono::milliseconds(200);
  REQUIRE(bench.start(settings).has_value());
  Client counted(bench.path, SOCK_STREAM);
  counted.send("12 <13>two\nline6 <13>ab");
  REQUIRE(bench.until_lines(2));
  CHECK(bench.intake.texts() == Texts{"<13>two\nline", "<13>ab"});
  counted.send("9 begun");
  REQUIRE(bench.until([&] { return bench.input->connections() == 0; }));
  CHECK(bench.intake.lines.back().text == "begun");
}

TEST_CASE("unix: the owner and the group of a socket") {
  for (Mode mode : {Mode::kDatagram, Mode::kStream}) {
    Socket bench;
    UnixSettings settings = bench.settings(mode);
    settings.access.permissions = 0620;
    settings.access.owner = geteuid();
    settings.access.group = geteuid() == 0 ? 12345 : getegid();
    REQUIRE(bench.start(settings).has_value());
    struct stat status {};
    REQUIRE(stat(bench.path.c_str(), &status) == 0);
    CHECK(status.st_uid == geteuid());
    CHECK(status.st_gid == *settings.access.group);
    CHECK((status.st_mode & 0777) == 0620);
  }
  CHECK(user_id("root") == 0);
  CHECK(group_id("root") == 0);
  CHECK(user_id("4711") == 4711);
  CHECK_FALSE(user_id("no-such-user").has_value());
  CHECK_FALSE(user_id("").has_value());
  CHECK_FALSE(user_id("-1").has_value());
  CHECK_FALSE(user_id("4294967295").has_value());
}

TEST_CASE("unix: drain ends when it is idle, with the lines that were begun") {
  for (Mode mode : {Mode::kDatagram, Mode::kStream}) {
    Socket bench;
    REQUIRE(bench.start(bench.settings(mode)).has_value());
    Client client(bench.path, mode == Mode::kDatagram ? SOCK_DGRAM : SOCK_STREAM);
    client.send("one\nbegun");
    REQUIRE(bench.until_lines(1));
    bench.input->drain();
    REQUIRE(bench.until([&] { return bench.ended; }));
    CHECK(bench.intake.texts() == Texts{"one", "begun"});
  }
}
