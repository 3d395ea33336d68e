/*
 * A Slurm script for the plan: what jobs/slurm/run.sbatch does, for one configuration, with its numbers filled in.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/plan_report.h"

/* In single quotes, as the shell wants it. */
static void quote(FILE *file, const char *text) {
  fputc('\'', file);
  for (; *text; text++)
    if (*text == '\'')
      fputs("'\\''", file);
    else
      fputc(*text, file);
  fputc('\'', file);
}

/* Writing one and reading it back; draws have two joint factors. */
static double checkpoint_seconds(const wl_plan *plan) {
  const double files = wl_job_checkpoints_joint(plan->config) ? 2.0 : 1.0;
  return 2.0 * files * wl_job_checkpoint_bytes(plan->config, &plan->search.shape) /
         (1e9 * plan->calibration.speeds.file_gbytes);
}

/* Seconds before the limit at which a run with checkpoints is told; Slurm takes no more than 65535. */
static double notice(const wl_plan *plan) {
  if (!plan->config->checkpoint.directory) return 0.0;
  return fmin(65535.0, fmax(300.0, ceil(1.5 * checkpoint_seconds(plan))));
}

/*
 * Half as long again and five minutes, in whole minutes, and the notice on top of them. Each attempt must get further:
 * it has at least as long to work as it is told ahead.
 */
static long long minutes(const wl_plan *plan) {
  const double ahead = notice(plan);
  return (long long)ceil((fmax(1.5 * plan->chosen.estimate.total + 300.0, ahead + 60.0) + ahead) / 60.0);
}

/* A tenth more than was counted, in whole MiB, but not more than there is. */
static long long mebibytes(const wl_plan *plan) {
  const double wanted = ceil(1.1 * wl_memory_sum(&plan->chosen.node) / 1048576.0);
  return (long long)fmin(wanted, floor(plan->search.memory_per_node / 1048576.0));
}

static void write_directives(FILE *file, const wl_plan *plan) {
  const wl_search_point *p = &plan->chosen;
  const long long time = minutes(plan);
  fprintf(file, "#SBATCH --job-name=widelimit\n");
  fprintf(file, "#SBATCH --nodes=%lld\n", (long long)p->nodes);
  fprintf(file, "#SBATCH --ntasks=%lld\n", (long long)p->ranks);
  fprintf(file, "#SBATCH --ntasks-per-node=%d\n", p->ranks_per_node);
  fprintf(file, "#SBATCH --cpus-per-task=%d\n", plan->search.threads);
  fprintf(file, "#SBATCH --mem=%lldM\n", mebibytes(plan));
  fprintf(file, "#SBATCH --time=%lld-%02lld:%02lld:00\n", time / 1440, time / 60 % 24, time % 60);
  if (plan->config->checkpoint.directory)
    fprintf(file, "#SBATCH --signal=B:USR1@%.0f\n#SBATCH --requeue\n#SBATCH --open-mode=append\n", notice(plan));
  fprintf(file, "#SBATCH --output=widelimit-%%j.log\n");
}

/* This program, so that the job may start in any folder; where the system does not tell, the one in the path. */
static void write_program(FILE *file) {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  fputs("here=", file);
  quote(file, length > 0 ? path : "widelimit");
  fputs("\nprogram=${WIDELIMIT:-$here}\n", file);
}

static void write_command(FILE *file, const wl_plan *plan, const char *end) {
  const wl_plan_options *o = &plan->options;
  char *config = realpath(o->config, NULL);
  fprintf(file, "\"${launch[@]}\" \"$program\" %s ", o->select ? "select" : o->factor ? "predict" : "run");
  quote(file, config ? config : o->config);
  free(config);
  char *factor = o->factor ? realpath(o->factor, NULL) : NULL;
  if (o->factor) {
    fputs(" \\\n  --factor ", file);
    quote(file, factor ? factor : o->factor);
  }
  free(factor);
  for (int i = 0; i < o->override_count; i++) {
    fputs(" \\\n  --set ", file);
    quote(file, o->overrides[i]);
  }
  fputs(end, file);
}

static const char waiting[] =
    "run=$!\n"
    "[ -z \"$cancelled\" ] || kill -USR1 \"$run\" # it came before there was a run\n"
    "status=129\n"
    "while ((status > 128)) && kill -0 $run 2>/dev/null; do # a signal interrupts wait, not the run\n"
    "  wait $run\n"
    "  status=$?\n"
    "done\n"
    "wait $run\n"
    "status=$?\n"
    "if ((status == 75)) && [ -z \"$cancelled\" ]; then\n"
    "  scontrol requeue \"$SLURM_JOB_ID\" && exit 0\n"
    "fi\n"
    "exit $status\n";

static void write_script(FILE *file, const wl_plan *plan) {
  const wl_search_point *p = &plan->chosen;
  char time[32], memory[32];
  const bool checkpoints = plan->config->checkpoint.directory != NULL;
  fprintf(file, "#!/usr/bin/env bash\n");
  fprintf(file, "# By widelimit %s plan: %s, %lld training points on a %d x %d grid.\n", WIDELIMIT_VERSION,
          plan->config->name, (long long)plan->search.shape.train, p->grid.rows, p->grid.columns);
  fprintf(file, "# Predicted: %s and %s a node; asked for: half as much time again, a tenth more memory.\n",
          wl_format_seconds(p->estimate.total, time, sizeof time),
          wl_format_bytes(wl_memory_sum(&p->node), memory, sizeof memory));
  fprintf(file,
          "# Adapt: partition and account, the modules; WIDELIMIT and WIDELIMIT_LAUNCH where yours are others.\n");
  write_directives(file, plan);
  fputs("set -uo pipefail\n\n# module load openmpi hdf5-parallel openblas scalapack\n\n", file);
  write_program(file);
  fprintf(file,
          "read -ra launch <<<\"${WIDELIMIT_LAUNCH:-mpirun}\"\n"
          "export OPENBLAS_NUM_THREADS=%d SRUN_CPUS_PER_TASK=%d\n\n",
          plan->search.threads, plan->search.threads);
  if (!checkpoints) {
    write_command(file, plan, "\n");
    return;
  }
  fprintf(file,
          "cancelled=\nrun=\n"
          "trap 'kill -USR1 ${run:+\"$run\"} 2>/dev/null' USR1\n"
          "trap 'cancelled=yes; kill -USR1 ${run:+\"$run\"} 2>/dev/null' TERM INT\n");
  write_command(file, plan, " --resume &\n");
  fputs(waiting, file);
}

wl_error wl_plan_write_sbatch(const wl_plan *plan, const char *path) {
  FILE *file = fopen(path, "wx");
  if (!file && errno == EEXIST) WL_FAIL(WL_ERROR_IO, "%s exists: a job script is not written over it", path);
  if (!file) WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", path, strerror(errno));
  write_script(file, plan);
  const int failed = ferror(file);
  if (fclose(file) != 0 || failed) {
    const int why = errno;
    remove(path);
    WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", path, strerror(why));
  }
  return WL_OK;
}
