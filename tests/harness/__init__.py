# SPDX-License-Identifier: Apache-2.0
"""What black-box tests need: the program under test, stand-ins for backends, and patience."""
