// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/auth.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "delivery/state_dir.h"
#include "outputs/http/secret.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

constexpr size_t kLargestSecret = 16 * 1024;
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Result<std::string> read_small(const std::string& path) {
  delivery::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return errno_error("cannot read " + path, errno);
  std::string text(kLargestSecret, '\0');
  ssize_t size = read(file.get(), text.data(), text.size());
  if (size < 0) return errno_error("cannot read " + path, errno);
  text.resize(static_cast<size_t>(size));
  if (text.size() == kLargestSecret) {
    return Error{Action::kFixConfig, path + " is too large for a secret"};
  }
  return text;
}

Result<std::string> value_or_file(const std::string& value, const std::string& file) {
  if (file.empty()) return value;
  return read_secret(file);
}

// RFC 4648, section 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k) {
      three = three << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

bool given(const std::string& value, const std::string& file) {
  return !value.empty() || !file.empty();
}

bool given(const AwsSettings& aws) {
  return !aws.region.empty() || !aws.service.empty() || !aws.access_key_id.empty() ||
         given(aws.secret_access_key, aws.secret_access_key_file) || !aws.session_token.empty() ||
         !aws.credentials_file.empty();
}

// The keys of one profile in AWS's shared credentials file.
Result<Credentials> read_profile(const AwsSettings& aws) {
  const std::string& path = aws.credentials_file;
  Result<std::string> text = read_small(path);
  if (!text) return std::move(text).error();
  Credentials made;
  bool there = false, inside = false;
  std::string_view rest = *text;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      inside = trimmed(line.substr(1, line.size() - 2)) == aws.profile;
      there |= inside;
      continue;
    }
    size_t sign = line.find('=');
    if (!inside || sign == std::string_view::npos || line.front() == '#') continue;
    std::string_view key = trimmed(line.substr(0, sign));
    std::string_view value = trimmed(line.substr(sign + 1));
    if (key == "aws_access_key_id") made.aws_id = value;
    if (key == "aws_secret_access_key") made.aws_secret = value;
    if (key == "aws_session_token") made.aws_token = value;
  }
  if (!there) {
    return Error{Action::kFixConfig,
                 fmt::format("{} has no profile [{}]", path, printable(aws.profile))};
  }
  if (made.aws_id.empty() || made.aws_secret.empty()) {
    return Error{Action::kFixConfig,
                 fmt::format("the profile [{}] of {} lacks aws_access_key_id or "
                             "aws_secret_access_key",
                             printable(aws.profile), path)};
  }
  return made;
}

Result<Credentials> read_aws(const AwsSettings& aws) {
  Credentials made;
  if (!aws.credentials_file.empty()) {
    Result<Credentials> profile = read_profile(aws);
    if (!profile) return profile;
    made = *std::move(profile);
  } else {
    Result<std::string> secret = value_or_file(aws.secret_access_key, aws.secret_access_key_file);
    if (!secret) return std::move(secret).error();
    made.aws_id = aws.access_key_id;
    made.aws_secret = *std::move(secret);
    made.aws_token = aws.session_token;
  }
  made.aws_scope = fmt::format("aws:amz:{}:{}", aws.region, aws.service);
  return made;
}

// What is wrong with `auth.aws`; null when nothing is.
const char* aws_fault(const AwsSettings& aws) {
  if (aws.region.empty() || aws.service.empty()) {
    return "aws: say `region` and `service`, as in {region: eu-central-1, service: es}";
  }
  for (char c : aws.region + aws.service) {
    bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!fine) return "aws: a region and a service have a-z, 0-9 and - only";
  }
  bool keys = !aws.access_key_id.empty() ||
              given(aws.secret_access_key, aws.secret_access_key_file) ||
              !aws.session_token.empty();
  if (!aws.credentials_file.empty()) {
    return keys ? "aws: keys stand here and in `credentials_file`: keep one of them" : nullptr;
  }
  if (aws.access_key_id.empty() || !given(aws.secret_access_key, aws.secret_access_key_file)) {
    return "aws: say `access_key_id` and `secret_access_key` (or `secret_access_key_file`), or "
           "`credentials_file`";
  }
  return nullptr;
}

const config::OptionTable<AwsSettings>& aws_options() {
  static const auto table =
      config::OptionTable<AwsSettings>()
          .text("region", &AwsSettings::region, "such as eu-central-1")
          .text("service", &AwsSettings::service,
                "whose requests are signed: es for OpenSearch Service")
          .text("access_key_id", &AwsSettings::access_key_id, "better from ${AWS_ACCESS_KEY_ID}")
          .text("secret_access_key", &AwsSettings::secret_access_key,
                "better from ${AWS_SECRET_ACCESS_KEY}")
          .path("secret_access_key_file", &AwsSettings::secret_access_key_file,
                "file that holds it")
          .text("session_token", &AwsSettings::session_token,
                "of keys that live for a while, from ${AWS_SESSION_TOKEN:-}")
          .path("credentials_file", &AwsSettings::credentials_file,
                "AWS's shared credentials file, instead of the keys; read again when it changes")
          .text("profile", &AwsSettings::profile, "which profile of that file");
  return table;
}

}  // namespace

bool has_control(std::string_view text) {
  for (char c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return true;
  }
  return false;
}

