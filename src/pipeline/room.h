/**
 * @file room.h
 * Whether the disks have room for all that a run is going to write, results, checkpoints and factors, also where these share one.
 */
#ifndef WIDELIMIT_PIPELINE_ROOM_H
#define WIDELIMIT_PIPELINE_ROOM_H

#include "pipeline/setup.h"

/**
 * Root; the other ranks' calls do nothing. Warns, a disk at a time: checkpoints and factors that do not fit are left out when
 * their time comes. (Results that do not fit by themselves are refused when they are opened.)
 * @param results  bytes of the result file
 */
void wl_room_check(const wl_setup *setup, const wl_request *request, double results);

#endif
