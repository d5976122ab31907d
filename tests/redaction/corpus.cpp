// SPDX-License-Identifier: Apache-2.0
#include "tests/redaction/corpus.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <random>
#include <string_view>

namespace waybill::redaction::corpus {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kAlnum =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Not std's distributions, which differ from one library to the next.
class Dice {
 public:
  size_t below(size_t limit) { return engine_() % limit; }
  size_t between(size_t low, size_t high) { return low + below(high - low + 1); }
  std::string some(std::string_view letters, size_t count) {
    std::string out;
    while (out.size() < count) out += letters[below(letters.size())];
    return out;
  }
  template <size_t N>
  const char* one_of(const char* const (&all)[N]) {
    return all[below(N)];
  }

 private:
  std::mt19937_64 engine_{20260102};
};

std::string base64url(std::string_view bytes, bool plain = false) {
  std::string letters(kAlnum);
  letters += plain ? "+/" : "-_";
  std::string out;
  unsigned bits = 0, count = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += letters[bits >> (count - 6) & 63];
  }
  if (count > 0) out += letters[bits << (6 - count) & 63];
  while (plain && out.size() % 4 != 0) out += '=';
  return out;
}

std::string with_luhn(std::string digits) {
  int sum = 0;
  bool twice = true;
  for (size_t i = digits.size(); i-- > 0; twice = !twice) {
    int digit = digits[i] - '0';
    if (twice) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  digits += static_cast<char>('0' + (10 - sum % 10) % 10);
  return digits;
}

const char* const kNames[] = {"ada", "grace", "linus", "barbara", "edsger", "margaret", "ken"};
const char* const kHosts[] = {"example.com", "mail.example.org", "shop.example.co.uk",
                              "corp.example.net", "example.io"};
const char* const kWordsIn[] = {"order", "cart", "session", "worker", "queue", "batch", "cache"};

// ---- secrets ----

std::string jwt(Dice& dice) {
  const char* const algorithms[] = {"HS256", "RS256", "ES512", "PS384", "none"};
  std::string header = fmt::format("{{\"alg\":\"{}\",\"typ\":\"JWT\"}}", dice.one_of(algorithms));
  if (dice.below(3) == 0) {
    header =
        fmt::format("{{\"typ\":\"JWT\",\"kid\":\"{}\",\"alg\":\"RS256\"}}", dice.some(kHex, 16));
  }
  std::string payload = fmt::format("{{\"sub\":\"{}\",\"iat\":{}}}", dice.one_of(kNames),
                                    1700000000 + dice.below(90000000));
  return base64url(header) + "." + base64url(payload) + "." +
         dice.some(kUrlSafe, dice.between(22, 86));
}

std::string card(Dice& dice) {
  const char* const issuers[] = {"4",    "51", "55",   "2221", "2720", "34",  "37",
                                 "6011", "65", "3530", "36",   "305",  "6221"};
  std::string prefix = dice.one_of(issuers);
  size_t length = 16;
  if (prefix == "34" || prefix == "37") length = 15;
  if (prefix == "36" || prefix == "305") length = 14;
  std::string number = with_luhn(prefix + dice.some(kDigits, length - 1 - prefix.size()));
  size_t form = dice.below(3);
  if (form == 0) return number;
  std::string separator = form == 1 ? " " : "-";
  if (length == 16) {
    return number.substr(0, 4) + separator + number.substr(4, 4) + separator + number.substr(8, 4) +
           separator + number.substr(12);
  }
  return number.substr(0, 4) + separator + number.substr(4, 6) + separator + number.substr(10);
}

std::string email(Dice& dice) {
  std::string local = dice.one_of(kNames);
  if (dice.below(2) == 0) local += "." + dice.some(kLower, dice.between(2, 9));
  if (dice.below(3) == 0) local += "+" + dice.some(kAlnum, 4);
  return local + "@" + dice.one_of(kHosts);
}

std::string ipv4(Dice& dice) {
  return fmt::format("{}.{}.{}.{}", dice.between(1, 255), dice.below(256), dice.below(256),
                     dice.below(256));
}

std::string ipv6(Dice& dice) {
  auto group = [&] { return fmt::format("{:x}", dice.below(65536)); };
  if (dice.below(3) == 0) {
    std::string all = "2001";
    for (int i = 0; i < 7; ++i) all += ":" + group();
    return all;
  }
  return fmt::format("2001:db8:{}::{}", group(), group());
}

std::string ssn(Dice& dice) {
  size_t area = dice.between(1, 898);
  if (area == 666) area = 667;
  return fmt::format("{:03}-{:02}-{:04}", area, dice.between(1, 99), dice.between(1, 9999));
}

std::string aws(Dice& dice) {
  return (dice.below(2) == 0 ? "AKIA" : "ASIA") + dice.some("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
}

std::string private_key(Dice& dice) {
  const char* const kinds[] = {"", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "};
  std::string kind = dice.one_of(kinds), body;
  for (size_t i = dice.between(2, 20); i > 0; --i) body += dice.some(kAlnum, 64) + "\n";
  return "-----BEGIN " + kind + "PRIVATE KEY-----\n" + body + "-----END " + kind +
         "PRIVATE KEY-----";
}

std::string password(Dice& dice) {
  return dice.some("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMN23456789!#%^-_", dice.between(6, 20)) +
         dice.some(kDigits, 2);
}

// ---- lines around them ----

std::string in_a_line(Dice& dice, const std::string& what, std::string_view key) {
  switch (dice.below(6)) {
    case 0: return fmt::format("2026-01-02T03:04:05Z INFO {} {} done in 12ms", key, what);
    case 1: return fmt::format("level=info msg=\"{} seen\" {}={} took=1.5s", key, key, what);
    case 2: return fmt::format("{{\"level\":\"info\",\"{}\":\"{}\",\"n\":17}}", key, what);
    case 3: return fmt::format("GET /api/v1/items?{}={}&page=2 HTTP/1.1", key, what);
    case 4: return fmt::format("{{\\\"{}\\\":\\\"{}\\\",\\\"ok\\\":true}}", key, what);
    default: return fmt::format("[worker-3] {}: ({}), retrying", key, what);
  }
}

using Make = std::function<std::pair<std::string, std::string>(Dice&)>;  // text and secret
using Look = std::function<std::string(Dice&)>;
struct Kind {
  std::string detector;
  Make secret;
  Look look_alike;
};

Make plain(std::string (*make)(Dice&), std::string key) {
  return [=](Dice& dice) {
    std::string what = make(dice);
    return std::pair(in_a_line(dice, what, key), what);
  };
}

std::pair<std::string, std::string> bearer(Dice& dice) {
  const char* const before[] = {"Authorization: Bearer ", "authorization=Bearer ",
                                "sent header Bearer ", "curl -H 'Authorization: bearer "};
  const char* const basic[] = {"Authorization: Basic ", "\"authorization\":\"Basic ",
                               "proxy-authorization: basic "};
  if (dice.below(3) == 0) {
    std::string pair = std::string(dice.one_of(kNames)) + ":" + password(dice);
    std::string what = base64url(pair, true);
    return {dice.one_of(basic) + what + " accepted", what};
  }
  std::string what = dice.some(kUrlSafe, dice.between(20, 60)) + dice.some(kDigits, 1);
  return {dice.one_of(before) + what + " rejected", what};
}

std::string no_bearer(Dice& dice) {
  const char* const all[] = {"Bearer authentication failed for {}",
                             "the bearer of {} may pass",
                             "WWW-Authenticate: Bearer realm=\"{}\"",
                             "basic checks of {} passed",
                             "Basic authentication is off for {}",
                             "bearer token of {} expired",
                             "forbearer {} basically"};
  return fmt::format(fmt::runtime(dice.one_of(all)), dice.one_of(kWordsIn));
}

std::pair<std::string, std::string> url_password(Dice& dice) {
  const char* const schemes[] = {"postgres", "mysql", "redis", "amqp", "https", "mongodb+srv"};
  std::string what = dice.some(kAlnum, dice.between(4, 24));
  return {fmt::format("connecting to {}://{}:{}@{}:{}/shop", dice.one_of(schemes),
                      dice.one_of(kNames), what, dice.one_of(kHosts), dice.between(1000, 9999)),
          what};
}

std::string no_url_password(Dice& dice) {
  const char* const all[] = {"GET http://{}:8080/a/b", "https://ada@{}/x",
                             "see http://{}/a:b/c",    "listening on tcp://{}:9090",
                             "grpc://{}:1,{}:2",       "http://{}/?q=a:b"};
  return fmt::format(fmt::runtime(dice.one_of(all)), dice.one_of(kHosts), "x");
}

std::pair<std::string, std::string> named_secret(Dice& dice) {
  const char* const names[] = {"password", "passwd",    "db_password",   "dbPassword",
                               "api_key",  "X-Api-Key", "client_secret", "access_token",
                               "pwd",      "pass"};
  const char* const forms[] = {
      "login {}={} ok",  "{{\"user\":\"ada\",\"{}\":\"{}\"}}", "retry with {}: {} again",
      "{}='{}' host=db", "body {{\\\"{}\\\":\\\"{}\\\"}}",     "/login?{}={}&next=/"};
  std::string what = dice.some(kAlnum, dice.between(6, 20)) + dice.some(kDigits, 2);
  return {fmt::format(fmt::runtime(dice.one_of(forms)), dice.one_of(names), what), what};
}

std::string no_named_secret(Dice& dice) {
  switch (dice.below(8)) {
    case 0: return fmt::format("password: must be at least {} characters", dice.between(8, 20));
    case 1: return fmt::format("tests pass: {}, fail: 0", dice.below(1000));
    case 2: return fmt::format("pwd=/srv/{} user=ada", dice.one_of(kWordsIn));
    case 3: return fmt::format("used tokens={} of 4096", dice.below(4096));
    case 4: return fmt::format("password=*** user={}", dice.one_of(kNames));
    case 5: return fmt::format("unexpected token: {}", dice.one_of(kWordsIn));
    case 6: return fmt::format("\"password\":null,\"passwordReset\":\"{}\"", dice.one_of(kWordsIn));
    default: return fmt::format("bypass={} compass={}", dice.below(9), dice.one_of(kWordsIn));
  }
}

std::string no_jwt(Dice& dice) {
  switch (dice.below(4)) {
    case 0:
      return "cursor=" + base64url(fmt::format("{{\"page\":{},\"size\":50}}", dice.below(9999)));
    case 1: return "state " + base64url("{\"next\":\"/" + dice.some(kLower, 8) + "\"}") + ".";
    case 2: return "file " + dice.some(kLower, 8) + "." + dice.some(kLower, 6) + ".tar.gz";
    default: return dice.some(kUrlSafe, 20) + "." + dice.some(kUrlSafe, 30) + " eyJ";
  }
}

std::string no_aws(Dice& dice) {
  switch (dice.below(4)) {
    case 0: return "AKIA" + dice.some(kUpper, 12);
    case 1: return "id AKIA" + dice.some(kUpper, 24);
    case 2: return "X" + dice.some(kUpper, 5) + "AKIA" + dice.some(kUpper, 16);
    default: return "secret access key of " + std::string(dice.one_of(kNames)) + " is missing";
  }
}

std::string no_private_key(Dice& dice) {
  const char* const kinds[] = {"CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY",
                               "CERTIFICATE REQUEST"};
  std::string kind = dice.one_of(kinds);
  return "-----BEGIN " + kind + "-----\n" + dice.some(kAlnum, 64) + "\n-----END " + kind + "-----";
}

std::string no_card(Dice& dice) {
  switch (dice.below(6)) {
    case 0: return fmt::format("at 17{}", dice.some(kDigits, 11 + 3 * dice.below(3)));
    case 1: {
      std::string number = with_luhn("4" + dice.some(kDigits, 14));
      auto last = static_cast<size_t>(number.back() - '0');
      number.back() = static_cast<char>('0' + (last + 1 + dice.below(8)) % 10);
      return "order " + number;
    }
    case 2: return "row " + with_luhn(dice.some("1789", 1) + dice.some(kDigits, 14));
    case 3: return "n=" + dice.some("123456789", 1) + dice.some(kDigits, dice.between(20, 40));
    case 4:
      return fmt::format("trace {}-{}-{}-{}-{}", dice.some(kHex, 8), dice.some(kHex, 4),
                         dice.some(kHex, 4), dice.some(kHex, 4), dice.some(kHex, 12));
    default: return fmt::format("0.{} of 1", dice.some(kDigits, 16));
  }
}

std::string no_email(Dice& dice) {
  switch (dice.below(7)) {
    case 0: return fmt::format("ssh {}@localhost", dice.one_of(kNames));
    case 1: return fmt::format("clone git@{}:{}.git", dice.one_of(kHosts), dice.one_of(kWordsIn));
    case 2: return fmt::format("/img/{}@2x.png", dice.one_of(kWordsIn));
    case 3:
      return fmt::format("npm {}@{}.{}.0", dice.one_of(kWordsIn), dice.below(9), dice.below(9));
    case 4: return "com.example.Order@" + dice.some(kHex, 8);
    case 5: return fmt::format("getty@tty{}.service", dice.below(9));
    default: return fmt::format("ssh://{}@{}/x", dice.one_of(kNames), dice.one_of(kHosts));
  }
}

std::string no_ipv4(Dice& dice) {
  auto n = [&] { return dice.below(30); };
  switch (dice.below(5)) {
    case 0: return fmt::format("version {}.{}.{}.{}", n(), n(), n(), n());
    case 1: return fmt::format("{}.{}.{}.{}.{}", n(), n(), n(), n(), n());
    case 2: return fmt::format("Chrome/{}.0.{}.{} Safari/537.36", n() + 90, n(), n());
    case 3: return fmt::format("v{}.{}.{}", n(), n(), n());
    default: return fmt::format("{}.{}.{}.{}", 256 + n(), n(), n(), n());
  }
}

std::string no_ipv6(Dice& dice) {
  switch (dice.below(5)) {
    case 0:
      return fmt::format("at {:02}:{:02}:{:02}", dice.below(24), dice.below(60), dice.below(60));
    case 1: {
      std::string mac = dice.some(kHex, 2);
      for (int i = 0; i < 5; ++i) mac += ":" + dice.some(kHex, 2);
      return "mac " + mac;
    }
    case 2: return "std::" + dice.some(kLower, 6) + "::" + dice.some(kLower, 4);
    case 3: return "core::fade::" + std::string(dice.one_of(kWordsIn));
    default: return fmt::format("{}:{}", dice.some(kLower, 3), dice.below(65536));
  }
}

std::string no_ssn(Dice& dice) {
  switch (dice.below(5)) {
    case 0: return fmt::format("2026-{:02}-{:02}", dice.between(1, 12), dice.between(1, 28));
    case 1: return fmt::format("call 555-{:03}-{:04}", dice.below(1000), dice.below(10000));
    case 2:
      return fmt::format("9{:02}-{:02}-{:04}", dice.below(100), dice.below(100), dice.below(10000));
    case 3: return fmt::format("part {:03}-00-{:04}", dice.between(1, 899), dice.below(10000));
    default:
      return fmt::format("{:03}-{:02}-{:05}", dice.between(1, 899), dice.below(100),
                         dice.below(100000));
  }
}

// In two pieces, so that nobody who looks for secrets in sources finds one.
std::string gcp(Dice& dice) {
  return "AI" + ("za" + dice.some(kUrlSafe, 34)) + dice.some(kAlnum, 1);
}
std::string github(Dice& dice) {
  return "gh" + (dice.some("pousr", 1) + "_" + dice.some(kAlnum, 36));
}
std::string slack(Dice& dice) {
  return "xo" + ("x" + dice.some("bp", 1) + "-" + dice.some(kDigits, 12) + "-" +
                 dice.some(kDigits, 12) + "-" + dice.some(kAlnum, 24));
}
std::string stripe(Dice& dice) {
  const char* const kinds[] = {"sk_", "rk_"};
  return dice.one_of(kinds) +
         ((dice.below(2) == 0 ? "live_" : "test_") + dice.some(kAlnum, dice.between(24, 40)));
}
std::string no_service_key(Dice& dice) {
  switch (dice.below(6)) {
    case 0: return "AIza" + dice.some(kAlnum, 12);
    case 1: return "high_" + dice.some(kLower, 36);
    case 2: return "gh" + ("p_" + dice.some(kAlnum, 20));
    case 3: return "xoxo-" + dice.some(kLower, 12);
    case 4: return "disk_test_" + dice.some(kAlnum, 24);
    default: return "task_live_" + dice.some(kAlnum, 30);
  }
}

std::string ordinary(Dice& dice) {
  auto n = [&](size_t limit) { return dice.below(limit); };
  switch (n(7)) {
    case 0:
      return fmt::format(
          "{{\"level\":\"info\",\"ts\":17{}.{},\"caller\":\"api/handler.go:{}\",\"msg\":\"{} "
          "finished\",\"trace_id\":\"{}\",\"span_id\":\"{}\",\"status\":{},\"took\":0.{}}}",
          dice.some(kDigits, 8), dice.some(kDigits, 6), n(900), dice.one_of(kWordsIn),
          dice.some(kHex, 32), dice.some(kHex, 16), 200 + n(300), dice.some(kDigits, 5));
    case 1:
      return fmt::format("2026-0{}-1{} 12:{:02}:{:02},{:03} INFO [main] c.e.{}: {} of {} in {} ms",
                         1 + n(9), n(10), n(60), n(60), n(1000), dice.one_of(kWordsIn), n(99),
                         n(999), n(99999));
    case 2:
      return fmt::format(
          "time=2026-01-02T03:{:02}:{:02}Z level=warn msg=\"slow {}\" id={} bytes={}", n(60), n(60),
          dice.one_of(kWordsIn), n(1u << 30), n(1u << 30));
    case 3:
      return fmt::format("\tat com.example.{}.Handler.run(Handler.java:{}) ~[{}-1.{}.{}.jar:?]",
                         dice.one_of(kWordsIn), n(900), dice.one_of(kWordsIn), n(20), n(20));
    case 4:
      return fmt::format("I0102 03:04:{:02}.{:06} {} server.cc:{}] {} of shard {}", n(60),
                         n(1000000), n(30000), n(900), dice.one_of(kWordsIn), dice.some(kHex, 40));
    case 5:
      return fmt::format("image registry/{}@sha256:{} pulled in {}.{}s", dice.one_of(kWordsIn),
                         dice.some(kHex, 64), n(60), n(1000));
    default:
      return fmt::format("GET /{}/{}?page={}&sort=-date HTTP/1.1 {} {}", dice.one_of(kWordsIn),
                         n(1u << 30), n(50), 200 + n(300), n(100000));
  }
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"jwt", plain(jwt, "id"), no_jwt},
      {"bearer", bearer, no_bearer},
      {"aws_key", plain(aws, "aws_id"), no_aws},
      {"private_key", plain(private_key, "pem"), no_private_key},
      {"card", plain(card, "pan"), no_card},
      {"email", plain(email, "mail"), no_email},
      {"ipv4", plain(ipv4, "client"), no_ipv4},
      {"ipv6", plain(ipv6, "client"), no_ipv6},
      {"ssn", plain(ssn, "ssn"), no_ssn},
      {"gcp_key", plain(gcp, "k"), no_service_key},
      {"github_token", plain(github, "k"), no_service_key},
      {"slack_token", plain(slack, "k"), no_service_key},
      {"stripe_key", plain(stripe, "k"), no_service_key},
      {"url_password", url_password, no_url_password},
      {"password", named_secret, no_named_secret},
  };
  return all;
}

}  // namespace

std::vector<Case> make(size_t count) {
  Dice dice;
  std::vector<Case> cases;
  for (const Kind& kind : kinds()) {
    for (size_t i = 0; i < count; ++i) {
      auto [text, secret] = kind.secret(dice);
      cases.push_back({kind.detector, std::move(text), std::move(secret)});
    }
    for (size_t i = 0; i < count; ++i) {
      cases.push_back({kind.detector, kind.look_alike(dice), ""});
    }
  }
  for (size_t i = 0; i < count * kinds().size(); ++i) {
    cases.push_back({"ordinary", ordinary(dice), ""});
  }
  return cases;
}

}  // namespace waybill::redaction::corpus