bool is_token(std::string_view name) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  for (char c : name) {
    bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alnum && kOther.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

Result<std::string> read_secret(const std::string& path) {
  Result<std::string> whole = read_small(path);
  if (!whole) return whole;
  std::string_view text = trimmed(*whole);
  if (text.empty()) {
    return Error{Action::kFixConfig, path + " is empty: put the secret into it"};
  }
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Error{Action::kFixConfig, path + " holds more than one line: a secret is one line"};
    }
  }
  return std::string(text);
}

const config::OptionTable<AuthSettings>& auth_options() {
  static const auto table =
      config::OptionTable<AuthSettings>()
          .text("user", &AuthSettings::user, "basic authentication: the user's name")
          .text("password", &AuthSettings::password, "its password; better from ${VARIABLE}")
          .path("password_file", &AuthSettings::password_file,
                "file that holds the password; this and other files of secrets are read again "
                "when they change, and when the backend refuses what they held")
          .text("token", &AuthSettings::token, "bearer token; better from ${VARIABLE}")
          .path("token_file", &AuthSettings::token_file, "file that holds the bearer token")
          .text("api_key", &AuthSettings::api_key,
                "API key, for Elasticsearch base64 as Kibana shows it; better from ${VARIABLE}")
          .path("api_key_file", &AuthSettings::api_key_file, "file that holds the API key")
          .text("api_key_header", &AuthSettings::api_key_header,
                "a header that takes the key as it is, such as X-Api-Key; without it the key is "
                "sent as Elasticsearch wants it, Authorization: ApiKey")
          .section("aws", &AuthSettings::aws, aws_options(),
                   "requests are signed for AWS (Signature Version 4)");
  return table;
}

Result<Credentials> read_credentials(const AuthSettings& auth) {
  Credentials made;
  if (!auth.user.empty()) {
    Result<std::string> password = value_or_file(auth.password, auth.password_file);
    if (!password) return std::move(password).error();
    made.header = "Authorization: Basic " + base64(auth.user + ":" + *password);
  } else if (given(auth.token, auth.token_file)) {
    Result<std::string> token = value_or_file(auth.token, auth.token_file);
    if (!token) return std::move(token).error();
    made.header = "Authorization: Bearer " + *token;
  } else if (given(auth.api_key, auth.api_key_file)) {
    Result<std::string> key = value_or_file(auth.api_key, auth.api_key_file);
    if (!key) return std::move(key).error();
    // Elasticsearch hands keys out as `encoded`, or as `id` and `api_key` to be joined by a colon.
    made.header = !auth.api_key_header.empty()
                      ? auth.api_key_header + ": " + *key
                      : "Authorization: ApiKey " +
                            (key->find(':') == std::string::npos ? *key : base64(*key));
  } else if (given(auth.aws)) {
    return read_aws(auth.aws);
  }
  return made;
}

std::vector<std::string> files_of(const AuthSettings& auth) {
  std::vector<std::string> files;
  for (const std::string* file : {&auth.password_file, &auth.token_file, &auth.api_key_file,
                                  &auth.aws.secret_access_key_file, &auth.aws.credentials_file}) {
    if (!file->empty()) files.push_back(*file);
  }
  return files;
}

bool check_auth(const config::Section& section, const AuthSettings& auth) {
  int kinds = (!auth.user.empty() || given(auth.password, auth.password_file)) +
              given(auth.token, auth.token_file) + given(auth.api_key, auth.api_key_file) +
              given(auth.aws);
  auto refuse = [&](const char* why) {
    section.fault("auth", why);
    return false;
  };
  if (kinds > 1) {
    return refuse("name one kind of credentials: user with password, or token, api_key or aws");
  }
  if (!auth.user.empty() && !given(auth.password, auth.password_file)) {
    return refuse("there is a `user`, but no `password` or `password_file`");
  }
  if (auth.user.empty() && given(auth.password, auth.password_file)) {
    return refuse("there is a password, but no `user`");
  }
  if (auth.user.find(':') != std::string::npos) return refuse("a user's name cannot hold a colon");
  const AwsSettings& aws = auth.aws;
  if ((!auth.password.empty() && !auth.password_file.empty()) ||
      (!auth.token.empty() && !auth.token_file.empty()) ||
      (!auth.api_key.empty() && !auth.api_key_file.empty()) ||
      (!aws.secret_access_key.empty() && !aws.secret_access_key_file.empty())) {
    return refuse("a secret stands here twice, as itself and as a file: keep one of them");
  }
  for (const std::string* each : {&auth.user, &auth.password, &auth.token, &auth.api_key,
                                  &aws.access_key_id, &aws.secret_access_key, &aws.session_token}) {
    if (has_control(*each)) {
      return refuse("a credential holds a line break or another control character");
    }
  }
  if (!auth.api_key_header.empty()) {
    if (!given(auth.api_key, auth.api_key_file)) {
      return refuse("there is an `api_key_header`, but no `api_key` or `api_key_file`");
    }
    if (!is_token(auth.api_key_header)) return refuse("api_key_header: that is no header's name");
  }
  if (const char* why = given(aws) ? aws_fault(aws) : nullptr) return refuse(why);
  Result<Credentials> read = read_credentials(auth);
  if (!read) return refuse(read.error().what.c_str());
  return true;
}

}  // namespace waybill::outputs::http
