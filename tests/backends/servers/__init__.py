# SPDX-License-Identifier: Apache-2.0
"""Real backends for the black-box tests: each module builds one server and runs it."""
