// SPDX-License-Identifier: Apache-2.0
// Who we say we are: `auth:` of an output over HTTP.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"
#include "config/section.h"
#include "core/result.h"

namespace waybill::outputs::http {

// `auth.aws:`: requests are signed by Signature Version 4, as AWS's own services want it.
struct AwsSettings {
  std::string region, service;
  std::string access_key_id, secret_access_key, secret_access_key_file, session_token;
  // AWS's own form, "[profile]" and "aws_access_key_id = …": what renews short-lived keys writes
  // this.
  std::string credentials_file;
  std::string profile = "default";
};

// One of: user with password, token, api_key, aws. Nothing ever prints a value of these.
struct AuthSettings {
  std::string user, password, password_file;
  std::string token, token_file;      // Authorization: Bearer …
  std::string api_key, api_key_file;  // Authorization: ApiKey … (Elasticsearch)
  std::string api_key_header;         // or the key alone, in a header of this name
  AwsSettings aws;
};

const config::OptionTable<AuthSettings>& auth_options();

// What requests carry.
struct Credentials {
  std::string header;  // a whole line, "Authorization: …"; empty: none
  std::string
      aws_scope;  // of SigV4, as libcurl wants it: "aws:amz:REGION:SERVICE"; empty: not used
  std::string aws_id, aws_secret, aws_token;  // the last may be empty
  bool operator==(const Credentials&) const = default;
  bool any() const { return !header.empty() || !aws_scope.empty(); }
};

// Reads `*_file`. The Error (kFixConfig) names a file, and nothing that stands in it.
Result<Credentials> read_credentials(const AuthSettings& auth);
// The files that it reads.
std::vector<std::string> files_of(const AuthSettings& auth);

// Reports what one key alone does not show: two kinds of credentials, half of one, an unreadable
// file. False when there was something.
bool check_auth(const config::Section& section, const AuthSettings& auth);

// Whether `text` holds a line break or another character that no header may hold.
bool has_control(std::string_view text);
// Whether it can be a header's name (RFC 9110, section 5.6.2).
bool is_token(std::string_view name);

}  // namespace waybill::outputs::http
