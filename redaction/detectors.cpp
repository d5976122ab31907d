// SPDX-License-Identifier: Apache-2.0
// The table of detectors. A new one is an entry here, with samples, and a verifier.
#include <algorithm>

#include "redaction/detector.h"
#include "redaction/verify.h"

namespace waybill::redaction {

namespace {

using Texts = std::string_view;

// Bytes before a number that is none's rest. In two classes, as no digit is in the halves of either
// then (redaction/scanner.h); n stands for the escape \n.
constexpr std::string_view kBlankBefore("\0\t\n\r !\"#$%&'()*+,/", 18);
constexpr std::string_view kSignBefore = ":;<=>?[\\]^{|}~n";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsOrDot = "0123456789.";
constexpr std::string_view kHexOrColon = "0123456789abcdefABCDEF:";

constexpr Window kJwt[] = {{{"e", "y", "J"}}};
constexpr Texts kJwtSamples[] = {
    "token={{eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U}}",
    "logged in with {{eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.}}, and out",
    "{{eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl}}",
};
constexpr Texts kJwtCounters[] = {
    "state=eyJwYWdlIjoyLCJzaXplIjo1MH0",
    "eyJwYWdlIjoyfQ.example.com is no host",
    "keyJhbGciOiJIUzI1NiJ9 eyJ a.b.c",
};

constexpr Window kBearer[] = {{{"bB", "eE", "aA"}}, {{"sS", "iI", "cC"}}};
constexpr Texts kBearerSamples[] = {
    "Authorization: Bearer {{mF_9.B5f-4.1JqM}}",
    "curl -H 'authorization: bearer {{abcd}}'",
    "got Bearer {{3f2a9c1e77d04b6f}} from the client",
    R"("authorization":"Bearer {{d2hhdCBldmVy}}")",
    "Authorization: Basic {{YWRhOmVuZ2luZQ==}}",
    "proxy said basic {{dXNlcjpwYXNz}}.",
};
constexpr Texts kBearerCounters[] = {
    "Bearer authentication failed",
    "the bearer of bad news",
    "WWW-Authenticate: Bearer realm=\"x\"",
    "Basic authentication is off",
    "basic checks passed",
    "a basic configuration:none",
};

constexpr Window kAws[] = {{{"K", "I", "A"}},
                           {{"S", "I", "A"}},
                           {{"eE", "cC", "rR"}},
                           {{"I", "Q", "o"}},
                           {{"F", "w", "o"}}};
constexpr Texts kAwsSamples[] = {
    "key {{AKIAIOSFODNN7EXAMPLE}} used",
    "{{ASIAY34FZKBOKMUTVV7A}}",
    "aws_secret_access_key = {{wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}}",
    R"("SecretAccessKey": "{{wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}}")",
};
constexpr Texts kAwsCounters[] = {
    "AKIAIOSFODNN7",
    "AKIAIOSFODNN7EXAMPLEANDMORE",
    "SLOVAKIAISNOTANACCESSKEYID",
    "secret access key is missing",
    "asiaisalargecontinent",
};

constexpr Window kPrivateKey[] = {{{"-", "B", "E"}}};
constexpr Texts kPrivateKeySamples[] = {
    "{{-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----}} loaded",
    R"(pem={{-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----}}\n)",
    "{{-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA}}",
    "{{-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----}}",
};
constexpr Texts kPrivateKeyCounters[] = {
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "-----BEGIN TEST-----",
};

constexpr Window kUrlPassword[] = {{{":", "/", "/"}}, {{":", "\\", "/"}}};
constexpr Texts kUrlPasswordSamples[] = {
    "postgres://app:{{s3cr3t}}@db:5432/shop",
    "redis://:{{hunter2}}@10.0.0.7:6379",
    R"("https:\/\/ada:{{p@ss}}@example.com\/x")",
    "amqp://guest:{{gu:est}}@mq/%2f",
};
constexpr Texts kUrlPasswordCounters[] = {
    "http://example.com:8080/a@b",
    "https://ada@example.com/",
    "http://[::1]:8080/?u=a:b@c",
    "postgres://app:***@db/shop",
};

constexpr Window kPassword[] = {{{"pP", "aA", "sS"}},  {{"pP", "wW", "dD"}}, {{"tT", "oO", "kK"}},
                                {{"eE", "cC", "rR"}},  {{"pP", "iI", "kK"}}, {{"iI", "_-", "kK"}},
                                {{"sS", "sS_-", "kK"}}};
constexpr Texts kPasswordSamples[] = {
    "login user=ada password={{hunter2}} from=10.0.0.1",
    R"({"user":"ada","password":"{{tr0ub4dor&3 x}}"})",
    R"(body="{\"passwd\":\"{{a\\\"b}}\",\"x\":1}")",
    "GET /login?user=ada&pwd={{abc123}}&next=/",
    "db_pass: {{geheim}}",
    "X-Api-Key: {{0123456789abcdef}}",
    "client_secret={{Zm9vYmFy}}&grant_type=client_credentials",
    "token={{9f8e7d6c5b4a}}",
};
constexpr Texts kPasswordCounters[] = {
    "password: must be at least 8 characters",
    "password=*** user=ada",
    "tests pass: 12, fail=0, pass=12",
    "pwd=/home/ada PWD=/srv",
    "unexpected token: foo",
    "tokens=128 bypass=on compass: north",
    "\"password\":null,\"passwordless\":true",
    "password=${DB_PASSWORD}",
    "secret=default/tls",
};

constexpr Window kGcp[] = {{{"A", "I", "z"}}, {{"y", "a", "2"}}, {{"G", "O", "C"}}};
constexpr Texts kGcpSamples[] = {
    "key={{AIzaSyA1234567890abcdefghijklmnopqrstuv}}",
    "{{ya29.a0AfH6SMBx1234567890abcdef}} expires",
};
constexpr Texts kGcpCounters[] = {"AIzaSyShort", "ya29.", "GOCSPX-short"};

constexpr Window kGithub[] = {{{"h", "pousr", "_"}}, {{"b", "_", "p"}}};
constexpr Texts kGithubSamples[] = {
    "remote: {{gh"
    "p_16C7e42F292c6912E7710c838347Ae178B4a}}",
    "{{github_"
    "pat_11ABCDEFG0123456789ab_abcdefghijklmnopqrstuvwxyz0123456789}}",
};
constexpr Texts kGithubCounters[] = {"ghp_short", "high_pressure", "github_path_of_the_repository"};

constexpr Window kSlack[] = {{{"x", "o", "x"}}, {{"x", "a", "p"}}, {{"k", "s", "."}}};
constexpr Texts kSlackSamples[] = {
    "{{xox"
    "b-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy}}",
    "POST https://hooks.slack."
    "com/services/{{T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX}}",
};
constexpr Texts kSlackCounters[] = {"xoxo-love-and-kisses", "boxox-1", "hooks.slack.com/services/"};

constexpr Window kStripe[] = {{{"k", "_", "lt"}}, {{"w", "h", "s"}}};
constexpr Texts kStripeSamples[] = {
    "{{sk_"
    "live_4eC39HqLyjWDarjtT1zdp7dc}}",
    "rotated {{whsec_"
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}",
};
constexpr Texts kStripeCounters[] = {"sk_live_", "task_test_1234567890123456", "risk_level=high"};

constexpr Window kNumber[] = {{{kBlankBefore, kDigits, kDigitsOrDot}, true},
                              {{kSignBefore, kDigits, kDigitsOrDot}, true}};
constexpr Texts kCardSamples[] = {
    "card {{4111111111111111}} declined",  "{{5500 0000 0000 0004}}", "pan={{3782-822463-10005}},",
    "\"card\":{{6011000990139424}}",       "{{3530111333300000}}",    "{{4222222222222}}",
    "amount 12 card {{2223003122003222}}",
};
constexpr Texts kCardCounters[] = {
    "order 4111111111111112",          "at 1700000000000 and 1700000000000000",
    "span 4111111111111111a",          "4111-1111-1111",
    "41111111111111111111111111",      "0.4111111111111111",
    "1234567812345670 is no issuer's", "3f41-4111111111111111-9",
};
constexpr Texts kSsnSamples[] = {
    "ssn={{123-45-6789}}",
    "SSN: {{123 45 6789}}",
    "of {{899-12-3456}}.",
    "ssn {{123456789}}",
};
constexpr Texts kSsnCounters[] = {
    "000-12-3456", "666-12-3456",     "900-12-3456", "123-00-4567",  "123-45-0000",
    "2024-01-02",  "1-123-45-6789-1", "123 45 6789", "123-45-67890",
};

constexpr Window kEmail[] = {{{"", "@", ""}}, {{"%", "4", "0"}}, {{"0", "4", "0"}}};
constexpr Texts kEmailSamples[] = {
    "mail to {{ada.lovelace+x@example.co.uk}}.",
    "user=<{{a@b.io}}>",
    "q={{ada%40example.com}}&x",
    R"("{{ada\u0040example.com}}")",
    "{{j.doe@xn--bcher-kva.example}}",
};
constexpr Texts kEmailCounters[] = {
    "root@localhost",     "git@github.com:o/r.git",     "icon@2x.png",        "lodash@4.17.21",
    "com.foo.Bar@1a2b3c", "ssh://deploy@example.com/x", "getty@tty1.service", "@babel/core",
};

constexpr Texts kIpv4Samples[] = {
    "from {{10.1.2.3}}:5432",
    "{{192.168.0.1}}",
    "http://{{203.0.113.9}}/x",
    "[{{8.8.8.8}}]",
};
constexpr Texts kIpv4Counters[] = {
    "version 1.2.3.4", "1.2.3.4.5", "256.1.1.1", "Chrome/120.0.0.0 Safari",
    "v1.2.3.4",        "1.2.3",     "01.2.3.4",  "12:00:00.123",
};

constexpr Window kIpv6[] = {{{kHexOrColon, ":", kHexOrColon}}};
constexpr Texts kIpv6Samples[] = {
    "from {{2001:db8::8a2e:370:7334}}",
    "[{{fe80::1}}]:443",
    "{{::1}}",
    "{{2001:0db8:0000:0000:0000:ff00:0042:8329}}",
    "{{::ffff:192.0.2.1}}: refused",
};
constexpr Texts kIpv6Counters[] = {
    "at 12:34:56", "aa:bb:cc:dd:ee:ff",       "std::string",
    "a::b",        "00:11:22:33:44:55:66:77", "tokio::runtime",
    "::",
};

#define WAYBILL_TEXTS(name) k##name##Samples, k##name##Counters

constexpr Detector kAll[] = {
    {"jwt", "JSON Web Tokens whose header can be decoded", true, false, verify_jwt, kJwt,
     WAYBILL_TEXTS(Jwt)},
    {"bearer", "credentials of the HTTP schemes Bearer and Basic", true, false, verify_bearer,
     kBearer, WAYBILL_TEXTS(Bearer)},
    {"aws_key", "access keys of AWS, their secrets and session tokens", true, false, verify_aws,
     kAws, WAYBILL_TEXTS(Aws)},
    {"private_key", "PEM and PGP private keys, to their end or that of the text", true, false,
     verify_private_key, kPrivateKey, WAYBILL_TEXTS(PrivateKey)},
    {"card", "payment cards: issuer, length and Luhn's digit are right", false, true, verify_card,
     kNumber, WAYBILL_TEXTS(Card)},
    {"email", "e-mail addresses, also as %40 and \\u0040", false, false, verify_email, kEmail,
     WAYBILL_TEXTS(Email)},
    {"ipv4", "addresses of IPv4", false, true, verify_ipv4, kNumber, WAYBILL_TEXTS(Ipv4)},
    {"ipv6", "addresses of IPv6", false, true, verify_ipv6, kIpv6, WAYBILL_TEXTS(Ipv6)},
    {"ssn", "US social security numbers", false, true, verify_ssn, kNumber, WAYBILL_TEXTS(Ssn)},
    {"gcp_key", "API keys, OAuth tokens and secrets of Google Cloud", false, false, verify_gcp,
     kGcp, WAYBILL_TEXTS(Gcp)},
    {"github_token", "tokens of GitHub", false, false, verify_github, kGithub,
     WAYBILL_TEXTS(Github)},
    {"slack_token", "tokens and webhooks of Slack", false, false, verify_slack, kSlack,
     WAYBILL_TEXTS(Slack)},
    {"stripe_key", "secret and restricted keys of Stripe", false, false, verify_stripe, kStripe,
     WAYBILL_TEXTS(Stripe)},
    {"url_password", "passwords in URLs, as in postgres://user:password@host", false, false,
     verify_url_password, kUrlPassword, WAYBILL_TEXTS(UrlPassword)},
    {"password", "values whose name says that they are secret: password=, \"api_key\":", false,
     false, verify_password, kPassword, WAYBILL_TEXTS(Password)},
};

#undef WAYBILL_TEXTS

}  // namespace

std::span<const Detector> detectors() { return kAll; }

const Detector* find_detector(std::string_view name) {
  auto found = std::find_if(std::begin(kAll), std::end(kAll),
                            [&](const Detector& one) { return one.name == name; });
  return found == std::end(kAll) ? nullptr : found;
}

}  // namespace waybill::redaction
