// SPDX-License-Identifier: Apache-2.0
// fmt, for files that format into a buffer of their own (fmt::format_to and its like).
#pragma once

#include <fmt/format.h>

// libfmt has this function, but fmt 9's headers do not say so: without the declaration all of its
// formatting, 60 KB, is compiled into each file that needs it. (clang gives it another name than
// GCC, by which Debian's library was built.)
#if !defined(__clang__)
extern template void fmt::detail::vformat_to<char>(buffer<char>&, string_view, format_args,
                                                   locale_ref);
#endif
