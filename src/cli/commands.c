#include "cli/commands.h"

#include <string.h>

#include "cli/arguments.h"

#define AT(member) offsetof(wl_arguments, member)
#define HELP \
  { "--help", NULL, "this text", WL_OPTION_HELP, 0, 0, NULL }
#define OVERWRITE                                                         \
  {                                                                       \
    "--overwrite", NULL,                                                  \
        "replace results of another run, or nobody's, in the output\n"    \
        "folder; those of the same name are replaced anyway, and files\n" \
        "that are read never are",                                        \
        WL_OPTION_FLAG, AT(overwrite), 0, NULL                            \
  }
#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static const wl_option run_options[] = {
    {"--set", "KEY=VALUE",
     "override a key of the configuration, e.g.\n"
     "  --set network.depth=5\n"
     "  --set 'quantities=[ensemble, nngp]'\n"
     "  --set output.directory=out/deep",
     WL_OPTION_SETTINGS, AT(overrides), 0, NULL},
    {"--resume", NULL, "go on from the newest checkpoint; start where there is none", WL_OPTION_FLAG, AT(resume),
     0, NULL},
    {"--time-limit", "[D-]HH:MM:SS",
     "stop with a checkpoint before this much time has passed\n"
     "(both need checkpoint.directory in the configuration)",
     WL_OPTION_DURATION, AT(time_limit), 0, NULL},
    OVERWRITE,
    HELP};

static const wl_option predict_options[] = {
    {"--factor", "FILE", "what factor.save named; FILE.kappa beside it is read for nngp", WL_OPTION_FILE,
     AT(factor), 0, NULL},
    {"--set", "KEY=VALUE", "override a key of the configuration", WL_OPTION_SETTINGS, AT(overrides), 0, NULL},
    {"--resume", NULL, NULL, WL_OPTION_FLAG, AT(resume), 0, NULL},
    {"--time-limit", "[D-]HH:MM:SS", "as for widelimit run", WL_OPTION_DURATION, AT(time_limit), 0, NULL},
    OVERWRITE,
    HELP};

static const wl_option certify_options[] = {
    {"--set", "KEY=VALUE",
     "override a key of the configuration, e.g.\n"
     "  --set certify.replicates=20   how often it is repeated\n"
     "  --set certify.heads=64        with how many heads\n"
     "  --set certify.false_alarm=1e-6\n"
     "  --set certify.sabotage=covariance   to see it fail",
     WL_OPTION_SETTINGS, AT(overrides), 0, NULL},
    {"--factor", "FILE", "take the factors from there, as widelimit predict does", WL_OPTION_FILE, AT(factor), 0,
     NULL},
    OVERWRITE,
    HELP};

static const wl_option select_options[] = {
    {"--set", "KEY=VALUE",
     "override a key of the configuration, e.g.\n"
     "  --set select.count=50\n"
     "  --set select.by=rnd       or ntk_gp, nngp, ensemble",
     WL_OPTION_SETTINGS, AT(overrides), 0, NULL},
    {"--factor", "FILE", "take the factor from there, as widelimit predict does", WL_OPTION_FILE, AT(factor), 0,
     NULL},
    {"--resume", NULL, NULL, WL_OPTION_FLAG, AT(resume), 0, NULL},
    {"--time-limit", "[D-]HH:MM:SS", "as for widelimit run", WL_OPTION_DURATION, AT(time_limit), 0, NULL},
    OVERWRITE,
    HELP};

static const wl_option tune_options[] = {
    {"--set", "KEY=VALUE",
     "override a key of the configuration, e.g.\n"
     "  --set tune.evaluations=50\n"
     "  --set tune.method=grid    or random, local",
     WL_OPTION_SETTINGS, AT(overrides), 0, NULL},
    {"--resume", NULL, "go on: evaluations in tune.h5 of the output folder are\nnot made again", WL_OPTION_FLAG,
     AT(resume), 0, NULL},
    {"--time-limit", "[D-]HH:MM:SS",
     "stop after the evaluation in hand once this much time has\n"
     "passed; as after SIGUSR1 and SIGTERM, the best so far is\n"
     "written and the status is 75",
     WL_OPTION_DURATION, AT(time_limit), 0, NULL},
    OVERWRITE,
    HELP};

