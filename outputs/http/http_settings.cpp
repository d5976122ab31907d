// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "delivery/state_dir.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

// A secret of one line: the blanks and line ends around it belong to the editor that wrote it.
Result<std::string> read_secret(const std::string& path) {
  delivery::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return errno_error("cannot read " + path, errno);
  char bytes[16 * 1024];
  ssize_t size = read(file.get(), bytes, sizeof bytes);
  if (size < 0) return errno_error("cannot read " + path, errno);
  std::string_view text(bytes, static_cast<size_t>(size));
  constexpr std::string_view kBlanks = " \t\r\n";
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return Error{Action::kFixConfig, path + " is empty: put the secret into it"};
  }
  text = text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
  if (text.size() + begin >= sizeof bytes) {
    return Error{Action::kFixConfig, path + " is too large for a secret"};
  }
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Error{Action::kFixConfig, path + " holds more than one line: a secret is one line"};
    }
  }
  return std::string(text);
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

bool has_control(std::string_view text) {
  for (char c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return true;
  }
  return false;
}

bool is_token(std::string_view name) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";  // RFC 9110, section 5.6.2
  for (char c : name) {
    bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alnum && kOther.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return true;
}

bool check_headers(const config::Section& section, const Settings& settings, bool has_auth) {
  constexpr std::array<std::string_view, 6> kOurs = {
      "Content-Length", "Content-Encoding", "Content-Type", "Transfer-Encoding", "Host", "Expect"};
  bool fine = true;
  auto refuse = [&](std::string why) {
    section.fault("headers", std::move(why));
    fine = false;
  };
  for (const auto& [name, value] : settings.headers) {
    if (!is_token(name)) refuse(fmt::format("'{}' cannot be a header's name", printable(name)));
    if (has_control(value)) {
      refuse(
          fmt::format("the value of the header {} holds a line break or another control "
                      "character",
                      printable(name)));
    }
    for (std::string_view ours : kOurs) {
      if (!same_name(name, ours)) continue;
      refuse(fmt::format("the header {} is set by waybill itself", name));
    }
    if (has_auth && same_name(name, "Authorization")) {
      refuse("there are credentials both in `headers` and in `auth`: keep one of them");
    }
  }
  return fine;
}

bool check_auth(const config::Section& section, const AuthSettings& auth) {
  int kinds = (!auth.user.empty() || given(auth.password, auth.password_file)) +
              given(auth.token, auth.token_file) + given(auth.api_key, auth.api_key_file);
  auto refuse = [&](const char* why) {
    section.fault("auth", why);
    return false;
  };
  if (kinds > 1) {
    return refuse("name one kind of credentials: user with password, or token, or api_key");
  }
  if (!auth.user.empty() && !given(auth.password, auth.password_file)) {
    return refuse("there is a `user`, but no `password` or `password_file`");
  }
  if (auth.user.empty() && given(auth.password, auth.password_file)) {
    return refuse("there is a password, but no `user`");
  }
  if (auth.user.find(':') != std::string::npos) return refuse("a user's name cannot hold a colon");
  if ((!auth.password.empty() && !auth.password_file.empty()) ||
      (!auth.token.empty() && !auth.token_file.empty()) ||
      (!auth.api_key.empty() && !auth.api_key_file.empty())) {
    return refuse("a secret stands here twice, as itself and as a file: keep one of them");
  }
  if (has_control(auth.user) || has_control(auth.password) || has_control(auth.token) ||
      has_control(auth.api_key)) {
    return refuse("a credential holds a line break or another control character");
  }
  Result<std::string> header = authorization(auth);
  if (!header) return refuse(header.error().what.c_str());
  return true;
}

bool check_file(const config::Section& section, const char* key, const std::string& path) {
  if (path.empty()) return true;
  delivery::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file) return true;
  section.fault("tls", fmt::format("{}: cannot read {}: {}", key, printable(path),
                                   errno_error("", errno).what.substr(2)));
  return false;
}

}  // namespace

const config::OptionTable<AuthSettings>& auth_options() {
  static const auto table =
      config::OptionTable<AuthSettings>()
          .text("user", &AuthSettings::user, "basic authentication: the user's name")
          .text("password", &AuthSettings::password, "its password; better from ${VARIABLE}")
          .path("password_file", &AuthSettings::password_file, "file that holds the password")
          .text("token", &AuthSettings::token, "bearer token; better from ${VARIABLE}")
          .path("token_file", &AuthSettings::token_file,
                "file that holds the bearer token; read again when the backend refuses it")
          .text("api_key", &AuthSettings::api_key,
                "Elasticsearch API key, base64 as Kibana shows it; better from ${VARIABLE}")
          .path("api_key_file", &AuthSettings::api_key_file, "file that holds the API key");
  return table;
}

const config::OptionTable<TlsSettings>& tls_options() {
  static const auto table =
      config::OptionTable<TlsSettings>()
          .path("ca_file", &TlsSettings::ca_file,
                "PEM file of the authorities to trust, instead of the system's")
          .path("cert_file", &TlsSettings::cert_file, "PEM file of our own certificate")
          .path("key_file", &TlsSettings::key_file, "PEM file of its private key")
          .flag("insecure_skip_verify", &TlsSettings::insecure_skip_verify,
                "talk to anybody, whatever the certificate says: for experiments only");
  return table;
}

Result<std::string> authorization(const AuthSettings& auth) {
  if (!auth.user.empty()) {
    Result<std::string> password = value_or_file(auth.password, auth.password_file);
    if (!password) return password;
    return "Basic " + base64(auth.user + ":" + *password);
  }
  if (given(auth.token, auth.token_file)) {
    Result<std::string> token = value_or_file(auth.token, auth.token_file);
    if (!token) return token;
    return "Bearer " + *token;
  }
  if (given(auth.api_key, auth.api_key_file)) {
    Result<std::string> key = value_or_file(auth.api_key, auth.api_key_file);
    if (!key) return key;
    // Elasticsearch hands keys out as `encoded`, or as `id` and `api_key` to be joined by a colon.
    return "ApiKey " + (key->find(':') == std::string::npos ? *key : base64(*key));
  }
  return std::string();
}

bool check_settings(const config::Section& section, const Settings& settings) {
  const AuthSettings& auth = settings.auth;
  bool has_auth = !auth.user.empty() || given(auth.token, auth.token_file) ||
                  given(auth.api_key, auth.api_key_file);
  bool fine = check_auth(section, auth);
  fine = check_headers(section, settings, has_auth) && fine;
  const TlsSettings& tls = settings.tls;
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    section.fault("tls", "cert_file and key_file go together: one of them is missing");
    fine = false;
  }
  fine = check_file(section, "ca_file", tls.ca_file) && fine;
  fine = check_file(section, "cert_file", tls.cert_file) && fine;
  fine = check_file(section, "key_file", tls.key_file) && fine;
  if (!settings.proxy.empty()) {
    if (Result<Url> proxy = parse_url(settings.proxy); !proxy) {
      section.fault("proxy", "this is not a usable URL: " + proxy.error().what);
      fine = false;
    }
  }
  return fine;
}

}  // namespace waybill::outputs::http
