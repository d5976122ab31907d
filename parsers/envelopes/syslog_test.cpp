// SPDX-License-Identifier: Apache-2.0
// Syslog's dialects: files, senders that leave something out, and Cisco's machines.
#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using waybill::parsers::testing::Parsed;

namespace {

struct Case {
  std::string_view line;
  std::string_view time;
  std::string_view json;  // of the record, without its service
};

void check(const Case& each, std::string_view format = "syslog") {
  CAPTURE(each.line);
  Parsed parsed(each.line);
  CHECK(parsed->format == format);
  CHECK(parsed.time() == each.time);
  namespace part = waybill::part;
  CHECK(parsed.canonical_parts(part::kLevel | part::kMessage | part::kCode | part::kContext) ==
        each.json);
}

}  // namespace

TEST_CASE("syslog: files, in all their forms") {
  const Case cases[] = {
      {"Dec 31 23:59:58 dhcpd[71]: lease[9] to 203.0.113.9", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"lease[9] to 203.0.113.9","logger":"dhcpd",)"
       R"("context":{"pid":71}})"},
      {"Dec 31 23:59:58 n cron[7]: ERROR: it broke", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"it broke","logger":"cron",)"
       R"("context":{"hostname":"n","pid":7}})"},
      {"Dec 31 2023 23:59:58 box sshd[7]: bye", "2023-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"bye","logger":"sshd",)"
       R"("context":{"hostname":"box","pid":7}})"},
      {"Dec 1 2023 03:04:05 box-1 sshd: bye", "2023-12-01T03:04:05.000Z",
       R"({"level":"INFO","message":"bye","logger":"sshd","context":{"hostname":"box-1"}})"},
      {"2025-12-31 23:59:58-08 mac softwareupdated[7]: Scan: done", "2026-01-01T07:59:58.000Z",
       R"({"level":"INFO","message":"Scan: done","logger":"softwareupdated",)"
       R"("context":{"hostname":"mac","pid":7}})"},
      {"2025-12-31T23:59:58.123456+00:00 heroku[router]: at=info path=/x",
       "2025-12-31T23:59:58.123456Z",
       R"({"level":"INFO","message":"at=info path=/x","logger":"heroku",)"
       R"("context":{"at":"info","path":"/x","procid":"router"}})"},
      {"2025-12-31T23:59:58.123456+00:00 app[my-worker.12]: up", "2025-12-31T23:59:58.123456Z",
       R"({"level":"INFO","message":"up","logger":"app",)"
       R"("context":{"procid":"my-worker.12"}})"},
      {"2025-12-31T23:59:58.123456+00:00 app[api]: up", "2025-12-31T23:59:58.123456Z",
       R"({"level":"INFO","message":"up","logger":"app","context":{"procid":"api"}})"},
      {"Wed Dec 31 23:59:58 2025 daemon.err uhttpd[7]: no socket", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"no socket","logger":"uhttpd",)"
       R"("context":{"facility":"daemon","pid":7}})"},
      {"Dec 31 23:59:58 box syslogd 1.5.0: restart", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"restart","logger":"syslogd",)"
       R"("context":{"hostname":"box","version":"1.5.0"}})"},
      {"<46>rsyslogd 8.2112.0: restart", "",
       R"({"level":"INFO","message":"restart","logger":"rsyslogd",)"
       R"("context":{"facility":"syslog","version":"8.2112.0"}})"},
      {"Dec 31 23:59:58 box logrotate: ALERT exited with [7]", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"ALERT exited with [7]","logger":"logrotate",)"
       R"("context":{"hostname":"box"}})"},
      {"Wed 2025-12-31 23:59:58 CST box kernel: up", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"kernel","context":{"hostname":"box"}})"},
      {"2025-12-31T23:59:58+0100 box kernel: up", "2025-12-31T22:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"kernel","context":{"hostname":"box"}})"},
      {"1767225598.123456 box app[7]: up", "2025-12-31T23:59:58.123456Z",
       R"({"level":"INFO","message":"up","logger":"app","context":{"hostname":"box","pid":7}})"},
  };
  for (const Case& each : cases) check(each);
  check({"Dec 31 23:59:58 box CEF:0|Example|Wall|1|7|scan|8|spt=4711", "2025-12-31T23:59:58.000Z",
         R"({"level":"INFO","message":"CEF:0|Example|Wall|1|7|scan|8|spt=4711",)"
         R"("context":{"version":0,"vendor":"Example","product":"Wall","product_version":"1",)"
         R"("event_id":"7","name":"scan","severity":"8","spt":4711,"hostname":"box"}})"},
        "cef");
}