static const wl_option finite_options[] = {{"--resume", NULL,
                                            "go on from the networks that a stopped study has measured:\n"
                                            "SIGUSR1 and SIGTERM end it with status 75 after the networks\n"
                                            "in hand",
                                            WL_OPTION_FLAG, AT(resume), 0, NULL},
                                           {"--set", "KEY=VALUE",
                                            "override a key of the configuration, e.g.\n"
                                            "  --set 'finite_width.widths=[64, 256]'\n"
                                            "  --set finite_width.training=linearized",
                                            WL_OPTION_SETTINGS, AT(overrides), 0, NULL},
                                           OVERWRITE,
                                           HELP};

static const wl_option bench_options[] = {
    {"--n", "N", "training points; may be given several times (8000)", WL_OPTION_COUNTS, AT(sizes), INT64_MAX,
     NULL},
    {"--test", "M", "test points (1000)", WL_OPTION_COUNT, AT(test), INT64_MAX, NULL},
    {"--dimension", "D", "of the inputs (64)", WL_OPTION_COUNT, AT(dimension), INT64_MAX, NULL},
    {"--repeats", "R", "repetitions, of which the median is shown (3)", WL_OPTION_COUNT, AT(repeats), INT64_MAX,
     NULL},
    {"--block", "NB", "block size (chosen as `run` does)", WL_OPTION_COUNT, AT(block), INT64_MAX, NULL},
    {"--scalapack", NULL, "this engine alone, rather than both in turn", WL_OPTION_FLAG, AT(scalapack), 0, NULL},
    {"--lookahead", NULL, "this one alone", WL_OPTION_FLAG, AT(lookahead), 0, NULL},
    {"--json", "FILE", "the same numbers for programs", WL_OPTION_FILE, AT(json), 0, NULL},
    {"--calibrate", NULL,
     "measure the rates that widelimit plan counts with instead, with\n"
     "one rank for each core of a node; takes seconds; with --json, a\n"
     "file for widelimit plan --calibration",
     WL_OPTION_FLAG, AT(calibrate), 0, NULL}};

static const wl_option plan_options[] = {
    {"--ranks", "N", "that many ranks; on this machine unless C is given", WL_OPTION_COUNT, AT(ranks), 1 << 24,
     "where it would run"},
    {"--nodes", "N",
     "that many nodes, one rank for each core (or T cores)\n"
     "neither: the smallest number of nodes that fits",
     WL_OPTION_COUNT, AT(nodes), 1 << 20, NULL},
    {"--cores-per-node", "C", "(as this machine)", WL_OPTION_COUNT, AT(cores_per_node), 4096, NULL},
    {"--memory-per-node", "M", "what a run may take of it: 256G (what is free here)", WL_OPTION_BYTES,
     AT(memory_per_node), 0, NULL},
    {"--threads", "T", "of BLAS a rank (1)", WL_OPTION_COUNT, AT(threads), 4096, NULL},
    {"--calibration", "FILE",
     "rates from widelimit bench --calibrate --json FILE\n"
     "(built-in ones: a core of an AMD EPYC)",
     WL_OPTION_FILE, AT(calibration), 0, NULL},
    {"--assume", "NAME=VALUE",
     "one of those rates, for instance of a network that is not\n"
     "here: network_latency_us=1.5 network_gbytes=25\n"
     "file_gbytes=10; all names: any such FILE",
     WL_OPTION_SETTINGS, AT(assumptions), 0, NULL},
    {"--set", "KEY=VALUE", "override a key of the configuration", WL_OPTION_SETTINGS, AT(overrides), 0,
     "what would run"},
    {"--select", NULL, "`widelimit select` rather than `widelimit run`", WL_OPTION_FLAG, AT(select), 0, NULL},
    {"--factor", "FILE",
     "from the factor in FILE, which must be there, as\nwidelimit predict does, and with --select select",
     WL_OPTION_FILE, AT(factor), 0, NULL},
    {"--train", "N", NULL, WL_OPTION_COUNT, AT(train), INT32_MAX, NULL},
    {"--test", "M", NULL, WL_OPTION_COUNT, AT(test), INT32_MAX, NULL},
    {"--dimension", "D", NULL, WL_OPTION_COUNT, AT(dimension), INT32_MAX, NULL},
    {"--outputs", "C",
     "sizes in place of the data's, which need not exist where\n"
     "the first three are given",
     WL_OPTION_COUNT, AT(outputs), 1000000, NULL},
    {"--sbatch", "FILE",
     "a new file: a Slurm job script with memory and time\n"
     "to spare",
     WL_OPTION_FILE, AT(sbatch), 0, "what to write"},
    {"--json", "FILE", "the plan for programs", WL_OPTION_FILE, AT(json), 0, NULL}};

