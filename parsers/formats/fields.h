// SPDX-License-Identifier: Apache-2.0
// What fields of some types take out of a line, once it is known where they are.
#pragma once

#include <string_view>

#include "parsers/formats/pattern.h"

namespace waybill::parsers::formats {

// A level by something else than its word (kRedis, kSeverity, kInitial, kWebsphere) at the
// beginning of `text`: the bytes that it takes; 0 when there is none.
size_t take_sign(Type type, std::string_view text, Match& match);

// "GET /path HTTP/1.1": the message, method, path and protocol.
void take_request(std::string_view request, Match& match);
// An address, and its port.
void take_peer(const Step& step, std::string_view value, Match& match);
// A message of nginx, and what it knows of the request.
void take_nginx(std::string_view rest, Match& match);
// PostgreSQL puts what log_line_prefix says before "LOG:  ", always with two blanks, of which
// `colon` is the place. Where the message begins; npos: no level stands there.
size_t take_postgres(std::string_view line, size_t at, size_t colon, const Step& step,
                     Match& match);
// Of "org.foo.Bar:191" the line; `value` is the class then.
void take_line(std::string_view& value, Match& match);

}  // namespace waybill::parsers::formats
