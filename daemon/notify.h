// SPDX-License-Identifier: Apache-2.0
// What we tell the service manager (sd_notify(3)).
#pragma once

#include <string_view>

namespace waybill::daemon {

// Sends one datagram of KEY=VALUE lines to $NOTIFY_SOCKET. Does nothing when that is unset, and
// failure is nobody's problem. No libsystemd needed: the protocol is one sendto().
void notify_manager(std::string_view message);

// "READY=1", "STOPPING=1"; "RELOADING=1" with the MONOTONIC_USEC that Type=notify-reload wants.
void notify_ready();
void notify_reloading();
void notify_stopping();

}  // namespace waybill::daemon
