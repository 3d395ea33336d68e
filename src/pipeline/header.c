#include "pipeline/header.h"

#include <stdio.h>

#include "base/log.h"
#include "dist/scalapack.h"
#include "kernel/layers.h"
#include "pipeline/provenance.h"
#include "pipeline/versions.h"

void wl_print_title(const wl_setup *setup, const char *what) {
  char date[64], host[256];
  wl_log_line("widelimit %s   %s%s", WIDELIMIT_VERSION, setup->config->name, what);
  wl_log_line("  started  %s on %s", wl_provenance_date(date, sizeof date), wl_provenance_host(host, sizeof host));
  wl_log_field(7, "command", wl_provenance_command(setup));
  wl_log_line("  cite     %s", wl_citation);
}

static void print_network(const char *label, const wl_network *n) {
  char text[1024];
  wl_log_field(7, label, wl_network_text(n, text, sizeof text));
}

static void print_kernels(const wl_given *given) {
  const bool theta = given->has[WL_GIVEN_THETA], kappa = given->has[WL_GIVEN_KAPPA];
  wl_log_line("  kernels  given: %s%s%s", theta ? "theta" : "", theta && kappa ? " and " : "",
              kappa ? "kappa" : "");
}

/* Data, kernels, noise. */
static void print_problem(const wl_setup *setup) {
  const wl_config *c = setup->config;
  const wl_data_shape *s = &setup->shape;
  char dimension[48] = "";
  if (!setup->kernels) snprintf(dimension, sizeof dimension, "dimension %lld, ", (long long)s->dimension);
  wl_log_text(11, "  data     %lld training points, %lld test points, %s%lld output%s", (long long)s->train,
              (long long)s->test, dimension, (long long)s->outputs, s->outputs == 1 ? "" : "s");
  if (setup->kernels)
    print_kernels(&setup->kernels->given);
  else
    print_network("network", &c->network);
  if (wl_job_rnd_target(c)) print_network("target", wl_job_rnd_target(c));
  wl_log_text(11, "  noise    variance %.5g, jitter %.5g%s", c->noise_variance, c->jitter,
              c->data.standardize_targets ? ", in units of standardized targets" : "");
}

/* Ranks, libraries, solver, memory. */
static void print_means(const wl_setup *setup) {
  const wl_config *c = setup->config;
  char bytes[32], there[32];
  wl_log_text(11, "  ranks    %d on %d node%s, grid %d x %d, block %d, %lld test points at a time",
              setup->grid->size, setup->node.nodes, setup->node.nodes == 1 ? "" : "s", setup->grid->rows,
              setup->grid->columns, setup->grid->block, (long long)setup->batch);
  wl_log_line("  BLAS     %s kernel, %d thread%s a rank", wl_blas_kernel(), wl_blas_threads(),
              wl_blas_threads() == 1 ? "" : "s");
  wl_log_text(11, "  engine   %s, ScaLAPACK from %s", wl_engine_name(c->engine), wl_scalapack_library());
  if (wl_job_is_iterative(c))
    wl_log_text(11, "  solver   iterative, preconditioner of rank %lld, brackets to %.1e, at most %d passes",
                (long long)wl_job_iterative_options(c, &setup->shape).rank, c->solver.tolerance, c->solver.passes);
  wl_log_text(11, "  matrix   %s in all%s, %s of memory free on this node",
              wl_format_bytes(wl_job_matrix_bytes(c, &setup->shape), bytes, sizeof bytes),
              c->precision == WL_PRECISION_MIXED ? " in single precision, results refined" : "",
              wl_format_bytes(setup->node.memory_available, there, sizeof there));
}

void wl_print_header(const wl_setup *setup) {
  const double jitter = setup->config->jitter;
  wl_print_title(setup, "");
  print_problem(setup);
  print_means(setup);
  if (wl_blas_advice()) wl_log_warning("%s", wl_blas_advice());
  if (jitter > 0.0) wl_log_warning("jitter %g is added to the diagonal of both kernel matrices", jitter);
}
