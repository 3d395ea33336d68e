/**
 * @file control_group.h
 * What Linux control groups leave a process: limits of containers, of systemd and of Slurm's --mem. Local.
 */
#ifndef WIDELIMIT_BASE_CONTROL_GROUP_H
#define WIDELIMIT_BASE_CONTROL_GROUP_H

/**
 * The least of limit − (used − page cache) over the groups that this process is in and those above them, in bytes, of
 * versions 2 and 1; infinite where no group limits memory. Page cache is not counted as used: the system drops it when memory is
 * asked for. `root` stands before every path that is read: "" outside tests.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of Linux.
 */
double wl_control_group_memory_left(const char *root);

#endif
