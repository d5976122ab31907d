// SPDX-License-Identifier: Apache-2.0
#include "core/canonical.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::writer {

void JsonLines::append(Buffer& out, const Batch& batch, const Record& record,
                       const Identity& identity) {
  append_canonical(out, batch, record, identity, part::kAll);
  out.push_back('\n');
}

}  // namespace waybill::outputs::writer
