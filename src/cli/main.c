/*
 * The program: reads the command line, hands over to a command, turns its error into one message and a status.
 */
#include <malloc.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/launcher.h"
#include "base/log.h"
#include "cli/commands.h"

static const char help[] = "widelimit " WIDELIMIT_VERSION
                           ": exact uncertainty of infinitely wide neural networks\n"
                           "\n"
                           "usage: [mpirun -n RANKS] widelimit COMMAND [OPTIONS]\n"
                           "\n"
                           "commands:\n"
                           "  run CONFIG       compute what the configuration asks for\n"
                           "  predict --factor FILE CONFIG\n"
                           "                   the same from factors that an earlier run kept\n"
                           "  certify CONFIG   run, and test that the equivalences hold on these data\n"
                           "  finite CONFIG    hold the theory against trained networks of finite width\n"
                           "  bench            time every phase beside DGEMM on this machine\n"
                           "  plan CONFIG      memory, nodes and time of a run before it starts\n"
                           "\n"
                           "  widelimit COMMAND --help   what a command takes\n"
                           "  widelimit --version        version and libraries\n"
                           "\n"
                           "start here:\n"
                           "  mpirun -n 2 widelimit run inputs/digits/digits.yaml\n"
                           "\n"
                           "exit status: 0 done, 2 wrong usage, configuration or data, 3 numerical failure,\n"
                           "4 a certificate failed, 5 input or output failed, 75 stopped early\n";

static const char run_help[] =
    "usage: [mpirun -n RANKS] widelimit run CONFIG [--set KEY=VALUE]...\n"
    "                                       [--resume] [--time-limit HH:MM:SS]\n"
    "\n"
    "Reads the YAML file CONFIG, assembles the kernel matrices of the training set on\n"
    "all ranks, factors them and predicts at the test points. Leaves results.h5,\n"
    "summary.json and config.yaml in the folder that output.directory names.\n"
    "\n"
    "options:\n"
    "  --set KEY=VALUE  override a key of the configuration, e.g.\n"
    "                     --set network.depth=5\n"
    "                     --set 'quantities=[ensemble, nngp]'\n"
    "                     --set output.directory=out/deep\n"
    "  --resume         go on from the newest checkpoint; start where there is none\n"
    "  --time-limit [D-]HH:MM:SS\n"
    "                   stop with a checkpoint before this much time has passed\n"
    "                   (both need checkpoint.directory in the configuration)\n"
    "  --help           this text\n"
    "\n"
    "With checkpoints, SIGUSR1 or SIGTERM end the run with a checkpoint and status\n"
    "75; the same command with --resume goes on. See doc/operations.md.\n"
    "\n"
    "a configuration in short (all keys: doc/guide.md):\n"
    "  data:\n"
    "    train: {inputs: \"train.csv:1-4\", targets: \"train.csv:5\"}\n"
    "    test:  {inputs: \"test.npy\"}\n"
    "  network: {depth: 3, activation: relu, sigma_w: 1.4142135623730951}\n"
    "  noise_variance: 0.01\n";

static const char certify_help[] =
    "usage: [mpirun -n RANKS] widelimit certify CONFIG [--set KEY=VALUE]...\n"
    "\n"
    "Does what `widelimit run CONFIG` does, and then repeats the experiment of\n"
    "random network distillation to test, on these data and at this size, that\n"
    "  1 squared RND error = ensemble variance\n"
    "  2 Bayesian RND error = centred posterior\n"
    "  3 posterior mean + one Bayesian RND head = posterior sample\n"
    "The tests go to the console and to `certificate` in summary.json. Exit status 4\n"
    "where one fails. `run` does the same where CONFIG has a certify section.\n"
    "\n"
    "options:\n"
    "  --set KEY=VALUE  override a key of the configuration, e.g.\n"
    "                     --set certify.replicates=20   how often it is repeated\n"
    "                     --set certify.heads=64        with how many heads\n"
    "                     --set certify.false_alarm=1e-6\n"
    "                     --set certify.sabotage=covariance   to see it fail\n"
    "  --help           this text\n"
    "\n"
    "what each test is: doc/certificate.md\n";

static const char finite_help[] =
    "usage: [mpirun -n RANKS] widelimit finite CONFIG [--resume] [--set KEY=VALUE]...\n"
    "\n"
    "Draws and trains networks of the widths that finite_width names: deep ensemble,\n"
    "RND and Bayesian RND. Measures how far they are from the limits of infinite\n"
    "width and how fast they come closer. Leaves finite.h5, config.yaml and a section\n"
    "of summary.json in the folder that output.directory names. Exit status 4 where a\n"
    "claim does not hold or a network did not converge.\n"
    "\n"
    "options:\n"
    "  --resume         go on from the networks that a stopped study has measured:\n"
    "                   SIGUSR1 and SIGTERM end it with status 75 after the networks\n"
    "                   in hand\n"
    "  --set KEY=VALUE  override a key of the configuration, e.g.\n"
    "                     --set 'finite_width.widths=[64, 256]'\n"
    "                     --set finite_width.training=linearized\n"
    "  --help           this text\n"
    "\n"
    "its section of the configuration (all keys: doc/finite.md):\n"
    "  finite_width:\n"
    "    widths: [64, 128, 256, 512, 1024]\n"
    "    networks: 256\n"
    "    heads: 8\n"
    "    training: gradient_descent\n"
    "    stop: {residual: 1.0e-6, steps: 200000}\n"
    "\n"
    "start here:\n"
    "  mpirun -n 2 widelimit finite inputs/finite/toy.yaml\n";

