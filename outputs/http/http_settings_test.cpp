// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_settings.h"

#include <doctest/doctest.h>

#include "config/config.h"
#include "delivery/test_support.h"

namespace waybill::outputs::http {
namespace {

using delivery::test::TempFolder;

struct TestSettings : Settings {};

const config::OptionTable<TestSettings>& table() {
  static const auto made = [] {
    config::OptionTable<TestSettings> options;
    add_options(options, "where to");
    return options;
  }();
  return made;
}

struct Read {
  TestSettings settings;
  std::optional<Url> url;
  bool fine = false;
  std::string faults;  // one a line
};

Read read(std::string_view yaml) {
  config::Diagnostics diagnostics;
  config::Section section = config::section_from_text("--to", yaml, diagnostics);
  Read result;
  table().read(section, result.settings);
  result.url = read_url(section, "endpoint", result.settings.endpoint, result.settings);
  result.fine = check_settings(section, result.settings);
  for (const config::Fault& fault : diagnostics.faults()) result.faults += fault.message + "\n";
  return result;
}

TEST_CASE("http: every shared option is read") {
  Read result = read(
      "{endpoint: 'http://h', timeout: 3s, headers: {A: b}, auth: {token: t}, "
      "proxy: 'http://p:3128', batch: {records: 7, bytes: 2KiB, delay: 10ms}, "
      "tls: {insecure_skip_verify: true}}");
  CHECK(result.faults == "");
  CHECK(result.fine);
  CHECK(result.settings.timeout == std::chrono::seconds(3));
  CHECK(result.settings.headers == Pairs{{"A", "b"}});
  CHECK(result.settings.batch.limits().records == 7);
  CHECK(result.settings.batch.limits().bytes == 2048);
  CHECK(result.settings.batch.limits().delay == std::chrono::milliseconds(10));
  CHECK(result.settings.tls.insecure_skip_verify);
}

TEST_CASE("http: what the design knows and this version does not build says so") {
  for (const char* key : {"spool", "memory"}) {
    Read result = read("{endpoint: 'http://h', " + std::string(key) + ": x}");
    CHECK_MESSAGE(!result.faults.empty(), key);
  }
}

TEST_CASE("http: credentials make one header, from a value or from a file") {
  TempFolder folder;
  delivery::test::write_file(folder / "secret", "  hush\r\n");
  auto header = [](const AuthSettings& auth) {
    constexpr std::string_view kName = "Authorization: ";
    Result<Credentials> made = read_credentials(auth);
    if (!made) return made.error().what;
    return made->header.substr(made->header.starts_with(kName) ? kName.size() : 0);
  };
  AuthSettings auth;
  CHECK(header(auth) == "");
  auth.user = "Aladdin";
  auth.password = "open sesame";
  CHECK(header(auth) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, section 2
  auth = {};
  auth.token_file = folder / "secret";
  CHECK(header(auth) == "Bearer hush");
  auth = {};
  auth.api_key = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
  CHECK(header(auth) == "ApiKey " + auth.api_key);
  auth.api_key = "id:key";
  CHECK(header(auth) == "ApiKey aWQ6a2V5");
  auth = {};
  auth.token_file = folder / "missing";
  CHECK(header(auth).find("No such file") != std::string::npos);
  delivery::test::write_file(folder / "secret", "\n");
  auth.token_file = folder / "secret";
  CHECK(header(auth).find("is empty") != std::string::npos);
  delivery::test::write_file(folder / "secret", "one\ntwo");
  CHECK(header(auth).find("more than one line") != std::string::npos);
}

TEST_CASE("http: what one key alone does not show is a fault") {
  const std::pair<const char*, const char*> cases[] = {
      {"auth: {token: a, user: b}", "one kind of credentials"},
      {"auth: {password: a}", "no `user`"},
      {"auth: {user: b}", "no `password`"},
      {"auth: {user: 'a:b', password: c}", "colon"},
      {"auth: {token: a, token_file: /etc/hostname}", "twice"},
      {"auth: {token: a, aws: {region: r}}", "one kind of credentials"},
      {"auth: {aws: {region: r, service: s, access_key_id: k}}", "secret_access_key"},
      {"headers: {x-key: a}, auth: {api_key: k, api_key_header: X-Key}", "both in `headers`"},
      {"tls: {ca_file: /etc/hostname}", "no PEM file"},
      {"no_proxy: [a]", "no proxy"},
      {"auth: {token_file: /nowhere/token}", "/nowhere/token"},
      {"auth: {token: \"a\\nX: y\"}", "line break"},
      {"headers: {'A b': c}", "header's name"},
      {"headers: {A: \"b\\r\\nX: y\"}", "line break"},
      {"headers: {content-length: '3'}", "set by waybill itself"},
      {"headers: {authorization: x}, auth: {token: t}", "both in `headers` and in `auth`"},
      {"tls: {cert_file: /etc/hostname}", "go together"},
      {"tls: {ca_file: /nowhere/ca.pem}", "/nowhere/ca.pem"},
      {"proxy: 'socks://h'", "scheme"},
      {"proxy: 'unix:///h'", "over TCP"},
  };
  for (const auto& [yaml, words] : cases) {
    Read result = read(std::string("{endpoint: 'http://h', ") + yaml + "}");
    CHECK_MESSAGE(!result.fine, yaml);
    CHECK_MESSAGE(result.faults.find(words) != std::string::npos, yaml << ": " << result.faults);
  }
}

TEST_CASE("http: URLs are taken apart and put together") {
  Result<Url> url = parse_url("HTTPS://User:p%40ss@Host.Example:9200/prefix//?a=b#part");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->user == "User");
  CHECK(url->password == "p@ss");
  CHECK(url->host == "host.example");
  CHECK(url->port == 9200);
  CHECK(url->path == "/prefix");
  CHECK(url->text("/_bulk") == "https://host.example:9200/prefix/_bulk?a=b");
  CHECK(parse_url("http://h/")->text("/x") == "http://h/x");
  CHECK(parse_url("http://h")->port == 80);
  CHECK(parse_url("https://h")->port == 443);
  CHECK(parse_url("http://[::1]:3100")->text() == "http://[::1]:3100");
  CHECK(parse_url("http://[::1]:3100")->loopback());
  CHECK(parse_url("http://127.9.9.9")->loopback());
  CHECK(!parse_url("http://1270.example")->loopback());
}

TEST_CASE("http: URLs of Unix sockets, and where requests go") {
  Result<Url> url = parse_url("unix:///run/loki.sock:/prefix/");
  REQUIRE(url);
  CHECK(url->socket == "/run/loki.sock");
  CHECK(url->path == "/prefix");
  CHECK(url->loopback());
  CHECK(url->text("/push?a=b") == "unix:///run/loki.sock:/prefix/push?a=b");
  Route route = route_of(url->text("/push?a=b"), "ignored");
  CHECK(route.socket == "/run/loki.sock");
  CHECK(route.url == "http://localhost/prefix/push?a=b");
  CHECK(route.connect_to == "");
  CHECK(parse_url("unix:///run/x")->text("/push") == "unix:///run/x:/push");
  route = route_of("https://10.0.0.5:9200/p/_bulk?a=b", "es.internal");
  CHECK(route.url == "https://es.internal:9200/p/_bulk?a=b");
  CHECK(route.connect_to == "es.internal:9200:10.0.0.5:9200");
  CHECK(route_of("https://[::1]/x", "n").connect_to == "n:443:[::1]:443");
  CHECK(route_of("https://h/x", "").url == "https://h/x");
  CHECK(route_of("http://h/x", "n").connect_to == "");
  CHECK(!parse_url("unix://relative"));
  CHECK(!parse_url("unix:///" + std::string(120, 'x')));
}

TEST_CASE("http: credentials for AWS come from keys or from a profile of a file") {
  TempFolder folder;
  AuthSettings auth;
  auth.aws = {"eu-central-1", "es", "id", "secret", "", "token", "", "default"};
  Result<Credentials> made = read_credentials(auth);
  REQUIRE(made);
  CHECK(made->header == "");
  CHECK(made->aws_scope == "aws:amz:eu-central-1:es");
  CHECK((made->aws_id == "id" && made->aws_secret == "secret" && made->aws_token == "token"));
  auth.aws = {"r", "s", "", "", "", "", folder / "keys", "two"};
  auto fault = [&](const std::string& text) {
    delivery::test::write_file(folder / "keys", text);
    Result<Credentials> read = read_credentials(auth);
    return read ? std::string() : read.error().what;
  };
  CHECK(fault("[one]\naws_access_key_id=a\n").find("no profile [two]") != std::string::npos);
  CHECK(fault("[two]\naws_access_key_id=HUSH\n").find("lacks") != std::string::npos);
  CHECK(fault("[two]\naws_access_key_id=HUSH\n").find("HUSH") == std::string::npos);
  CHECK(fault("[one]\naws_access_key_id=a\n[ two ]\r\naws_access_key_id = b\r\n"
              "aws_secret_access_key\t= c=d\n[three]\naws_session_token=x") == "");
  made = read_credentials(auth);
  REQUIRE(made);
  CHECK((made->aws_id == "b" && made->aws_secret == "c=d" && made->aws_token == ""));
  CHECK(files_of(auth) == std::vector<std::string>{folder / "keys"});
}

TEST_CASE("http: an unusable URL is told why") {
  const std::pair<const char*, const char*> cases[] = {
      {"loki:3100", "did you mean http://loki:3100?"},
      {"user:secret@loki:3100", "did you mean http://loki:3100?"},
      {"ftp://h", "'ftp'"},
      {"http://", "no host name"},
      {"http:///path", "no host name"},
      {"http://:3100", "no host name"},
      {"http://h:port", "not a port"},
      {"http://h:0", "not a port"},
      {"http://h:70000", "not a port"},
      {"http://h:", "not a port"},
      {"http://[::1", "bracket"},
      {"http://a b", "blanks"},
      {"http://a\"b", "not a host name"},
  };
  for (const auto& [text, words] : cases) {
    Result<Url> url = parse_url(text);
    REQUIRE_MESSAGE(!url, text);
    CHECK_MESSAGE(url.error().what.find(words) != std::string::npos, url.error().what);
    CHECK(url.error().what.find("secret") == std::string::npos);
  }
}

TEST_CASE("http: credentials in a URL become auth, and are never part of what is shown") {
  Read result = read("{endpoint: 'http://me:hush@h:1'}");
  CHECK(result.faults == "");
  CHECK(result.settings.auth.user == "me");
  CHECK(result.settings.auth.password == "hush");
  CHECK(result.url->text() == "http://h:1");
  Read both = read("{endpoint: 'http://me:hush@h:1', auth: {token: t}}");
  CHECK(both.faults.find("both in this URL and elsewhere") != std::string::npos);
  CHECK(both.faults.find("hush") == std::string::npos);
}

}  // namespace
}  // namespace waybill::outputs::http
