// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/source.h"

#include <doctest/doctest.h>

using waybill::parsers::is_source;

TEST_CASE("source: files with lines, and no hosts with ports") {
  for (auto place : {"Foo.java:12", "pkg/server.go:42", "a.b.c:7", "src/net.rs:1", "x.test.ts:9"}) {
    CAPTURE(place);
    CHECK(is_source(place));
  }
  for (auto place : {"db.example.com:5432", "db.local:1", "main.go", "main.go:", "main.go:x",
                     "go:1", ".go:1", "10.0.0.1:80", "a b.go:1", "", ":1"}) {
    CAPTURE(place);
    CHECK_FALSE(is_source(place));
  }
}