static const char bench_help[] =
    "usage: [mpirun -n RANKS] widelimit bench [--n N]... [--test M] [--dimension D]\n"
    "                                         [--repeats R] [--block NB]\n"
    "                                         [--json FILE]\n"
    "       [mpirun -n RANKS] widelimit bench --calibrate [--json FILE]\n"
    "\n"
    "Times assembly, Cholesky, prediction and a whole run on made-up data, beside the\n"
    "matrix products (DGEMM) that all ranks reach at once on the same machine.\n"
    "\n"
    "options:\n"
    "  --n N          training points; may be given several times (8000)\n"
    "  --test M       test points (1000)\n"
    "  --dimension D  of the inputs (64)\n"
    "  --repeats R    repetitions, of which the median is shown (3)\n"
    "  --block NB     block size (chosen as `run` does)\n"
    "  --json FILE    the same numbers for programs\n"
    "  --calibrate    measure the rates that widelimit plan counts with instead, with\n"
    "                 one rank for each core of a node; takes seconds; with --json, a\n"
    "                 file for widelimit plan --calibration\n";

static const char predict_help[] =
    "usage: [mpirun -n RANKS] widelimit predict --factor FILE CONFIG\n"
    "                                           [--set KEY=VALUE]...\n"
    "\n"
    "As widelimit run, with factors that an earlier run kept (factor.save): no matrix\n"
    "is factored again. Training inputs, network, noise_variance and jitter must be\n"
    "those of that run; test points, targets, quantities and the number of ranks are\n"
    "free.\n"
    "\n"
    "options:\n"
    "  --factor FILE    what factor.save named; FILE.kappa beside it is read for nngp\n"
    "  --set KEY=VALUE  override a key of the configuration\n"
    "  --resume, --time-limit [D-]HH:MM:SS\n"
    "                   as for widelimit run\n"
    "  --help           this text\n";

static const char plan_help[] =
    "usage: widelimit plan CONFIG [--ranks N | --nodes N] [--cores-per-node C]\n"
    "                             [--memory-per-node M] [OPTIONS]\n"
    "\n"
    "Says, without computing anything large, what a run of CONFIG takes on N ranks or\n"
    "nodes: memory by array, grid and block, seconds of each phase and what they wait\n"
    "for; the smallest number of nodes that fits, and beyond how many nodes more do\n"
    "not pay. Exit status 2 where the run does not fit. doc/performance.md has the\n"
    "formulas.\n"
    "\n"
    "where it would run:\n"
    "  --ranks N            that many ranks; on this machine unless C is given\n"
    "  --nodes N            that many nodes, one rank for each core (or T cores)\n"
    "                       neither: the smallest number of nodes that fits\n"
    "  --cores-per-node C   (as this machine)\n"
    "  --memory-per-node M  what a run may take of it: 256G (what is free here)\n"
    "  --threads T          of BLAS a rank (1)\n"
    "  --calibration FILE   rates from widelimit bench --calibrate --json FILE\n"
    "                       (built-in ones: a core of an AMD EPYC)\n"
    "  --assume NAME=VALUE  one of those rates, for instance of a network that is not\n"
    "                       here: network_latency_us=1.5 network_gbytes=25\n"
    "                       file_gbytes=10; all names: any such FILE\n"
    "\n"
    "what would run:\n"
    "  --set KEY=VALUE      override a key of the configuration\n"
    "  --train N --test M --dimension D --outputs C\n"
    "                       sizes in place of the data's, which need not exist where\n"
    "                       the first three are given\n"
    "\n"
    "what to write:\n"
    "  --sbatch FILE        a new file: a Slurm job script with memory and time\n"
    "                       to spare\n"
    "  --json FILE          the plan for programs\n";

typedef struct command {
  const char *name, *help;
  wl_error (*call)(const wl_arguments *);
  bool own_options; /* takes no configuration and reads its words itself */
} command;

static const command commands[] = {
    {"run", run_help, wl_command_run, false},
    {"predict", predict_help, wl_command_predict, false},
    {"certify", certify_help, wl_command_certify, false},
    {"finite", finite_help, wl_command_finite, false},
    {"bench", bench_help, wl_command_bench, true},
    {"plan", plan_help, wl_command_plan, true},
};

static const command *find_command(const char *name) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

