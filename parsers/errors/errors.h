// SPDX-License-Identifier: Apache-2.0
// Errors: what a record says of an error, from its own keys and from its message.
#pragma once

#include <cstring>

#include "core/batch.h"
#include "core/record.h"

namespace waybill::parsers::errors {

// Whether note_error() would look at the record at all: those that name an error, that are a
// warning or worse, or without a level, or whose message may have several lines. The others, which
// are nearly all, pay for this and nothing else.
inline bool may_hold_error(const Record& record) {
  return record.error != nullptr || record.level >= Level::kWarn || !record.level_said ||
         (record.message.form != TextForm::kClean &&
          std::memchr(record.message.data, record.message.form == TextForm::kRaw ? '\n' : '\\',
                      record.message.size) != nullptr);
}

// Fills in `error` of a parsed record, its level known:
//
//   - of an error that has keys of its own: type and message out of its stack, type out of its
//     message, code and kind;
//   - of one in the message (a trace, or signs of it in one line): all that it says. The message
//     stays as it is.
//
// A record of text without a level that holds an exception is an ERROR. Records that pass through
// are left alone.
void note_error(Batch& batch, Record& record);

}  // namespace waybill::parsers::errors