TEST_CASE("syslog: what only looks like a line of a file") {
  for (std::string_view line : {
           "Dec 31 23:59:58 ERROR[7]: it broke",
           "Dec 31 23:59:58 a fault: it broke",
           "Dec 31 23:59:58 e sshd: it broke",
           "Dec 31 23:59:58 list[1,2]: odd",
           "Dec 31 23:59:58 items[3]: must not be null",
           "Dec 31 23:59:58 spec.items[30]: must not be null",
           "2025-12-31T23:59:58Z map[Key]: odd",
           "2025-12-31T23:59:58Z items[30]: must not be null",
           "2025-12-31T23:59:58Z env[path]: not set",
           "2025-12-31T23:59:58Z env[router]: not set",
           "2025-12-31T23:59:58Z list[a.b]: not set",
           "2025-12-31T23:59:58.123456789Z spec.containers[name]: 12:30:15 is no time",
           "Dec 31 2023 23:59:58 items[30]: must not be null",
           "Wed Dec 31 23:59:58 2025 items[30]: must not be null",
           "1767225598.123456 items[30]: must not be null",
           "2025-12-31 23:59:58+01 INFO main: x",
           "Wed Dec 31 23:59:58 2025 203.0.113.9:1194 TLS: Initial packet",
           "Wed Dec 31 23:59:58 2025 box1 sshd: x",
           "Dec 31 2023 23:59:58 server started: ok",
           "1767225598.123456 box app: up",
           "1767225598.123456 INFO main: up",
           "Dec 31 23:59:58 connect to 203.0.113.9: refused",
           "Dec 31 23:59:58 upgraded nginx 1.18.0: restarting",
           "Wed Dec 31 23:59:58 2025 Upgrading nginx 1.18.0: done",
           "Wed Dec 31 23:59:58 2025 Upgrading syslogd 1.18.0: done",
           "2025-12-31T23:59:58Z Connecting to 203.0.113.9: refused",
           "2025-12-31T23:59:58Z took about 1.5: slow",
           "1767225598.123456 Connecting to 203.0.113.9: refused",
           "1767225598.123456 Processing batch [12] of 40",
           "1767225598.123456 Processing batch[12] of 40",
           "1767225598.123456 Processing batch [12]: of 40",
           "2025-12-31 23:59:58+0100 Processing batch [12] of 40",
           "Dec 31 2025 23:59:58 Processing batch [12] of 40",
           "Wed Dec 31 23:59:58 2025 Processing batch [12] of 40",
           "Wed 2025-12-31 23:59:58 CET Processing batch [12] of 40",
           "Dec 31 23:59:58 Processing batch [12] of 40",
           "2025-12-31T23:59:58Z Processing the batch [12] of 40",
           "2025-12-31T23:59:58.123456+01:00 worker started: ok",
           "2025-12-31T23:59:58.123456+01:00 starting nginx: ok",
           "2025-12-31T23:59:58.123456+01:00 Restarting sshd: ok",
           "2025-12-31T23:59:58.123456+01:00 reloaded haproxy: ok",
           "2025-12-31T23:59:58.123456+01:00 user root: denied",
           "2025-12-31T23:59:58.123456Z db su: not from a file",
           "2025 Dec 31 23:59:58 box sshd[7]: of no machine of Cisco's",
           "2025 Dec 31 23:59:58 took %5-3: x",
           "CPU/0 is RP/0: busy",
           "45: nothing",
           "*Dec 31 23:59:58: %5 of it",
           "Dec 31, 2025 11:59:58 PM org.acme.Shop run[7]: x",
       }) {
    CAPTURE(line);
    CHECK(Parsed(line)->format == "text");
  }
}

