// SPDX-License-Identifier: Apache-2.0
// Signs of an error in a message of one line.
#pragma once

#include <string_view>

#include "parsers/errors/exception.h"
#include "parsers/errors/kinds.h"

namespace waybill::parsers::errors {

struct Signs {
  Exception exception;       // its stack is empty
  Kind words = Kind::kNone;  // what a phrase says of the kind
  bool any() const {
    return words != Kind::kNone || !exception.type.empty() || !exception.code.empty();
  }
};

// Looks at every word of `message` (its first kFarthest bytes) once:
//
//   "java.net.ConnectException: Connection refused" anywhere: type, and the message behind it
//   "[Errno 13] Permission denied: '/x'", "… (os error 2)": code
//   "rpc error: code = Unavailable desc = …": code, and the message behind `desc`
//   "ECONNREFUSED", "SQLSTATE[23505]": code
//   "error: dial tcp 10.0.0.1:80: connect: connection refused": the message behind "error: ", if
//   there is any other sign
Signs look_for_signs(std::string_view message);

// What the words of an error's message say of its code and kind; the rest of Signs is empty.
Signs look_for_code(std::string_view message);

}  // namespace waybill::parsers::errors
