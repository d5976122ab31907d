# SPDX-License-Identifier: Apache-2.0
"""A network that swallows packets, for one socket: what a firewall's DROP does to a connection."""

from __future__ import annotations

import ctypes
import socket

# <asm/socket.h>; Python has no names for them.
_SO_ATTACH_FILTER = 26
_SO_DETACH_FILTER = 27
_BPF_RET = 0x06  # <linux/bpf_common.h>: keep so many bytes of the packet


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8),
                ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction))]


def drop_packets(receiver: socket.socket) -> None:
    """Nothing arrives any more, and nothing is acknowledged: the filter keeps no byte of a packet.
    Connections that a listening socket takes later begin as deaf as it is."""
    if receiver.fileno() < 0:
        return
    program = _Program(1, ctypes.pointer(_Instruction(_BPF_RET, 0, 0, 0)))
    receiver.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))


def take_packets(receiver: socket.socket) -> None:
    """The end of it."""
    receiver.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