TEST_CASE("syslog: rsyslog's files with ISO times, and programs without a process") {
  const Case cases[] = {
      {"2025-12-31T23:59:58.123456+01:00 debian sudo:     ada : TTY=pts/0 ; USER=root",
       "2025-12-31T22:59:58.123456Z",
       R"({"level":"INFO","message":"    ada : TTY=pts/0 ; USER=root","logger":"sudo",)"
       R"("context":{"TTY":"pts/0","USER":"root","hostname":"debian"}})"},
      {"2025-12-31T23:59:58.123456+00:00 mail dovecot: imap-login: Login",
       "2025-12-31T23:59:58.123456Z",
       R"({"level":"INFO","message":"imap-login: Login","logger":"dovecot",)"
       R"("context":{"hostname":"mail"}})"},
      {"2025-12-31T23:59:58+01:00 staging root: up", "2025-12-31T22:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"root","context":{"hostname":"staging"}})"},
      {"2025-12-31T23:59:58.123456+00:00 MAIL systemd-logind: up", "2025-12-31T23:59:58.123456Z",
       R"({"level":"INFO","message":"up","logger":"systemd-logind",)"
       R"("context":{"hostname":"MAIL"}})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("syslog: a priority and no tag") {
  const Case cases[] = {
      {"<30>Dec 31 23:59:58 router user ada logged in via api", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"user ada logged in via api",)"
       R"("context":{"facility":"daemon","hostname":"router"}})"},
      {"<189>Dec 31 23:59:58 203.0.113.9 Interface GigabitEthernet0/1 link down",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"Interface GigabitEthernet0/1 link down",)"
       R"("context":{"facility":"local7","hostname":"203.0.113.9"}})"},
  };
  for (const Case& each : cases) check(each);
  Parsed sentence("<167>Dec 31 23:59:58 box tag This message has no colon");
  CHECK(sentence->logger.bytes() == "tag");
  CHECK(sentence.message() == "This message has no colon");
}

TEST_CASE("syslog: a severity between host and tag (F5), and UniFi's machines") {
  const Case cases[] = {
      {"Dec 31 23:59:58 gw err tmm2[71]: 01010028:3: No members", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"01010028:3: No members","logger":"tmm2",)"
       R"("context":{"hostname":"gw","pid":71}})"},
      {"<131>Dec 31 23:59:58 gw warning mcpd[71]: low", "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"low","logger":"mcpd",)"
       R"("context":{"facility":"local0","hostname":"gw","pid":71}})"},
      {"<4>Dec 31 23:59:58 fcecda13e5c7,UAP-AC-LR-5.43.38+12731: hostapd[71]: ath0: up",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"ath0: up","logger":"hostapd","context":{"facility":"kern",)"
       R"("hostname":"fcecda13e5c7","model":"UAP-AC-LR-5.43.38+12731","pid":71}})"},
      {"Dec 31 23:59:58 attic fcecda13e5c7,UAP-5.43.38: kernel: up", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"kernel","context":{"hostname":"attic",)"
       R"("origin":"fcecda13e5c7","model":"UAP-5.43.38"}})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("syslog: rsyslog's escapes become what they were, where they can be nothing else") {
  const char* cases[][2] = {
      {"Dec 31 23:59:58 box java[71]: #011at a.B.c(B.java:1)", "\tat a.B.c(B.java:1)"},
      {"Dec 31 23:59:58 box app[71]: a:#012#011b#012c #0397 #040", "a:\n\tb\nc #0397 #040"},
      {"Dec 31 23:59:58 box app[71]: fixes #012 and #01", "fixes #012 and #01"},
      {"Dec 31 23:59:58 box app[71]: #012 is fixed", "#012 is fixed"},
      {"<13>Dec 31 23:59:58 box app[71]: #011x", "#011x"},
  };
  for (const auto& [line, message] : cases) {
    CAPTURE(line);
    CHECK(Parsed(line).message() == message);
  }
}

TEST_CASE("syslog: a host of one letter, and RFC 5424 with fields left out") {
  const Case cases[] = {
      {"<38>Dec 31 23:59:58 n sshd[7]: bye", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"bye","logger":"sshd",)"
       R"("context":{"facility":"auth","hostname":"n","pid":7}})"},
      {"<38>Dec 31 23:59:58 a message", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"a message","context":{"facility":"auth"}})"},
      {"<45>1 2025-12-31T23:59:58.5+00:00 d.1 heroku worker.2 - Process exited",
       "2025-12-31T23:59:58.500Z",
       R"({"level":"INFO","message":"Process exited","logger":"heroku",)"
       R"("context":{"facility":"syslog","hostname":"d.1","procid":"worker.2"}})"},
      {R"(<134>1 2025-12-31T23:59:58Z gw Firewall 71 - [flags:"1"; dir:"in"])",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"[flags:\"1\"; dir:\"in\"]","logger":"Firewall",)"
       R"("context":{"facility":"local0","hostname":"gw","pid":71}})"},
      {"<134>1 1767225598.123456789 MX1 flows deny", "2025-12-31T23:59:58.123456789Z",
       R"({"level":"INFO","message":"flows deny",)"
       R"("context":{"facility":"local0","hostname":"MX1"}})"},
      {"<14>1 2025-12-31T23:59:58Z box one two three four five", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"one two three four five",)"
       R"("context":{"facility":"user","hostname":"box"}})"},
  };
  for (const Case& each : cases) check(each);
  // A version and no time: a message that begins with a number.
  CHECK(Parsed("<14>1 of 7 files is lost").message() == "1 of 7 files is lost");
  CHECK(Parsed("<14>1 - box a b c d").message() == "1 - box a b c d");
}

