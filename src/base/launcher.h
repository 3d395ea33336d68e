/**
 * @file launcher.h
 * Whether the program was started by the launcher of the MPI that it is built with.
 */
#ifndef WIDELIMIT_BASE_LAUNCHER_H
#define WIDELIMIT_BASE_LAUNCHER_H

#include <stdbool.h>

#include "widelimit/error.h"

/**
 * Local, after MPI_Init. A launcher of another MPI starts so many copies of the program, each of which sees one rank and would do
 * the whole work and write the same files. WL_ERROR_USAGE where `ranks`, the size of MPI_COMM_WORLD, is 1 and what launchers
 * say in the environment (PMI_SIZE, OMPI_COMM_WORLD_SIZE, SLURM_STEP_NUM_TASKS) is more; one of them that says 1
 * settles it, for mpirun -n 1 inside a step of more tasks is right.
 */
wl_error wl_launcher_check(int ranks);

/**
 * Local, before MPI_Init. MPICH 4.0 follows the address MPI_IN_PLACE in MPI_Reduce within a node where the root is not rank 0:
 * turns that way of it off, unless MPIR_CVAR_REDUCE_DEVICE_COLLECTIVE says otherwise. Others do not read that variable.
 */
void wl_launcher_prepare(void);

/**
 * Local. Whether rank 0 prints errors: of the copies that wl_launcher_check finds the launcher's first alone, else always. The
 * others wait here for a few seconds: a launcher ends all copies when one fails, and the first must have spoken by then.
 */
bool wl_launcher_lets_speak(int ranks);

#endif
