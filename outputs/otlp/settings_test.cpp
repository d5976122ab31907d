// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/settings.h"

#include <doctest/doctest.h>

#include "outputs/otlp/test_bench.h"

namespace waybill::outputs::otlp {
namespace {

using test::test_url;

TEST_CASE("otlp: settings") {
  const Descriptor& otlp = descriptor();
  CHECK(faults_of(otlp, "{type: otlp, endpoint: 'http://otel:4318', compression: none}") == "");
  CHECK(faults_of(otlp, "{endpoint: 'http://o', protocol: http/protobuf}") == "");
  CHECK(faults_of(otlp, "{endpoint: 'http://o', protocol: grpc}").find("use http/protobuf") !=
        std::string::npos);
  CHECK(faults_of(otlp, "{endpoint: 'http://o', protocol: http/json}") != "");
  CHECK(faults_of(otlp, "{}").find("endpoint") != std::string::npos);
  CHECK(faults_of(otlp, otlp.to_section("http://otel:4318", {})) == "");
  Backend backend({}, test_url());
  CHECK(backend.endpoint().urls == std::vector<std::string>{"http://otel:4318/base/v1/logs"});
  CHECK(backend.endpoint().gzip);
  CHECK(backend.probes().size() == 1);
}

}  // namespace
}  // namespace waybill::outputs::otlp
