// SPDX-License-Identifier: Apache-2.0
#include "inputs/udp/udp_input.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::udp;
using testing::Bench;
using Texts = std::vector<std::string>;

namespace {

struct Sender {
  Fd fd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  explicit Sender(const std::string& bound) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  void send(std::string_view text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
};

struct Net : Bench {
  std::unique_ptr<UdpInput> input;
  explicit Net(UdpSettings settings = {}, bool once = false, size_t max_line = 1 << 20) {
    if (settings.listen == UdpSettings().listen) settings.listen = "127.0.0.1:0";
    input = std::make_unique<UdpInput>(std::move(settings));
    input->name = "net";
    REQUIRE(input->start(context(once, max_line), on_end()).has_value());
  }
  uint64_t dropped() { return ledger.snapshot().missed[static_cast<size_t>(MissReason::kKernel)]; }
};

}  // namespace

TEST_CASE("udp: datagrams with and without a line end, several lines, several senders") {
  Net net;
  CHECK(net.input->bound().starts_with("127.0.0.1:"));
  Sender one(net.input->bound()), two(net.input->bound());
  one.send("plain");
  one.send("ended\n");
  one.send("two\nlines\n\n\n");
  one.send(std::string_view("of C\0", 5));
  one.send("");
  one.send("\n");
  two.send("from another");
  REQUIRE(net.until_lines(7));
  CHECK(net.intake.texts() == Texts{"plain", "ended", "two", "lines", "of C", "", "from another"});
  const auto& lines = net.intake.lines;
  CHECK(lines[0].source == lines[5].source);
  CHECK(lines[0].source != lines[6].source);
  CHECK(lines[0].source->network);
  CHECK_FALSE(lines[0].source->trust_service);
  CHECK(lines[0].source->peer.starts_with("127.0.0.1:"));
  CHECK(lines[0].source->input == "net");
  std::set<uint64_t> offsets;
  for (int i = 0; i < 6; ++i) offsets.insert(lines[static_cast<size_t>(i)].offset);
  CHECK(offsets.size() == 6);  // no two lines of a sender have the same id
}

TEST_CASE("udp: as many datagrams as a turn takes, and no more") {
  for (int count : {32, 511, 512, 513, 1024}) {
    CAPTURE(count);
    Net net;
    Sender sender(net.input->bound());
    for (int i = 0; i < count; ++i) sender.send("x");
    REQUIRE(net.until_lines(static_cast<size_t>(count)));
  }
}

TEST_CASE("udp: the largest datagram is whole, a long line is cut") {
  Net net({}, false, 50'000);
  Sender sender(net.input->bound());
  sender.send(std::string(30'000, 'a') + "\n" + std::string(30'000, 'b'));
  sender.send(std::string(65'507, 'c'));
  sender.send(std::string(60'000, 'd') + "\nafter");
  REQUIRE(net.until_lines(5));
  const auto& lines = net.intake.lines;
  CHECK(lines[0].text == std::string(30'000, 'a'));
  CHECK(lines[1].text == std::string(30'000, 'b'));
  CHECK(lines[1].truncated == 0);
  CHECK(lines[2].text == std::string(50'000, 'c'));
  CHECK(lines[2].truncated == 15'507);
  CHECK(lines[3].truncated == 10'000);
  CHECK(lines[4].text == "after");
  CHECK(lines[4].truncated == 0);
  CHECK(lines[4].offset == 60'001 + 65'507 + 60'001);
}

TEST_CASE("udp: a burst is whole or counted, even when nobody reads for a while") {
  UdpSettings settings;
  settings.receive_buffer = 16 * 1024;  // small: the kernel has to drop
  Net net(settings);
  Sender sender(net.input->bound());
  net.intake.refuse = true;
  const std::string payload(200, 'x');
  for (int i = 0; i < 5000; ++i) sender.send(payload);
  REQUIRE(net.until([&] { return net.intake.refused > 0; }));
  net.intake.refuse = false;
  net.input->on_room();
  // No later datagram tells of the drops: the kernel's table does.
  REQUIRE(net.until([&] { return net.intake.lines.size() + net.dropped() == 5000; }));
  CHECK(net.dropped() > 0);
  sender.send("later");
  REQUIRE(net.until([&] { return net.intake.lines.back().text == "later"; }));
  CHECK(net.intake.lines.size() - 1 + net.dropped() == 5000);
  CHECK(net.intake.batches < 50);
}

TEST_CASE("udp: drain ends when it is idle, --once by itself") {
  Net net;
  Sender sender(net.input->bound());
  sender.send("last");
  net.input->drain();
  REQUIRE(net.until([&] { return net.ended; }));
  CHECK(net.intake.texts() == Texts{"last"});
  net.input->stop();
  CHECK(net.input->bound().empty());

  Net once({}, true);
  CHECK(once.input->can_end());
  REQUIRE(once.until([&] { return once.ended; }));
}

TEST_CASE("udp: IPv6, and every address") {
  UdpSettings settings;
  settings.listen = ":0";
  Net net(settings);
  Sender sender(net.input->bound());
  sender.send("over IPv4");
  REQUIRE(net.until_lines(1));
  CHECK(net.intake.lines[0].source->peer.starts_with("127.0.0.1:"));
}

TEST_CASE("udp: a port in use is an error that names it") {
  Net net;
  UdpSettings settings;
  settings.listen = net.input->bound();
  UdpInput second(settings);
  second.name = "second";
  Bench bench;
  auto started = second.start(bench.context(), bench.on_end());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().what.find(net.input->bound()) != std::string::npos);
  CHECK(started.error().what.find("input second") != std::string::npos);
}

TEST_CASE("udp: what is no address is an error that shows one") {
  Bench bench;
  for (const char* wrong : {"", "5514", "127.0.0.1", "a:b", "a:70000", "::1:5514", "a:"}) {
    CAPTURE(wrong);
    UdpSettings settings;
    settings.listen = wrong;
    auto started = UdpInput(settings).start(bench.context(), bench.on_end());
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().what.find("127.0.0.1:5514") != std::string::npos);
  }
}
