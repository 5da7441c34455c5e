"""Processes on this machine: how they are started, handed work and heard, and when a signal may stop one."""
