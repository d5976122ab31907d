// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/kafka_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <type_traits>

namespace waybill::outputs::kafka {

namespace {

// rd_kafka_produceva is there since 1.5, allow.auto.create.topics of producers since 1.6.
constexpr int kOldest = 0x010600ff;

}  // namespace

Result<KafkaApi> load_kafka_api(const char* name) {
  void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{Action::kFixConfig,
                 fmt::format("outputs to Kafka need librdkafka, which cannot be loaded ({}): "
                             "install it, as with `apt-get install librdkafka1`",
                             dlerror())};
  }
  KafkaApi api{};
  const char* missing = nullptr;
  auto find = [&](auto& function, const char* symbol) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
    if (function == nullptr) missing = symbol;
  };
  find(api.version, "rd_kafka_version");
  find(api.version_str, "rd_kafka_version_str");
  find(api.err2str, "rd_kafka_err2str");
  find(api.conf_new, "rd_kafka_conf_new");
  find(api.conf_destroy, "rd_kafka_conf_destroy");
  find(api.conf_set, "rd_kafka_conf_set");
  find(api.conf_set_opaque, "rd_kafka_conf_set_opaque");
  find(api.conf_set_dr_msg_cb, "rd_kafka_conf_set_dr_msg_cb");
  find(api.conf_set_error_cb, "rd_kafka_conf_set_error_cb");
  find(api.conf_set_log_cb, "rd_kafka_conf_set_log_cb");
  find(api.make, "rd_kafka_new");
  find(api.opaque, "rd_kafka_opaque");
  find(api.destroy, "rd_kafka_destroy");
  find(api.poll, "rd_kafka_poll");
  find(api.purge, "rd_kafka_purge");
  find(api.fatal_error, "rd_kafka_fatal_error");
  find(api.topic_new, "rd_kafka_topic_new");
  find(api.topic_destroy, "rd_kafka_topic_destroy");
  find(api.headers_new, "rd_kafka_headers_new");
  find(api.headers_destroy, "rd_kafka_headers_destroy");
  find(api.header_add, "rd_kafka_header_add");
  find(api.produceva, "rd_kafka_produceva");
  find(api.last_error, "rd_kafka_last_error");
  find(api.error_code, "rd_kafka_error_code");
  find(api.error_destroy, "rd_kafka_error_destroy");
  find(api.queue_get_main, "rd_kafka_queue_get_main");
  find(api.queue_io_event_enable, "rd_kafka_queue_io_event_enable");
  find(api.queue_destroy, "rd_kafka_queue_destroy");
  find(api.metadata, "rd_kafka_metadata");
  find(api.metadata_destroy, "rd_kafka_metadata_destroy");
  if (missing != nullptr) {
    return Error{Action::kFixConfig,
                 fmt::format("{} has no {}: librdkafka 1.6 or newer is needed", name, missing)};
  }
  if (api.version() < kOldest) {
    return Error{Action::kFixConfig,
                 fmt::format("the installed librdkafka is version {}: 1.6 or newer is needed",
                             api.version_str())};
  }
  return api;
}

Result<const KafkaApi*> load_kafka() {
  static const Result<KafkaApi> api = load_kafka_api("librdkafka.so.1");
  if (!api) return api.error();
  return &*api;
}

}  // namespace waybill::outputs::kafka
