// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/verdict.h"

#include <doctest/doctest.h>

namespace waybill::outputs::kafka {

TEST_CASE("kafka: a record is not to blame for another one of its batch") {
  CHECK(judge(RD_KAFKA_RESP_ERR_INVALID_RECORD).kind == Kind::kRecord);
  CHECK(judge(static_cast<rd_kafka_resp_err_t>(-138)).kind == Kind::kNeighbour);
}

}  // namespace waybill::outputs::kafka
