// SPDX-License-Identifier: Apache-2.0
#include "inputs/tcp/tcp_input.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::tcp;
using testing::Bench;
using testing::TempFolder;
using Texts = std::vector<std::string>;

namespace {

struct Client {
  Fd fd{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  explicit Client(const std::string& bound) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  void send(std::string_view text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  // Whether the other side has closed it.
  bool closed() {
    char byte;
    ssize_t got = recv(fd.get(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
};

struct Net : Bench {
  std::unique_ptr<TcpInput> input;
  explicit Net(TcpSettings settings = {}, bool once = false, size_t max_line = 1 << 20) {
    if (settings.listen == TcpSettings().listen) settings.listen = "127.0.0.1:0";
    input = std::make_unique<TcpInput>(std::move(settings), nullptr);
    input->name = "net";
    REQUIRE(input->start(context(once, max_line), on_end()).has_value());
  }
  std::string bound() { return input->bound(); }
  InputCounts counts() { return ledger.snapshot(); }
  uint64_t missed() { return counts().missed[static_cast<size_t>(MissReason::kConnection)]; }
};

}  // namespace

TEST_CASE("tcp: lines and counted messages, each connection a stream of its own") {
  Net net;
  Client lines(net.bound()), counted(net.bound());
  lines.send("one\ntw");
  counted.send("8 <13>a\nb");
  REQUIRE(net.until_lines(1));
  lines.send("o\r\nlast");
  lines.fd.reset();
  counted.send("c11 <13>");
  REQUIRE(net.until_lines(4));
  counted.fd.reset();
  REQUIRE(net.until_lines(5));
  Texts texts = net.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{"<13>", "<13>a\nbc", "last", "one", "two\r"});
  for (const auto& line : net.intake.lines) {
    CHECK(line.source->network);
    CHECK_FALSE(line.source->trust_service);
    CHECK(line.source->peer.starts_with("127.0.0.1:"));
  }
  CHECK(net.missed() == 7);
  REQUIRE(net.until([&] { return net.input->connections() == 0; }));
  CHECK(net.counts().connections == 0);
  CHECK(net.counts().accepted == 2);
}

TEST_CASE("tcp: a broken count closes the connection and costs nothing that was read") {
  Net net;
  Client client(net.bound()), other(net.bound());
  other.send("other\n");
  client.send("6 <13>abno count\nat all");
  REQUIRE(net.until_lines(4));
  REQUIRE(net.until([&] { return client.closed(); }));
  CHECK(net.counts().broken == 1);
  Texts texts = net.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{"<13>ab", "at all", "no count", "other"});
  other.send("goes on\n");
  REQUIRE(net.until_lines(5));
}

TEST_CASE("tcp: nobody waits for those who say nothing") {
  TcpSettings settings;
  settings.max_connections = 2;
  settings.idle_timeout = std::chrono::milliseconds(300);
  Net net(settings);
  Client silent(net.bound()), slow(net.bound()), third(net.bound());
  slow.send("begun");
  third.send("at last\n");
  REQUIRE(net.until([&] { return net.input->connections() == 2; }));
  CHECK(net.counts().accepted == 2);
  REQUIRE(net.until_lines(2));
  Texts texts = net.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{"at last", "begun"});
  REQUIRE(net.until([&] { return silent.closed() && slow.closed() && third.closed(); }));
  CHECK(net.counts().accepted == 3);
  CHECK(net.counts().connections == 0);
}

TEST_CASE("tcp: who is not read, for want of room, is not idle") {
  TcpSettings settings;
  settings.idle_timeout = std::chrono::milliseconds(100);
  Net net(settings);
  net.intake.refuse = true;
  Client client(net.bound());
  client.send("one\ntwo\n");
  REQUIRE(net.until([&] { return net.intake.refused > 0; }));
  const SteadyTime begun = steady_now();
  REQUIRE(net.until([&] { return steady_now() - begun > std::chrono::milliseconds(400); }));
  CHECK(net.input->connections() == 1);
  net.intake.refuse = false;
  net.input->on_room();
  REQUIRE(net.until_lines(2));
  REQUIRE(net.until([&] { return client.closed(); }));
}

TEST_CASE("tcp: drain takes what the kernel has acknowledged, also of those who wait") {
  TcpSettings settings;
  settings.max_connections = 1;
  Net net(settings);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(net.bound()));
    clients.back()->send("from " + std::to_string(i) + "\nbegun");
  }
  REQUIRE(net.until_lines(1));
  net.input->drain();
  REQUIRE(net.until([&] { return net.ended; }));
  CHECK(net.intake.lines.size() == 10);
  net.input->stop();
  CHECK(net.counts().connections == 0);
  CHECK(net.bound().empty());

  Net once({}, true);
  CHECK(once.input->can_end());
  REQUIRE(once.until([&] { return once.ended; }));
}

TEST_CASE("tcp: a port in use is an error that names it") {
  Net net;
  TcpSettings settings;
  settings.listen = net.bound();
  TcpInput second(settings, nullptr);
  second.name = "second";
  Bench bench;
  auto started = second.start(bench.context(), bench.on_end());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().what.find(net.bound()) != std::string::npos);
  CHECK(started.error().what.find("another program") != std::string::npos);
  CHECK(started.error().what.find("input second") != std::string::npos);
}

TEST_CASE("tcp: files that TLS cannot use are named") {
  TempFolder folder;
  const std::string file = folder / "file.pem";
  std::ofstream(file) << "no certificate\n";
  auto loaded = tls::Server::load({folder / "absent.pem", file, ""});
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().what.find("cert_file: cannot read " + folder.path()) == 0);
  loaded = tls::Server::load({file, file, ""});
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().what.find("cert_file: cannot use " + file) == 0);
}
