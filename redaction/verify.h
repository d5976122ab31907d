// SPDX-License-Identifier: Apache-2.0
// The verifiers of the detectors (redaction/detector.h, Verify). Each looks at a bounded stretch of
// the text, or says how far it has looked. Inside redaction/ only.
#pragma once

#include "redaction/detector.h"

namespace waybill::redaction {

// verify_credentials.cpp
bool verify_jwt(std::string_view text, size_t at, Match& match);
bool verify_bearer(std::string_view text, size_t at, Match& match);
bool verify_private_key(std::string_view text, size_t at, Match& match);
bool verify_url_password(std::string_view text, size_t at, Match& match);

// verify_keys.cpp
bool verify_aws(std::string_view text, size_t at, Match& match);
bool verify_gcp(std::string_view text, size_t at, Match& match);
bool verify_github(std::string_view text, size_t at, Match& match);
bool verify_slack(std::string_view text, size_t at, Match& match);
bool verify_stripe(std::string_view text, size_t at, Match& match);

// verify_personal.cpp
bool verify_card(std::string_view text, size_t at, Match& match);
bool verify_ssn(std::string_view text, size_t at, Match& match);
bool verify_email(std::string_view text, size_t at, Match& match);

// verify_address.cpp
bool verify_ipv4(std::string_view text, size_t at, Match& match);
bool verify_ipv6(std::string_view text, size_t at, Match& match);

// verify_password.cpp
bool verify_password(std::string_view text, size_t at, Match& match);

}  // namespace waybill::redaction
