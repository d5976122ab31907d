// SPDX-License-Identifier: Apache-2.0
// KafkaApi: librdkafka, loaded when the first Kafka output starts. Types and constants come from
// its header, the functions that we call from dlopen: a host without it runs the same program.
// outputs/kafka is the only user of either.
#pragma once

#include <librdkafka/rdkafka.h>

#include "core/result.h"

namespace waybill::outputs::kafka {

struct KafkaApi {
  decltype(&::rd_kafka_version) version;
  decltype(&::rd_kafka_version_str) version_str;
  decltype(&::rd_kafka_err2str) err2str;
  decltype(&::rd_kafka_conf_new) conf_new;
  decltype(&::rd_kafka_conf_destroy) conf_destroy;
  decltype(&::rd_kafka_conf_set) conf_set;
  decltype(&::rd_kafka_conf_set_opaque) conf_set_opaque;
  decltype(&::rd_kafka_conf_set_dr_msg_cb) conf_set_dr_msg_cb;
  decltype(&::rd_kafka_conf_set_error_cb) conf_set_error_cb;
  decltype(&::rd_kafka_conf_set_log_cb) conf_set_log_cb;
  decltype(&::rd_kafka_new) make;
  decltype(&::rd_kafka_opaque) opaque;
  decltype(&::rd_kafka_destroy) destroy;
  decltype(&::rd_kafka_poll) poll;
  decltype(&::rd_kafka_purge) purge;
  decltype(&::rd_kafka_fatal_error) fatal_error;
  decltype(&::rd_kafka_topic_new) topic_new;
  decltype(&::rd_kafka_topic_destroy) topic_destroy;
  decltype(&::rd_kafka_headers_new) headers_new;
  decltype(&::rd_kafka_headers_destroy) headers_destroy;
  decltype(&::rd_kafka_header_add) header_add;
  decltype(&::rd_kafka_produceva) produceva;
  decltype(&::rd_kafka_last_error) last_error;
  decltype(&::rd_kafka_error_code) error_code;
  decltype(&::rd_kafka_error_destroy) error_destroy;
  decltype(&::rd_kafka_queue_get_main) queue_get_main;
  decltype(&::rd_kafka_queue_io_event_enable) queue_io_event_enable;
  decltype(&::rd_kafka_queue_destroy) queue_destroy;
  decltype(&::rd_kafka_metadata) metadata;
  decltype(&::rd_kafka_metadata_destroy) metadata_destroy;
};

// Loads it on the first call; stays loaded. Main thread. The Error says what to install.
Result<const KafkaApi*> load_kafka();
// The same of a library by name, each time anew: for tests of what is said when it is not there.
Result<KafkaApi> load_kafka_api(const char* library);

}  // namespace waybill::outputs::kafka