TEST_CASE("syslog: Cisco's messages say their level") {
  const Case cases[] = {
      {"<166>Dec 31 2025 23:59:58: %ASA-4-106023: Deny", "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"Deny","logger":"%ASA-4-106023",)"
       R"("context":{"facility":"ASA","mnemonic":"106023","facility_2":"local4"}})"},
      {"<13>Dec 31 2025 23:59:58: gw %ASA-4-1: Deny", "2025-12-31T23:59:58.000Z",
       R"({"level":"WARN","message":"Deny","logger":"%ASA-4-1",)"
       R"("context":{"facility":"ASA","mnemonic":"1",)"
       R"("facility_2":"user","hostname":"gw"}})"},
      {"Dec 31 23:59:58 fw7 : %ASA-7-609001: Built", "2025-12-31T23:59:58.000Z",
       R"({"level":"DEBUG","message":"Built","logger":"%ASA-7-609001",)"
       R"("context":{"facility":"ASA","mnemonic":"609001","hostname":"fw7"}})"},
      {"Dec 31 2025 23:59:58 fw7: %FTD-6-302013: Built", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"Built","logger":"%FTD-6-302013",)"
       R"("context":{"facility":"FTD","mnemonic":"302013","hostname":"fw7"}})"},
      {"Dec 31 2025 23:59:58 box CiscoASA[7]: %ASA-1-105042: Failed", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"Failed","logger":"CiscoASA",)"
       R"("context":{"facility":"ASA","mnemonic":"105042","hostname":"box","pid":7}})"},
      {"*Dec 31 23:59:58: %SYS-5-CONFIG_I: Configured", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"Configured",)"
       R"("context":{"facility":"SYS","mnemonic":"CONFIG_I"}})"},
      {"000045: .Dec 31 23:59:58.123 CET: %SYS-3-CPUHOG: hog", "2025-12-31T22:59:58.123Z",
       R"({"level":"ERROR","message":"hog",)"
       R"("context":{"facility":"SYS","mnemonic":"CPUHOG","sequence":"000045"}})"},
      {"<187>45: sw7: *Dec 31 23:59:58.123 CST: %SYS-3-CPUHOG: hog", "2025-12-31T23:59:58.123Z",
       R"({"level":"ERROR","message":"hog","logger":"%SYS-3-CPUHOG",)"
       R"("context":{"facility":"SYS","mnemonic":"CPUHOG",)"
       R"("facility_2":"local7","sequence":45,"hostname":"sw7","timezone":"CST"}})"},
      {"<189>: 2025 Dec 31 23:59:58 UTC: %ETH-5-IF_UP: up", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"%ETH-5-IF_UP",)"
       R"("context":{"facility":"ETH","mnemonic":"IF_UP","facility_2":"local7"}})"},
      {"Dec 31 23:59:58 fw7 %ASA-session-3-106010: denied", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"denied","logger":"%ASA-session-3-106010",)"
       R"("context":{"facility":"ASA","slot":"session","mnemonic":"106010","hostname":"fw7"}})"},
      {"Dec 31 23:59:58 203.0.113.9 %ASA-3-710003: denied", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"denied","logger":"%ASA-3-710003",)"
       R"("context":{"facility":"ASA","mnemonic":"710003","hostname":"203.0.113.9"}})"},
      {"2025-12-31T23:59:58+00:00 sw7 %LINK-3-UPDOWN: down", "2025-12-31T23:59:58.000Z",
       R"({"level":"ERROR","message":"down","logger":"%LINK-3-UPDOWN",)"
       R"("context":{"facility":"LINK","mnemonic":"UPDOWN","hostname":"sw7"}})"},
      {"2025 Dec 31 23:59:58 nx1 %ETHPORT-5-IF_DOWN: down", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"down","logger":"%ETHPORT-5-IF_DOWN",)"
       R"("context":{"facility":"ETHPORT","mnemonic":"IF_DOWN","hostname":"nx1"}})"},
      // The relay's clock is right, and the machine's may not be.
      {"Dec 31 23:59:58 203.0.113.9 45: *Mar  1 00:00:07: %SYS-5-RESTART: up",
       "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"%SYS-5-RESTART",)"
       R"("context":{"facility":"SYS","mnemonic":"RESTART",)"
       R"("hostname":"203.0.113.9","sequence":45}})"},
      {"<189>Dec 31 23:59:58 203.0.113.9 45: sw7: Dec 31 23:59:57.123: %SYS-5-RESTART: up",
       "2025-12-31T23:59:57.123Z",
       R"({"level":"INFO","message":"up","logger":"%SYS-5-RESTART",)"
       R"("context":{"facility":"SYS","mnemonic":"RESTART","facility_2":"local7",)"
       R"("hostname":"203.0.113.9","sequence":45,"origin":"sw7"}})"},
      {"<189>45: 00:00:12: %SYS-5-RESTART: up", "",
       R"({"level":"INFO","message":"up","logger":"%SYS-5-RESTART",)"
       R"("context":{"facility":"SYS","mnemonic":"RESTART",)"
       R"("facility_2":"local7","sequence":45,"uptime":"00:00:12"}})"},
  };
  for (const Case& each : cases) check(each, "cisco");
  CHECK(Parsed("<189>45: %5 of it").message() == "%5 of it");
  // IOS-XR
  check({"RP/0/RSP0/CPU0:Dec 31 23:59:58.123 UTC: ifmgr[71]: %PKT-LINK-3-UPDOWN : down",
         "2025-12-31T23:59:58.123Z",
         R"({"level":"ERROR","message":"%PKT-LINK-3-UPDOWN : down","logger":"ifmgr",)"
         R"("context":{"node":"RP/0/RSP0/CPU0","pid":71}})"});
  check(
      {"<189>Dec 31 23:59:58 xr1 45: LC/0/1/CPU0:Dec 31 23:59:58.123 UTC: ifmgr[71]: %OS-6-UP : up",
       "2025-12-31T23:59:58.123Z",
       R"({"level":"INFO","message":"%OS-6-UP : up","logger":"ifmgr",)"
       R"("context":{"facility":"local7","hostname":"xr1",)"
       R"("sequence":45,"node":"LC/0/1/CPU0","pid":71}})"});
}

