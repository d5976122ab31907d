// SPDX-License-Identifier: Apache-2.0
// The unit tests of all folders in one binary; each test stands beside the code it tests.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