/* [D-]HH:MM:SS in seconds; 0 where it is not that. */
static double duration(const char *text) {
  int days = 0, hours, minutes, seconds, end = 0;
  if (strchr(text, '-')) {
    if (sscanf(text, "%4d-%n", &days, &end) != 1 || end == 0 || days < 0) return 0.0;
    text += end;
  }
  end = 0;
  if (sscanf(text, "%6d:%2d:%2d%n", &hours, &minutes, &seconds, &end) != 3 || text[end]) return 0.0;
  if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return 0.0;
  return 86400.0 * days + 3600.0 * hours + 60.0 * minutes + seconds;
}

/* What belongs to an option: the word after it, or what follows its '='. NULL: the word is another option. */
static const char *value_of(const char *option, int count, char **words, int *i) {
  const size_t length = strlen(option);
  if (strncmp(words[*i], option, length) != 0) return NULL;
  if (words[*i][length] == '=') return words[*i] + length + 1;
  if (words[*i][length] != 0) return NULL;
  return *i + 1 < count ? words[++*i] : "";
}

/* Whether words[*i] is an option of this command, taken in. */
static wl_error parse_option(const command *c, int count, char **words, int *i, wl_arguments *arguments) {
  const bool predict = strcmp(c->name, "predict") == 0, run = predict || strcmp(c->name, "run") == 0,
             finite = strcmp(c->name, "finite") == 0;
  const char *value;
  if ((run || finite) && strcmp(words[*i], "--resume") == 0) {
    arguments->resume = true;
  } else if (run && (value = value_of("--time-limit", count, words, i))) {
    arguments->time_limit = duration(value);
    if (!(arguments->time_limit > 0.0))
      WL_FAIL(WL_ERROR_USAGE, "--time-limit needs [D-]HH:MM:SS after it, not '%s'", value);
  } else if ((predict || !(run || finite)) && (value = value_of("--factor", count, words, i))) {
    arguments->factor = value;
    if (!*value) WL_FAIL(WL_ERROR_USAGE, "--factor needs a file after it");
  } else {
    WL_FAIL(WL_ERROR_USAGE, "unknown option %s; see widelimit %s --help", words[*i], c->name);
  }
  return WL_OK;
}

/* Fills `arguments`; `overrides` has room for all of argv. */
static wl_error parse(const command *c, int count, char **words, const char **overrides, wl_arguments *arguments) {
  *arguments = (wl_arguments){.overrides = overrides, .words = words, .word_count = count};
  if (c->own_options) return WL_OK;
  for (int i = 0; i < count; i++) {
    if (strcmp(words[i], "--set") == 0) {
      if (i + 1 == count) WL_FAIL(WL_ERROR_USAGE, "--set needs KEY=VALUE after it");
      overrides[arguments->override_count++] = words[++i];
    } else if (strncmp(words[i], "--set=", 6) == 0) {
      overrides[arguments->override_count++] = words[i] + 6;
    } else if (words[i][0] == '-') {
      WL_TRY(parse_option(c, count, words, &i, arguments));
    } else if (arguments->config) {
      WL_FAIL(WL_ERROR_USAGE, "one configuration at a time: %s or %s?", arguments->config, words[i]);
    } else {
      arguments->config = words[i];
    }
  }
  if (!arguments->config) WL_FAIL(WL_ERROR_USAGE, "widelimit %s needs a configuration file", c->name);
  return WL_OK;
}

static int is_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0; }

static void print(int rank, const char *text) {
  if (rank == 0) fputs(text, stdout);
}

static wl_error dispatch(int rank, int ranks, int argc, char **argv) {
  if (argc < 2) {
    if (rank == 0) fputs(help, stderr);
    WL_FAIL(WL_ERROR_USAGE, "no command given");
  }
  if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
    print(rank, help);
    return WL_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    if (rank == 0) wl_print_version();
    return WL_OK;
  }
  const command *c = find_command(argv[1]);
  if (!c) WL_FAIL(WL_ERROR_USAGE, "unknown command %s; see widelimit --help", argv[1]);
  for (int i = 2; i < argc; i++)
    if (is_help(argv[i])) {
      print(rank, c->help);
      return WL_OK;
    }
  const char **overrides = calloc((size_t)argc, sizeof *overrides);
  if (!overrides) WL_FAIL(WL_ERROR_MEMORY, "out of memory");
  wl_arguments arguments;
  wl_error error = parse(c, argc - 2, argv + 2, overrides, &arguments);
  if (error == WL_OK) error = wl_launcher_check(ranks);
  if (error == WL_OK) error = c->call(&arguments);
  free(overrides);
  return error;
}

int main(int argc, char **argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 20); /* what a phase frees goes back to the system, not to a heap full of holes */
  int provided;                       /* threads assemble and multiply; messages are for the main one */
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  wl_log_open(rank == 0);
  const wl_error error = dispatch(rank, ranks, argc, argv);
  if (error != WL_OK && rank == 0 && wl_launcher_lets_speak(ranks)) {
    fflush(stdout);
    fprintf(stderr, "widelimit: error: %s\n", wl_error_message());
    fflush(stderr);
  }
  MPI_Finalize();
  return wl_error_status(error);
}