TEST_CASE("syslog: what is not Cisco's after all leaves the relay's time") {
  const Case cases[] = {
      {"<13>Dec 31 23:59:58 box 170000 is the order", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"170000 is the order",)"
       R"("context":{"facility":"user","hostname":"box"}})"},
      {"<13>Dec 31 23:59:58 box 20200505T101010_old.tar written", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"20200505T101010_old.tar written",)"
       R"("context":{"facility":"user","hostname":"box"}})"},
      {"<13>Dec 31 23:59:58 box 1700000000: %5 of it: %A", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"%5 of it: %A","logger":"1700000000",)"
       R"("context":{"facility":"user","hostname":"box"}})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("syslog: addresses and versions in messages stay there") {
  const Case cases[] = {
      {"<13>Dec 31 23:59:58 web-1 connect 203.0.113.9: refused", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"connect 203.0.113.9: refused",)"
       R"("context":{"facility":"user","hostname":"web-1"}})"},
      {"<13>timeout 203.0.113.9: retry", "",
       R"({"level":"INFO","message":"timeout 203.0.113.9: retry","context":{"facility":"user"}})"},
      {"<13>upgraded 1.18.0: restarting", "",
       R"({"level":"INFO","message":"upgraded 1.18.0: restarting","context":{"facility":"user"}})"},
  };
  for (const Case& each : cases) check(each);
}

TEST_CASE("syslog: a clock behind an index is no time") {
  Parsed parsed("2025-12-31T23:59:58.123456789Z items[0]: 12:30:15 is late");
  CHECK(parsed.time() == "2025-12-31T23:59:58.123456789Z");
  CHECK(parsed.message() == "items[0]: 12:30:15 is late");
}

TEST_CASE("syslog: tags of old files need no colon behind their process") {
  const Case cases[] = {
      {"Dec 31 23:59:58 box sshd[71] up", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"sshd",)"
       R"("context":{"hostname":"box","pid":71}})"},
      {"Dec 31 23:59:58 mac com.acme.launchd[1] (com.acme.shop): up", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"(com.acme.shop): up","logger":"com.acme.launchd",)"
       R"("context":{"hostname":"mac","pid":1}})"},
      {"<13>Dec 31 23:59:58 box Some App[71] up", "2025-12-31T23:59:58.000Z",
       R"({"level":"INFO","message":"up","logger":"Some App",)"
       R"("context":{"facility":"user","hostname":"box","pid":71}})"},
  };
  for (const Case& each : cases) check(each);
}
