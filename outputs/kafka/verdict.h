// SPDX-License-Identifier: Apache-2.0
// What an error of Kafka means for a record, and for all of us. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/drop_reason.h"
#include "outputs/kafka/kafka_api.h"

namespace waybill::outputs::kafka {

enum class Kind : uint8_t {
  kDelivered,
  kRecord,         // it, or another one of its batch, will never be taken
  kNeighbour,      // another one of its batch will never be taken: again, with fewer others
  kMisconfigured,  // somebody has to change something: held, again every 30 s
  kRetry,          // again later
  kTakenBack,      // by ourselves, before an answer came: again
  kBroken,         // this producer can send nothing any more: a new one is needed
};

struct Verdict {
  Kind kind = Kind::kRetry;
  DropReason drop = DropReason::kRejected;  // of kRecord
};

// Of a delivery report, of a message that was not even taken, and of what a client says of its
// connections.
Verdict judge(rd_kafka_resp_err_t error);

// What to do about it, with "; " in front; "" where nothing is to be said.
std::string_view advice(rd_kafka_resp_err_t error);

}  // namespace waybill::outputs::kafka