const wl_command wl_commands[WL_COMMAND_COUNT] = {
    [WL_COMMAND_RUN] = {.name = "run",
                        .operand = "CONFIG",
                        .brief = "run CONFIG",
                        .summary = "compute what the configuration asks for",
                        .usage = {"[mpirun -n RANKS] widelimit run CONFIG [--set KEY=VALUE]...\n"
                                  "                                [--resume] [--time-limit HH:MM:SS]"},
                        .text =
                            "Reads the YAML file CONFIG, assembles the kernel matrices of the training set on\n"
                            "all ranks, factors them and predicts at the test points. Leaves results.h5,\n"
                            "summary.json, config.yaml and run.log in the folder that output.directory names.\n",
                        .notes = "With checkpoints, SIGUSR1 or SIGTERM end the run with a checkpoint and status\n"
                                 "75; the same command with --resume goes on. See doc/operations.md.\n"
                                 "\n"
                                 "a configuration in short (all keys: doc/guide.md):\n"
                                 "  data:\n"
                                 "    train: {inputs: \"train.csv:1-4\", targets: \"train.csv:5\"}\n"
                                 "    test:  {inputs: \"test.npy\"}\n"
                                 "  network: {depth: 3, activation: relu, sigma_w: 1.4142135623730951}\n"
                                 "  noise_variance: 0.01\n",
                        .options = run_options,
                        .option_count = COUNT(run_options)},
    [WL_COMMAND_PREDICT] =
        {.name = "predict",
         .operand = "CONFIG",
         .brief = "predict --factor FILE CONFIG",
         .summary = "the same from factors that an earlier run kept",
         .usage = {"[mpirun -n RANKS] widelimit predict --factor FILE CONFIG\n"
                   "                                    [--set KEY=VALUE]..."},
         .text = "As widelimit run, with factors that an earlier run kept (factor.save): no matrix\n"
                 "is factored again. Training inputs, their scale and standardization, network,\n"
                 "noise_variance and jitter must be those of that run; test points, targets,\n"
                 "quantities and the number of ranks are free. Training rows may follow those of\n"
                 "that run: the factor is extended.\n",
         .options = predict_options,
         .option_count = COUNT(predict_options)},
    [WL_COMMAND_CERTIFY] = {.name = "certify",
                            .operand = "CONFIG",
                            .brief = "certify CONFIG",
                            .summary = "run, and test that the equivalences hold on these data",
                            .usage = {"[mpirun -n RANKS] widelimit certify CONFIG [--set KEY=VALUE]..."},
                            .text =
                                "Does what `widelimit run CONFIG` does, and then repeats the experiment of\n"
                                "random network distillation to test, on these data and at this size, that\n"
                                "  1 squared RND error = ensemble variance\n"
                                "  2 Bayesian RND error = centred posterior\n"
                                "  3 posterior mean + one Bayesian RND head = posterior sample\n"
                                "The tests go to the console and to `certificate` in summary.json. Exit status 4\n"
                                "where one fails. `run` does the same where CONFIG has a certify section.\n",
                            .notes = "what each test is: doc/certificate.md\n",
                            .options = certify_options,
                            .option_count = COUNT(certify_options)},
    [WL_COMMAND_SELECT] = {.name = "select",
                           .operand = "CONFIG",
                           .brief = "select CONFIG",
                           .summary = "choose which points of a pool to label next",
                           .usage = {"[mpirun -n RANKS] widelimit select CONFIG [--set KEY=VALUE]...\n"
                                     "                                   [--factor FILE] [--resume]\n"
                                     "                                   [--time-limit HH:MM:SS]"},
                           .text =
                               "Chooses points of data.pool.inputs one after the other: each time the one of\n"
                               "the largest variance, with those before it counted as labelled. Their targets\n"
                               "need not be known. Leaves the choices in results.h5 and summary.json in the\n"
                               "folder that output.directory names.\n",
                           .notes = "its section of the configuration (all keys: doc/guide.md):\n"
                                    "  data: {pool: {inputs: pool.npy}, ...}\n"
                                    "  select: {count: 50, by: ntk_gp, rule: variance}\n",
                           .options = select_options,
                           .option_count = COUNT(select_options)},
    [WL_COMMAND_TUNE] = {.name = "tune",
                         .operand = "CONFIG",
                         .brief = "tune CONFIG",
                         .summary = "choose depth, variances and noise by the training data",
                         .usage = {"[mpirun -n RANKS] widelimit tune CONFIG [--set KEY=VALUE]...\n"
                                   "                                 [--resume] [--time-limit HH:MM:SS]"},
                         .text = "Looks for values of keys that make the marginal likelihood or a leave-one-out\n"
                                 "score of the training data as good as can be. Leaves tuned.yaml, the\n"
                                 "configuration with the best values, and all evaluations in tune.h5, in the\n"
                                 "folder that output.directory names.\n",
                         .notes = "its section of the configuration (all keys: doc/guide.md):\n"
                                  "  tune:\n"
                                  "    objective: log_marginal_likelihood\n"
                                  "    parameters:\n"
                                  "      network.sigma_w: {from: 0.5, to: 3, scale: log}\n"
                                  "      network.depth: [2, 3, 5]\n",
                         .options = tune_options,
                         .option_count = COUNT(tune_options)},
    [WL_COMMAND_FINITE] = {.name = "finite",
                           .operand = "CONFIG",
                           .brief = "finite CONFIG",
                           .summary = "hold the theory against trained networks of finite width",
                           .usage = {"[mpirun -n RANKS] widelimit finite CONFIG [--resume] [--set KEY=VALUE]..."},
                           .text =
                               "Draws and trains networks of the widths that finite_width names: deep ensemble,\n"
                               "RND and Bayesian RND. Measures how far they are from the limits of infinite\n"
                               "width and how fast they come closer. Leaves finite.h5, config.yaml and a section\n"
                               "of summary.json in the folder that output.directory names. Exit status 4 where a\n"
                               "claim does not hold or a network did not converge.\n",
                           .notes = "its section of the configuration (all keys: doc/finite.md):\n"
                                    "  finite_width:\n"
                                    "    widths: [64, 128, 256, 512, 1024]\n"
                                    "    networks: 256\n"
                                    "    heads: 8\n"
                                    "    training: gradient_descent\n"
                                    "    stop: {residual: 1.0e-6, steps: 200000}\n"
                                    "\n"
                                    "start here:\n"
                                    "  mpirun -n 2 widelimit finite inputs/finite/toy.yaml\n",
                           .options = finite_options,
                           .option_count = COUNT(finite_options)},
    [WL_COMMAND_BENCH] = {.name = "bench",
                          .brief = "bench",
                          .summary = "time every phase beside DGEMM on this machine",
                          .usage = {"[mpirun -n RANKS] widelimit bench [--n N]... [--test M] [--dimension D]\n"
                                    "                                  [--repeats R] [--block NB]\n"
                                    "                                  [--scalapack | --lookahead]\n"
                                    "                                  [--json FILE]",
                                    "[mpirun -n RANKS] widelimit bench --calibrate [--json FILE]"},
                          .text =
                              "Times assembly, Cholesky, prediction and a whole run on made-up data, beside the\n"
                              "matrix products (DGEMM) that all ranks reach at once on the same machine.\n",
                          .options = bench_options,
                          .option_count = COUNT(bench_options)},
    [WL_COMMAND_PLAN] = {.name = "plan",
                         .operand = "CONFIG",
                         .brief = "plan CONFIG",
                         .summary = "memory, nodes and time of a run before it starts",
                         .usage = {"widelimit plan CONFIG [--ranks N | --nodes N] [--cores-per-node C]\n"
                                   "                      [--memory-per-node M] [OPTIONS]"},
                         .text =
                             "Says, without computing anything large, what a run of CONFIG takes on N ranks or\n"
                             "nodes: memory by array, grid and block, seconds of each phase and what they wait\n"
                             "for; the smallest number of nodes that fits, and beyond how many nodes more do\n"
                             "not pay. Exit status 2 where the run does not fit. doc/performance.md has the\n"
                             "formulas.\n",
                         .options = plan_options,
                         .option_count = COUNT(plan_options)},
};

const char wl_program_text[] = "widelimit " WIDELIMIT_VERSION
                               ": exact uncertainty of infinitely wide neural networks\n"
                               "\n"
                               "usage: [mpirun -n RANKS] widelimit COMMAND [OPTIONS]\n";

const char wl_program_notes[] =
    "  widelimit COMMAND --help   what a command takes\n"
    "  widelimit --version        version and libraries\n"
    "\n"
    "start here:\n"
    "  mpirun -n 2 widelimit run inputs/digits/digits.yaml\n"
    "\n"
    "exit status: 0 done, 2 wrong usage, configuration or data, 3 numerical failure,\n"
    "4 a certificate or a claim of finite failed, 5 input or output failed,\n"
    "75 stopped early\n";

int wl_command_find(const char *name) {
  for (int i = 0; i < WL_COMMAND_COUNT; i++)
    if (strcmp(wl_commands[i].name, name) == 0) return i;
  return -1;
}
