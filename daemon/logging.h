// SPDX-License-Identifier: Apache-2.0
// Our own messages: on stderr, one line each, never into our inputs.
#pragma once

namespace waybill::daemon {

// "waybill: warning: …" on a terminal and under systemd (with <N> priorities there), with a time
// elsewhere. `verbose` adds what is only worth knowing when something is looked for.
void set_up_logging(bool verbose);

}  // namespace waybill::daemon
