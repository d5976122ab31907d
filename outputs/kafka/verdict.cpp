// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/verdict.h"

namespace waybill::outputs::kafka {

namespace {

// RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD of newer ones than our header is of.
constexpr auto kInvalidDifferentRecord = static_cast<rd_kafka_resp_err_t>(-138);

}  // namespace

// Kafka's own numbers are those of its protocol ("Error Codes"), negative ones are librdkafka's.
Verdict judge(rd_kafka_resp_err_t error) {
  if (error == kInvalidDifferentRecord) return {Kind::kNeighbour};
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return {Kind::kDelivered};

    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return {Kind::kRecord, DropReason::kTooLarge};
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: return {Kind::kRecord, DropReason::kRejected};

    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT: return {Kind::kMisconfigured};

    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY: return {Kind::kTakenBack};

    // What an idempotent producer cannot come back from (librdkafka's INTRODUCTION.md, "Idempotent
    // Producer"): whether its last messages were stored is not known any more.
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE: return {Kind::kBroken};

    default: return {Kind::kRetry};
  }
}

std::string_view advice(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return "; create it, or let the brokers do so (auto.create.topics.enable)";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "; does an ACL let us Write to it, and Describe it?";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "; does an ACL let us IdempotentWrite?";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return "; are the credentials right?";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return "; is message_max_bytes above the topic's max.message.bytes?";
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return "; idempotent producers need brokers of version 0.11 or newer";
    default: return "";
  }
}

}  // namespace waybill::outputs::kafka
