# SPDX-License-Identifier: Apache-2.0
# Everything comes from Debian 12 packages (Makefile, PACKAGES) and is found by CMake's own means.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers alone: Asio, Beast
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(date REQUIRED)
find_package(Snappy REQUIRED)
find_package(ZLIB REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)

# Packages without CMake files of their own. Headers are SYSTEM: their warnings are not ours.
function(waybill_find_library target header library)
  string(MAKE_C_IDENTIFIER "${target}" id)
  find_path(${id}_INCLUDE ${header} REQUIRED)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} SYSTEM INTERFACE ${${id}_INCLUDE})
  if(library)
    find_library(${id}_LIBRARY ${library} REQUIRED)
    target_link_libraries(${target} INTERFACE ${${id}_LIBRARY})
  endif()
endfunction()

waybill_find_library(xxhash::xxhash xxhash.h xxhash)
waybill_find_library(isal::isal isa-l/crc.h isal)  # CRC-32C
waybill_find_library(re2::re2 re2/re2.h re2)
waybill_find_library(protozero::protozero protozero/pbf_writer.hpp "")
waybill_find_library(CLI11::CLI11 CLI/CLI.hpp "")
# libcurl is loaded when an HTTP output starts (outputs/http/curl_api.h): only its headers here.
waybill_find_library(CURL::headers curl/curl.h "")
# So are librdkafka, when an output writes to Kafka (outputs/kafka/kafka_api.h),
waybill_find_library(Kafka::headers librdkafka/rdkafka.h "")
waybill_find_library(Kafka::library librdkafka/rdkafka_mock.h rdkafka)  # of the bench's broker
# libzstd, when an output compresses with it (outputs/zstd.h),
waybill_find_library(Zstd::headers zstd.h "")
# and OpenSSL, when an input speaks TLS (inputs/tls/openssl_api.h).
waybill_find_library(OpenSSL::headers openssl/ssl.h "")
